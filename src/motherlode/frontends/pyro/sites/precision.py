"""Keep a model's own precision: evaluate distributions of float32 parameters in float64, and round their draws.

A script with float32 weights or data gets draws in float32, as from torch; their densities are those of the rounded
parameters and values, evaluated in float64.
"""

import copy
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.distributions import Distribution, Transform

from motherlode.core.types import Foreign

__all__ = ["dtype_of", "has_single", "in_double", "to_double"]

_SINGLE = (torch.float32, torch.float16, torch.bfloat16)


def to_double(value: Tensor) -> Tensor:
    """Return a tensor with floats of less than 64 bits in float64; others as they are."""
    return value.double() if value.dtype in _SINGLE else value


def has_single(fn: Distribution) -> bool:
    """Return whether a parameter of a distribution has less than 64 bits."""
    return any(tensor.dtype in _SINGLE for tensor in _tensors(fn))


def dtype_of(fn: Distribution) -> torch.dtype:
    """Return the type of float that torch draws from a distribution: the widest of its parameters."""
    kinds = {tensor.dtype for tensor in _tensors(fn) if tensor.is_floating_point()}
    return next((kind for kind in (torch.float64, *_SINGLE) if kind in kinds), torch.float64)


def in_double(fn: Distribution) -> Distribution:
    """Return a distribution with its parameters in float64; itself where they are, or belong to a network."""
    if not has_single(fn) or any(isinstance(part, torch.nn.Module) for part in _parts(fn)):
        return fn
    return _Doubled().copy_of(fn)


class _Doubled:
    """Copy objects with their tensors in float64; what was one object stays one."""

    def __init__(self) -> None:
        self._known: dict[int, Foreign] = {}

    def copy_of(self, value: Foreign) -> Foreign:
        """Return a tensor, distribution, transform or list of them in float64; anything else as it is."""
        if id(value) in self._known:
            return self._known[id(value)]
        if isinstance(value, Tensor):
            return self._known.setdefault(id(value), to_double(value))
        if isinstance(value, list):
            return [self.copy_of(part) for part in value]
        if isinstance(value, (Distribution, Transform)):
            twin = self._known.setdefault(id(value), copy.copy(value))
            twin.__dict__.update({name: self.copy_of(part) for name, part in vars(twin).items() if name != "_inv"})
            return twin
        return value


def _tensors(fn: Distribution) -> Iterator[Tensor]:
    return (part for part in _parts(fn) if isinstance(part, Tensor))


def _parts(fn: Distribution) -> Iterator[Foreign]:
    """Yield the parts of a distribution, of its transforms and of the distributions it is made of, each once."""
    waiting: list[Foreign] = [fn]
    seen = {id(fn)}
    while waiting:
        value = waiting.pop()
        for part in value if isinstance(value, list) else vars(value).values():
            if id(part) in seen:
                continue
            seen.add(id(part))
            yield part
            if isinstance(part, (list, Distribution, Transform)) and not isinstance(part, torch.nn.Module):
                waiting.append(part)
