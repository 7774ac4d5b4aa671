"""Draw one site: from uniforms at fixed positions, or event by event with torch's own sampler."""

from typing import Any

import torch
from torch import Tensor

from motherlode.frontends.pyro.errors import NotBatched
from motherlode.frontends.pyro.sites.samplers import draw, has_sampler
from motherlode.frontends.pyro.sites.streams import Source

__all__ = ["sample"]


def sample(fn: Any, source: Source, position: int | None) -> Tensor:
    """Return a detached draw from a site's distribution.

    Parameters
    ----------
    fn
        The distribution.
    source
        Uniforms of the events.
    position
        Event axis of the batch shape, from the left; None where there is one event.

    Raises
    ------
    NotBatched
        If the family has no sampler of fixed cost and there are many events.
    """
    if not has_sampler(fn):
        return _sample_with_torch(fn, source)
    return draw(fn, lambda shape: _uniform(source, shape, position), fn.batch_shape)


def _uniform(source: Source, shape: torch.Size, position: int | None) -> Tensor:
    if position is None:
        return torch.from_numpy(source.take(shape.numel())).reshape(shape)
    events = shape[position]
    rest = shape[:position] + shape[position + 1 :]
    numbers = torch.from_numpy(source.take(rest.numel()))
    return numbers.reshape(events, *rest).movedim(0, position)


def _sample_with_torch(fn: Any, source: Source) -> Tensor:
    seed = source.torch_seed()
    if seed is None:
        raise NotBatched(f"{type(fn).__name__} has no sampler of fixed cost, so rows would depend on each other")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.as_tensor(fn.sample())
