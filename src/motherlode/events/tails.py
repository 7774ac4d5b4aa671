r"""Estimate how heavy the tail of a set of ratios is.

.. math:: p(u) = \sigma^{-1} (1 + k u / \sigma)^{-1/k - 1}

A mean of ratios has finite variance only for k < ½; beyond, its standard error means nothing.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["effective_sample_size", "pareto_k"]

Array = NDArray[np.float64]


def pareto_k(ratios: ArrayLike) -> float:
    """Return the shape k of a generalized Pareto law fitted to the largest of `ratios`.

    The tail has min(N/5, 3√N) values, as in Pareto-smoothed importance sampling (Vehtari et al. 2024,
    arXiv:1507.02646); the fit is Zhang and Stephens' (2009) with the same weak prior towards ½.

    Parameters
    ----------
    ratios
        Non-negative, shape (N,).

    Returns
    -------
    float
        k; NaN for fewer than 25 values, -inf if the largest values are all equal (bounded ratios).
    """
    values = np.sort(np.asarray(ratios, dtype=np.float64))
    if len(values) < 25:
        return float("nan")
    count = int(min(len(values) / 5, 3 * np.sqrt(len(values))))
    excess = values[-count:] - values[-count - 1]
    if excess[-1] <= 0:
        return float("-inf")
    k = _zhang_stephens(excess[excess > 0])
    return float((count * k + 10 * 0.5) / (count + 10))


def _zhang_stephens(excess: Array) -> float:
    count = len(excess)
    grid = 30 + int(np.sqrt(count))
    quartile = excess[max(int(count / 4 + 0.5) - 1, 0)]
    inverse = 1 / excess[-1] + (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quartile)
    shapes = np.mean(np.log1p(-inverse[:, None] * excess), axis=1)
    likelihoods = count * (np.log(-inverse / shapes) - shapes - 1)
    with np.errstate(over="ignore"):
        weights = 1 / np.sum(np.exp(likelihoods - likelihoods[:, None]), axis=1)
    b = np.sum(inverse * weights) / np.sum(weights)
    return float(np.mean(np.log1p(-b * excess)))


def effective_sample_size(ratios: ArrayLike) -> float:
    """Return (Σw)²/Σw² of non-negative weights."""
    weights = np.asarray(ratios, dtype=np.float64)
    largest = float(np.max(weights, initial=0.0))
    if not 0.0 < largest < np.inf:
        return float("nan") if np.isnan(largest) else float(np.isposinf(weights).sum())
    shares = weights / largest
    return float(np.sum(shares)) ** 2 / float(np.sum(shares**2))
