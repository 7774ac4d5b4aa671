"""Draw from families on a NumPy stream.

Uniform, Bernoulli (``u < p``) and Categorical (first cumulative sum above ``u``) are drawn from one uniform by rules of
our own, so that Python and C++ agree bit for bit on the same stream; all other families use NumPy's samplers.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Integers, Size
from motherlode.families.calls import Drawn, Sampler

__all__ = ["arrangement", "bernoulli", "categorical", "located", "scaled", "uniform"]


def _shape(size: Size, *parameters: ArrayLike) -> Size:
    if size is not None or all(parameter.__class__ is float for parameter in parameters):
        return size
    return np.broadcast_shapes(*(np.shape(parameter) for parameter in parameters)) or None


def uniform(generator: Generator, size: Size, low: Drawn, high: Drawn) -> Drawn:
    """Return low + (high - low)·u."""
    return low + (high - low) * generator.random(_shape(size, low, high))


def bernoulli(generator: Generator, size: Size, probs: Drawn) -> Drawn:
    """Return 1.0 where u < probs, else 0.0."""
    return (generator.random(_shape(size, probs)) < probs) * 1.0


def categorical(generator: Generator, size: Size, probs: ArrayLike) -> Array:
    """Return the first index whose cumulative sum exceeds u·total; probs with shape (*B, C)."""
    cumulative = np.cumsum(np.asarray(probs, dtype=np.float64), axis=-1)
    uniforms = np.asarray(generator.random(cumulative.shape[:-1] if size is None else size))
    above = cumulative > uniforms[..., None] * cumulative[..., -1:]
    return np.argmax(above, axis=-1) * 1.0


def scaled(method: str) -> Sampler:
    """Return the sampler of scale·z, z drawn by a method of NumPy's that has no scale."""

    def draw(generator: Generator, size: Size, scale: Drawn, shape: Drawn) -> Drawn:
        drawn: Drawn = scale * getattr(generator, method)(shape, _shape(size, scale, shape))
        return drawn

    return draw


def located(method: str) -> Sampler:
    """Return the sampler of loc + scale·z, z drawn by a method of NumPy's that has no parameters."""

    def draw(generator: Generator, size: Size, loc: Drawn, scale: Drawn) -> Drawn:
        drawn: Drawn = loc + scale * getattr(generator, method)(_shape(size, loc, scale))
        return drawn

    return draw


def arrangement(generator: Generator, size: Size, count: float) -> Integers:
    """Return distinct indices below `count` in random order along the last axis; all of them where `size` is absent."""
    shape = (int(count),) if size is None else tuple(np.atleast_1d(size))
    order = generator.permuted(np.broadcast_to(np.arange(int(count)), (*shape[:-1], int(count))), axis=-1)
    return np.asarray(order[..., : shape[-1]])
