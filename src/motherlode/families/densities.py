"""Evaluate log-densities in float64, exact in the tails, with ``-inf`` outside the support.

Every function takes ``(value, *parameters)`` as float64 arrays and broadcasts. Callers silence NumPy's
floating-point warnings (:meth:`motherlode.families.Family.log_prob` does).

Families of the wire are written here, because ``scipy.stats`` takes three times as long for one draw and they are the
hot path of mining. Of the others only those stand here that ``scipy.stats`` does not have exactly.
"""

import numpy as np
from scipy import special

from motherlode.core.types import Array, Bools
from motherlode.families.domains import is_count

__all__ = [
    "arrangement",
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "cauchy",
    "dirichlet",
    "exponential",
    "gamma",
    "geometric",
    "laplace",
    "lognormal",
    "normal",
    "poisson",
    "student",
    "uniform",
    "weibull",
]

_RARE = 1e-3
_HALF_LOG_TWO_PI = 0.5 * np.log(2.0 * np.pi)


def _within(condition: Bools, density: Array) -> Array:
    if density.shape == condition.shape and condition.all():
        return density
    return np.where(condition, density, -np.inf)


def normal(value: Array, mean: Array, stddev: Array) -> Array:
    """-(value-mean)²/(2·stddev²) - log(stddev) - ½·log 2π."""
    return -0.5 * ((value - mean) / stddev) ** 2 - np.log(stddev) - _HALF_LOG_TWO_PI


def uniform(value: Array, low: Array, high: Array) -> Array:
    """-log(high-low) on [low, high]."""
    return _within((value >= low) & (value <= high), -np.log(high - low))


def categorical(value: Array, probs: Array) -> Array:
    """log(probs[value]/Σ probs); probs with shape (*B, C) may be unnormalized."""
    count = probs.shape[-1]
    inside = is_count(value) & (value < count)
    index = np.where(inside, value, 0).astype(np.int64)
    probs, index = np.broadcast_arrays(probs, index[..., None])
    chosen = np.take_along_axis(probs, index[..., :1], axis=-1)[..., 0]
    return _within(inside, np.log(chosen) - np.log(probs.sum(axis=-1)))


def poisson(value: Array, rate: Array) -> Array:
    """value·log(rate) - rate - log value!."""
    return _within(is_count(value), special.xlogy(value, rate) - rate - special.gammaln(value + 1))


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
    return _within(is_count(value) & (rest >= 0), density)


def weibull(value: Array, scale: Array, concentration: Array) -> Array:
    """log(k/scale) + (k-1)·log(value/scale) - (value/scale)^k on value ≥ 0."""
    ratio = value / scale
    density = np.log(concentration / scale) + special.xlogy(concentration - 1, ratio) - ratio**concentration
    return _within(value >= 0, density)


def geometric(value: Array, probs: Array) -> Array:
    """log(p) + (value-1)·log(1-p) on value ≥ 1: trials up to the first success."""
    return _within(is_count(value, 1), np.log(probs) + special.xlog1py(value - 1, -probs))


def laplace(value: Array, loc: Array, scale: Array) -> Array:
    """-|value-loc|/scale - log(2·scale); SciPy's underflows to -inf beyond 745 scales."""
    return -np.abs(value - loc) / scale - np.log(2 * scale)


def cauchy(value: Array, loc: Array, scale: Array) -> Array:
    """-log(π·scale·(1+z²)), z = (value-loc)/scale; shares the tail of :func:`student`."""
    return -np.log(np.pi * scale) - _log1p_square((value - loc) / scale)


def student(value: Array, df: Array) -> Array:
    """-(df+1)/2·log(1+value²/df) - log B(1/2, df/2) - log(df)/2; SciPy's is -inf where value² overflows."""
    return -(df + 1) / 2 * _log1p_square(value / np.sqrt(df)) - special.betaln(0.5, df / 2) - np.log(df) / 2


def _log1p_square(z: Array) -> Array:
    """log(1+z²), also where z² overflows: heavy tails reach there."""
    return np.where(np.abs(z) < 1e100, np.log1p(z**2), 2 * np.log(np.abs(z)))


def dirichlet(value: Array, concentration: Array) -> Array:
    """Σ (aᵢ-1)·log(valueᵢ) + log Γ(Σ aᵢ) - Σ log Γ(aᵢ), a vector along the last axis; SciPy's takes one law only."""
    terms = special.xlogy(concentration - 1, value) - special.gammaln(concentration)
    shape = np.broadcast_shapes(concentration.shape, value.shape)
    total = np.broadcast_to(concentration, shape).sum(-1) if shape else concentration
    return _first(terms.sum(-1) + special.gammaln(total), value)


def arrangement(value: Array, count: Array) -> Array:
    """-log(n!/(n-k)!) for k distinct of n things in order, along the last axis; not in SciPy."""
    n = np.broadcast_to(count, np.broadcast_shapes(count.shape, value.shape))[..., 0]
    k = value.shape[-1]
    inside = np.asarray(((value >= 0) & (value < count)).all(axis=-1))
    return _first(_within(inside, special.gammaln(n - k + 1) - special.gammaln(n + 1)), value)


def _first(total: Array, like: Array) -> Array:
    spread = np.zeros(np.broadcast_shapes((*total.shape, 1), like.shape))
    spread[..., 0] = total
    return spread
