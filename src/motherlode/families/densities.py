"""Evaluate log-densities in float64, exact in the tails, with ``-inf`` outside the support.

Every function takes ``(value, *parameters)`` as float64 arrays and broadcasts. Callers silence NumPy's
floating-point warnings (:meth:`motherlode.families.Family.log_prob` does).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = [
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "exponential",
    "gamma",
    "lognormal",
    "normal",
    "poisson",
    "uniform",
    "weibull",
]

Array = NDArray[np.float64]

_RARE = 1e-3
_HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)


def _within(condition: NDArray[np.bool_], density: Array) -> Array:
    if density.shape == condition.shape and condition.all():
        return density
    return np.where(condition, density, -np.inf)


def _count(value: Array) -> NDArray[np.bool_]:
    return (value >= 0) & (value == np.floor(value))


def normal(value: Array, mean: Array, stddev: Array) -> Array:
    """-(value-mean)²/(2·stddev²) - log(stddev) - ½·log 2π."""
    return -0.5 * ((value - mean) / stddev) ** 2 - np.log(stddev) - _HALF_LOG_TWO_PI


def uniform(value: Array, low: Array, high: Array) -> Array:
    """-log(high-low) on [low, high]."""
    return _within((value >= low) & (value <= high), -np.log(high - low))


def categorical(value: Array, probs: Array) -> Array:
    """log(probs[value]/Σ probs); probs with shape (*B, C) may be unnormalized."""
    count = probs.shape[-1]
    inside = _count(value) & (value < count)
    index = np.where(inside, value, 0).astype(np.int64)
    probs, index = np.broadcast_arrays(probs, index[..., None])
    chosen = np.take_along_axis(probs, index[..., :1], axis=-1)[..., 0]
    return _within(inside, np.log(chosen) - np.log(probs.sum(axis=-1)))


def poisson(value: Array, rate: Array) -> Array:
    """value·log(rate) - rate - log value!."""
    return _within(_count(value), special.xlogy(value, rate) - rate - special.gammaln(value + 1))


def bernoulli(value: Array, probs: Array) -> Array:
    """log(probs) at 1 and log(1-probs) at 0."""
    density = np.asarray(np.log(np.abs((value - 1.0) + probs)))
    if probs.min(initial=1.0) < _RARE:
        rare = (value == 0) & (probs < _RARE)
        density[rare] = np.log1p(-np.broadcast_to(probs, rare.shape)[rare])
    return _within((value == 0) | (value == 1), density)


def beta(value: Array, concentration1: Array, concentration0: Array) -> Array:
    """(a-1)·log(value) + (b-1)·log(1-value) - log B(a, b)."""
    density = special.xlogy(concentration1 - 1, value) + special.xlog1py(concentration0 - 1, -value)
    return _within((value >= 0) & (value <= 1), density - special.betaln(concentration1, concentration0))


def exponential(value: Array, rate: Array) -> Array:
    """log(rate) - rate·value on value ≥ 0."""
    return _within(value >= 0, np.log(rate) - rate * value)


def gamma(value: Array, concentration: Array, rate: Array) -> Array:
    """a·log(rate) + (a-1)·log(value) - rate·value - log Γ(a)."""
    density = special.xlogy(concentration, rate) + special.xlogy(concentration - 1, value) - rate * value
    return _within(value >= 0, density - special.gammaln(concentration))


def lognormal(value: Array, loc: Array, scale: Array) -> Array:
    """Normal density of log(value), minus log(value), on value > 0."""
    log_value = np.log(value)
    return _within(value > 0, normal(log_value, loc, scale) - log_value)


def binomial(value: Array, total_count: Array, probs: Array) -> Array:
    """Log C(n, value) + value·log(probs) + (n-value)·log(1-probs)."""
    rest = total_count - value
    choose = special.gammaln(total_count + 1) - special.gammaln(value + 1) - special.gammaln(rest + 1)
    density = choose + special.xlogy(value, probs) + special.xlog1py(rest, -probs)
    return _within(_count(value) & (rest >= 0), density)


def weibull(value: Array, scale: Array, concentration: Array) -> Array:
    """log(k/scale) + (k-1)·log(value/scale) - (value/scale)^k on value ≥ 0."""
    ratio = value / scale
    density = np.log(concentration / scale) + special.xlogy(concentration - 1, ratio) - ratio**concentration
    return _within(value >= 0, density)
