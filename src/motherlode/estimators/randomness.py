"""Take randomness as an argument: draw with torch from a seed and leave the global generators alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int, *, on_one_thread: bool = False) -> Iterator[None]:
    """Run a block with torch's generator set to ``seed`` and put the old state back after it.

    Parameters
    ----------
    seed
        The seed.
    on_one_thread
        Also compute on one thread, so that networks give the same last digit on every machine.
    """
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if on_one_thread:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if on_one_thread:
                torch.set_num_threads(threads)
