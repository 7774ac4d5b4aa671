"""List every probability family once: the eleven of PPX 1.0.0.

Uniform, Bernoulli (``u < p``) and Categorical (first cumulative sum above ``u``) are drawn from one uniform by
rules of our own, so that Python and C++ agree bit for bit on the same stream; the others use NumPy's samplers.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.families import densities
from motherlode.families.family import Family

__all__ = ["FAMILIES"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Size = int | tuple[int, ...] | None


def _finite(value: Array) -> Mask:
    return np.isfinite(value)


def _positive(value: Array) -> Mask:
    return np.isfinite(value) & (value > 0)


def _probability(value: Array) -> Mask:
    return (value >= 0) & (value <= 1)


def _rate(value: Array) -> Mask:
    return np.isfinite(value) & (value >= 0)


def _count(value: Array) -> Mask:
    return _rate(value) & (value == np.floor(value))


def _weights(probs: Array) -> Mask:
    return np.all(_rate(probs), axis=-1) & (probs.sum(axis=-1) > 0)


def _bounds(low: Array, high: Array) -> Mask:
    return np.isfinite(low) & np.isfinite(high) & (low < high)


def _all(*checks: Callable[[Array], Mask]) -> Callable[..., Mask]:
    def valid(*parameters: Array) -> Mask:
        masks = [check(parameter) for check, parameter in zip(checks, parameters, strict=True)]
        return reduce(np.logical_and, masks)

    return valid


def _shape(size: Size, *parameters: Any) -> Size:
    if size is not None or all(parameter.__class__ is float for parameter in parameters):
        return size
    return np.broadcast_shapes(*(np.shape(parameter) for parameter in parameters)) or None


def _draw_uniform(generator: Generator, size: Size, low: Any, high: Any) -> Any:
    return low + (high - low) * generator.random(_shape(size, low, high))


def _draw_bernoulli(generator: Generator, size: Size, probs: Any) -> Any:
    return (generator.random(_shape(size, probs)) < probs) * 1.0


def _draw_categorical(generator: Generator, size: Size, probs: Any) -> Any:
    cumulative = np.cumsum(np.asarray(probs, dtype=np.float64), axis=-1)
    uniform = np.asarray(generator.random(cumulative.shape[:-1] if size is None else size))
    above = cumulative > uniform[..., None] * cumulative[..., -1:]
    return np.argmax(above, axis=-1) * 1.0


def _draw_exponential(generator: Generator, size: Size, rate: Any) -> Any:
    return generator.exponential(1.0 / rate, size)


def _draw_gamma(generator: Generator, size: Size, concentration: Any, rate: Any) -> Any:
    return generator.gamma(concentration, 1.0 / rate, size)


def _draw_weibull(generator: Generator, size: Size, scale: Any, concentration: Any) -> Any:
    return scale * generator.weibull(concentration, _shape(size, scale, concentration))


def _numpy(method: str) -> Callable[..., Any]:
    def draw(generator: Generator, size: Size, *parameters: Any) -> Any:
        return getattr(generator, method)(*parameters, size)

    return draw


_ENTRIES = (
    Family(
        "Normal", 1, ("mean", "stddev"), ("finite", "> 0"),
        densities.normal, _all(_finite, _positive), _numpy("normal"),
    ),
    Family(
        "Uniform", 2, ("low", "high"), ("finite, < high", "finite"),
        densities.uniform, _bounds, _draw_uniform, moving=("low", "high"),
    ),
    Family(
        "Categorical", 3, ("probs",), ("≥ 0, finite, with a sum > 0",),
        densities.categorical, _weights, _draw_categorical, discrete=True, vector=True,
    ),
    Family(
        "Poisson", 4, ("rate",), ("≥ 0, finite",),
        densities.poisson, _all(_rate), _numpy("poisson"), discrete=True,
    ),
    Family(
        "Bernoulli", 5, ("probs",), ("in [0, 1]",),
        densities.bernoulli, _all(_probability), _draw_bernoulli, discrete=True,
    ),
    Family(
        "Beta", 6, ("concentration1", "concentration0"), ("> 0, finite", "> 0, finite"),
        densities.beta, _all(_positive, _positive), _numpy("beta"),
    ),
    Family(
        "Exponential", 7, ("rate",), ("> 0, finite",),
        densities.exponential, _all(_positive), _draw_exponential,
    ),
    Family(
        "Gamma", 8, ("concentration", "rate"), ("> 0, finite", "> 0, finite"),
        densities.gamma, _all(_positive, _positive), _draw_gamma,
    ),
    Family(
        "LogNormal", 9, ("loc", "scale"), ("finite", "> 0, finite"),
        densities.lognormal, _all(_finite, _positive), _numpy("lognormal"),
    ),
    Family(
        "Binomial", 10, ("total_count", "probs"), ("a count", "in [0, 1]"),
        densities.binomial, _all(_count, _probability), _numpy("binomial"), discrete=True, moving=("total_count",),
    ),
    Family(
        "Weibull", 11, ("scale", "concentration"), ("> 0, finite", "> 0, finite"),
        densities.weibull, _all(_positive, _positive), _draw_weibull,
    ),
)  # fmt: skip

FAMILIES: dict[str, Family] = {family.name: family for family in _ENTRIES}
"""Every family by its name on the wire."""
