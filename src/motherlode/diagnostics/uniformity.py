r"""Are numbers uniform on (0, 1): the test that calibration comes down to, and how fine its p-values are.

The empirical distribution function is compared with its simultaneous band: the smallest pointwise binomial p-value over
all places, calibrated by simulation (Säilynoja, Bürkner, Vehtari, "Graphical test for discrete uniformity and its
applications" (2022), arXiv:2103.10522).

.. math:: n \hat F(z) \sim \mathrm{Binomial}(n, z)

Ours because arviz-stats draws this band without a p-value, and a verdict needs one.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.stats import binom

from motherlode.core.types import Array

__all__ = ["SIMULATIONS", "band", "check_resolution", "p_value_uniform"]


_PLACES = 99
SIMULATIONS = 4000
"""How many sets of uniform numbers calibrate a p-value, where nothing else is asked."""


def p_value_uniform(values: Array, simulations: int = SIMULATIONS) -> float:
    """Return the probability that uniform numbers look at least as uneven as ``values`` ``(n,)``.

    Parameters
    ----------
    values
        Numbers on (0, 1).
    simulations
        Sets of uniform numbers that they are compared with: no p-value is below one over their number plus one.
    """
    smallest = _smallest(values[None])[0]
    simulated = _simulated(len(values), simulations)
    return float((1 + (simulated <= smallest * (1 + 1e-12)).sum()) / (len(simulated) + 1))


def band(count: int, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Return places z and the simultaneous band of the distribution function of ``count`` uniform numbers."""
    tail = float(np.quantile(_simulated(count), 1.0 - level)) / 2.0
    z = _places()
    return z, binom.ppf(tail, count, z) / count, binom.isf(tail, count, z) / count


def check_resolution(name: str, simulations: int, alpha: float) -> None:
    r"""Refuse fewer simulations than a verdict at :math:`α` needs: their smallest p-value is :math:`1/(n + 1)`.

    Parameters
    ----------
    name
        The argument that sets their number.
    simulations
        Their number n.
    alpha
        Error probability of one test.

    Raises
    ------
    ValueError
        If the smallest p-value exceeds α.
    """
    if (simulations + 1) * alpha < 1.0 - 1e-9:
        needed = math.ceil(1.0 / alpha - 1.0 - 1e-6)
        raise ValueError(
            f"{name}={simulations} gives p-values of 1/{simulations + 1} or more, and the verdict is taken at "
            f"{alpha:.3g}: nothing could ever fail. Pass {name}={needed} or more."
        )


def _places() -> Array:
    return np.arange(1, _PLACES + 1) / (_PLACES + 1)


def _smallest(values: Array) -> Array:
    """Return the smallest two-sided binomial p-value over places, for rows of numbers ``(r, n)``."""
    z, count = _places(), values.shape[1]
    below = (values[:, :, None] <= z).sum(axis=1)
    pointwise: Array = 2.0 * np.minimum(binom.cdf(below, count, z), binom.sf(below - 1, count, z))
    return pointwise.min(axis=1)


@lru_cache(maxsize=16)
def _simulated(count: int, simulations: int = SIMULATIONS) -> Array:
    generator = np.random.default_rng(count)
    sizes = generator.multinomial(count, np.full(_PLACES + 1, 1.0 / (_PLACES + 1)), simulations)
    below, z = np.cumsum(sizes, axis=1)[:, :-1], _places()
    pointwise: Array = 2.0 * np.minimum(binom.cdf(below, count, z), binom.sf(below - 1, count, z))
    return pointwise.min(axis=1)
