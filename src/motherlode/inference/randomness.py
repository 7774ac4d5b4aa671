"""Randomness as an argument: every algorithm here draws from a seed and leaves the global generators alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run a block with torch's generator set to ``seed`` and put the old state back after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
