r"""Say how far a mean of ratios can be believed: how heavy their tail is, and how many of them count.

.. math:: p(u) = \sigma^{-1} (1 + k u / \sigma)^{-1/k - 1}

A mean of ratios has finite variance only for k < ½; beyond, its standard error means nothing.
"""

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["effective_sample_size", "pareto_k"]

_LEAST = 25
_LEAST_TAIL = 5


def pareto_k(ratios: ArrayLike) -> float:
    """Return the shape k of a generalized Pareto law fitted to the largest of `ratios`.

    The tail has min(N/5, 3√N) values, as in Pareto-smoothed importance sampling (Vehtari et al. 2024,
    arXiv:1507.02646), without those that are tied with the largest value outside it.

    Parameters
    ----------
    ratios
        Non-negative, shape (N,).

    Returns
    -------
    float
        k; -inf if the largest values are all equal (bounded ratios); NaN for fewer than 25 values, fewer than 5 in the
        tail, or one that is not finite.
    """
    values = np.asarray(ratios, dtype=np.float64)
    count = len(values)
    if count < _LEAST or not np.isfinite(values).all():
        return float("nan")
    values = np.sort(values) / (np.max(values) or 1.0)
    tail = values[-int(min(count / 5, 3 * np.sqrt(count))) - 1 :]
    above = tail[tail > tail[0]]
    if len(above) == 0 or above[0] == above[-1]:
        return float("-inf")
    if len(above) < _LEAST_TAIL:
        return float("nan")
    from arviz_stats.base import array_stats

    efficiency = 9 * count / (len(above) + 0.5) ** 2  # puts 3√(N/efficiency) values into the tail
    return float(array_stats.pareto_khat(values[None], r_eff=efficiency, tail="right"))


def effective_sample_size(ratios: ArrayLike) -> float:
    """Return (Σw)²/Σw² of non-negative weights."""
    weights = np.asarray(ratios, dtype=np.float64)
    largest = float(np.max(weights, initial=0.0))
    if not 0.0 < largest < np.inf:
        return float("nan") if np.isnan(largest) else float(np.isposinf(weights).sum())
    shares = weights / largest
    return float(np.sum(shares)) ** 2 / float(np.sum(shares**2))
