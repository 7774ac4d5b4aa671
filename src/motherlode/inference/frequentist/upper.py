r"""Upper limits on one signal strength by CLs.

.. math:: CL_s = \frac{P(\tilde q_μ \ge \tilde q_μ^{obs} | μ)}{P(\tilde q_μ \ge \tilde q_μ^{obs} | 0)}

Read, "Presentation of search results: the CLs technique" (2002); :math:`\tilde q_μ` of Cowan, Cranmer, Gross, Vitells,
arXiv:1007.1727: 0 where the best fit lies above μ, else -2 log of the likelihood ratio to the best fit with μ̂ ≥ 0.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from motherlode.core.types import Array
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.neyman import rank_p_value
from motherlode.inference.frequentist.regions import BANDS, GridWarning, Region
from motherlode.inference.frequentist.toys import Scan, Toys
from motherlode.inference.potential import Observation

__all__ = ["UpperLimit", "upper_limit"]


@dataclass(frozen=True)
class UpperLimit:
    """An upper limit with what was to be expected without a signal.

    Attributes
    ----------
    region
        CLs at each strength, as the region's ``p_value``.
    level
        Confidence level.
    observed
        The limit; +inf where no strength of the grid is excluded, up to its end.
    expected
        Limits at -2, -1, 0, 1, 2 standard deviations of background-only experiments, with shape ``(5,)``, +inf alike.
    band
        CLs of such experiments at each strength, from -2 to 2 standard deviations, with shape ``(5, P)``.
    """

    region: Region
    level: float
    observed: float
    expected: Array
    band: Array


def upper_limit(toys: Toys, observation: Observation, count: int, level: float) -> UpperLimit:
    """Compute CLs on a grid of strengths by toys at each of them and at zero.

    Parameters
    ----------
    toys
        How experiments are simulated; the scan has one parameter of interest, whose grid begins at 0.
    observation
        The observed events.
    count
        Toys at each strength.
    level
        Confidence level.

    Raises
    ------
    InferenceError
        If there is more than one parameter of interest, or its bounds do not begin at 0: then CLs is not defined.

    Warns
    -----
    GridWarning
        If the observed or an expected limit lies beyond the last strength, and is +inf.
    """
    scan = toys.scan
    _check(scan)
    log_likelihood = scan.observed(observation)
    truths = scan.truths(log_likelihood)
    observed = _one_sided(scan, log_likelihood[None])
    background = _one_sided(scan, toys.log_likelihoods(truths[0], count, len(truths)))
    ratios = np.empty((1 + count, len(truths)))
    for point, theta in enumerate(truths):
        signal = _one_sided(scan, toys.log_likelihoods(theta, count, point))[:, point]
        both = np.concatenate([observed[:, point], background[:, point]])
        ratios[:, point] = rank_p_value(signal, both) / rank_p_value(background[:, point], both)
    ratios = np.minimum(ratios, 1.0)
    ratios[:, 0] = 1.0
    region = Region(scan.axes, ratios[0], observed[0], "cls", _best(scan, log_likelihood), {"toys": count})
    limits = np.array([_crossing(scan.axes.points[:, 0], row, level) for row in ratios])
    expected, band = _quantiles(limits[1:]), np.quantile(ratios[1:], BANDS, axis=0)
    _warn_of_the_end(scan, float(limits[0]), expected)
    return UpperLimit(region, level, float(limits[0]), expected, band)


def _one_sided(scan: Scan, log_likelihood: Array) -> Array:
    """Return q̃ at every strength with shape ``(T, P)``."""
    profile = scan.fold(log_likelihood).max(axis=2)
    best = profile.argmax(axis=1)
    statistic = 2.0 * (profile.max(axis=1, keepdims=True) - profile)
    return np.where(best[:, None] > np.arange(profile.shape[1]), 0.0, statistic)


def _best(scan: Scan, log_likelihood: Array) -> Array:
    return scan.axes.points[int(scan.fold(log_likelihood[None]).max(axis=2)[0].argmax())]


def _crossing(axis: Array, ratio: Array, level: float) -> float:
    """Return the largest strength at which the interpolated CLs still exceeds ``1 - level``; +inf if the last does."""
    above = np.flatnonzero(ratio > 1.0 - level)
    last = int(above[-1])
    if last == len(axis) - 1:
        return np.inf
    share = (ratio[last] - (1.0 - level)) / (ratio[last] - ratio[last + 1])
    return float(axis[last] + share * (axis[last + 1] - axis[last]))


def _quantiles(limits: Array) -> Array:
    """Return the quantiles of limits ``(T,)`` at the expected bands, +inf where a limit they lie between is."""
    beyond = np.isinf(limits)
    finite = np.quantile(np.where(beyond, 0.0 if beyond.all() else limits[~beyond].max(), limits), BANDS)
    return np.where(np.quantile(beyond.astype(np.float64), BANDS) > 0.0, np.inf, finite)


def _warn_of_the_end(scan: Scan, observed: float, expected: Array) -> None:
    if np.isfinite(observed) and np.isfinite(expected).all():
        return
    end = float(scan.axes.points[-1, 0])
    warnings.warn(
        f"CLs of {scan.interest[0]!r} has not fallen far enough at its upper bound {end:g}: the limits observed, "
        f"{observed:g}, and expected, {[round(float(limit), 4) for limit in expected]}, are beyond it where they are "
        "inf. The data do not bound the strength there, or the scan ends too early. Extend the upper bound.",
        GridWarning,
        stacklevel=4,
    )


def _check(scan: Scan) -> None:
    if len(scan.interest) != 1:
        raise InferenceError(
            f"CLs was asked for {len(scan.interest)} parameters of interest {list(scan.interest)}. It is a one-sided "
            "test of one signal strength. Name one with interest=, or use .neyman."
        )
    low = float(scan.axes.points[0, 0])
    if low != 0.0:
        raise InferenceError(
            f"the bounds of {scan.interest[0]!r} begin at {low}. q̃ compares with the background alone, strength 0, and "
            "the best fit may not be negative. Let the bounds begin at 0, or use .neyman."
        )
