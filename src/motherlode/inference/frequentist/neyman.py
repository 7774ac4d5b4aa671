"""Neyman's construction: at each θ, how often do simulated experiments look worse than the observed one.

The ordering is the likelihood ratio (Feldman, Cousins, "Unified approach to the classical statistical analysis of small
signals" (1998), physics/9711021). Because toys come from the simulator, a bad estimator costs power, never coverage,
as long as nothing is profiled.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial

import numpy as np

from motherlode.core.types import Array
from motherlode.inference.frequentist.grids import Box
from motherlode.inference.frequentist.regions import Region
from motherlode.inference.frequentist.toys import Toys
from motherlode.inference.potential import Observation

__all__ = ["construct", "rank_p_value"]


def construct(
    toys: Toys,
    observation: Observation,
    count: int,
    level: float,
    within: Box | None = None,
    executor: Executor | None = None,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Region:
    """Return p-values by toys at every point of interest; nuisances of the toys are those that fit the data best there.

    Parameters
    ----------
    toys
        How experiments are simulated.
    observation
        The observed events.
    count
        Most toys at a point. They stop early where the decision at ``level`` can no longer change.
    level
        Smallest confidence level that will be asked of the region.
    within
        Box of the points that are tested; None tests all.
    executor
        Runs the points in parallel; toys must be picklable for processes.
    progress
        Wraps the points, e.g. a tqdm.
    """
    scan = toys.scan
    log_likelihood = scan.observed(observation)
    observed = scan.statistic(log_likelihood[None])[0]
    truths = scan.truths(log_likelihood)
    enough = int(np.ceil((1.0 - level) * (count + 1)))
    at = partial(_p_value, toys, truths, observed, count, enough)
    tested = np.arange(len(truths)) if within is None else np.flatnonzero(scan.axes.within(within))
    results = list((map if executor is None else executor.map)(at, progress(tested.tolist())))
    axes = scan.axes if within is None else scan.axes.cut(within)
    best = scan.axes.points[int(observed.argmin())]
    p_value, used = np.array(results, dtype=np.float64).T
    info = {
        "toys": used.astype(int),
        "truths": truths[tested],
        "interpolation_error": scan.interpolation_error(observation),
    }
    return Region(axes, p_value, observed[tested], "neyman", best, info)


def rank_p_value(toys: Array, observed: Array) -> Array:
    """Return ``(1 + #{toys >= observed}) / (n + 1)`` with the shape of ``observed``, for toys ``(n,)``.

    Exact for continuous statistics: the observed value is one more draw under the hypothesis. Ties count as worse, so
    discrete ones are conservative.
    """
    ordered = np.sort(toys)
    finite = ordered[np.isfinite(ordered)]
    tolerance = 1e-9 * max(1.0, float(np.abs(finite).max(initial=0.0)))
    worse = len(ordered) - np.searchsorted(ordered, np.asarray(observed) - tolerance)
    return np.asarray((1.0 + worse) / (len(ordered) + 1.0))


def _p_value(toys: Toys, truths: Array, observed: Array, count: int, enough: int, point: int) -> tuple[float, int]:
    """Simulate in growing batches until ``enough`` toys are worse (Besag, Clifford (1991)) or ``count`` are done."""
    worse, done, batch = 0, 0, 0
    reached = observed[point] - (1e-9 * max(1.0, observed[point]) if np.isfinite(observed[point]) else 0.0)
    while done < count:
        size = min(max(done, count // 8, 1), count - done)
        log_likelihood = toys.log_likelihoods(truths[point], size, point, batch)
        hits = toys.scan.statistic(log_likelihood)[:, point] >= reached
        if worse + int(hits.sum()) >= enough and done + size < count:
            stop = int(np.flatnonzero(np.cumsum(hits) >= enough - worse)[0]) + 1
            return enough / (done + stop), done + stop
        worse, done, batch = worse + int(hits.sum()), done + size, batch + 1
    return (1.0 + worse) / (count + 1.0), done
