r"""What an experiment like this one is expected to say: from its mean likelihood, or from toys with their spread.

.. math:: q_A(ψ) = -2 \log \frac{\max_ν E_θ[\log L(ψ, ν)]}{\max_{ψ', ν} E_θ[\log L(ψ', ν)]}
"""

import numpy as np
import torch
from scipy.stats import chi2

from motherlode.core.types import Array
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.grids import Grid
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.frequentist.regions import BANDS, Region
from motherlode.inference.frequentist.toys import Scan, Toys, simulate_at

__all__ = ["asimov_region", "expected_region"]


_STREAM = (1 << 20) - 1


def asimov_region(toys: Toys, theta: Array, events: int) -> Region:
    r"""Return Wilks' region on the mean log-likelihood of experiments at θ (Cowan et al., arXiv:1007.1727).

    The mean is that of simulated events, whose mean score is 0 up to its statistical error. It is made 0: where more
    events are expected than were simulated, this error would move the region by more than its width.

    .. math:: E_θ[\log r(x|θ')] \approx \overline{\log \hat r(x|θ')} - (θ' - θ) \cdot \overline{\nabla \log \hat r(x|θ)}

    ``info["score_z"]`` is the mean score in units of its error, shape ``(D,)``. Far from 0 the estimator is biased at
    θ; :func:`expected_region` shows by how much.

    Parameters
    ----------
    toys
        How experiments are simulated and scanned.
    theta
        The truth with shape ``(D,)``.
    events
        Events simulated there, whose mean stands for the expectation.

    Raises
    ------
    InferenceError
        If θ lies outside the bounds, or the score is not finite there.
    """
    scan, experiment = _with_point(toys.scan, theta), toys.scan.experiment
    points, number = scan.grid.points, float(toys.events)
    if experiment.counted:
        number = float(experiment.expected(torch.from_numpy(theta)))
    x = simulate_at(toys.simulator, experiment, theta, events, toys.seed)
    score, z = _mean_score(experiment, x, theta)
    measured = np.array([[theta[experiment.names.index(name)] for name in experiment.constraints]])
    mean = scan.spread(experiment.table(x, scan.sites).mean(axis=0)[None]) - (points - theta) @ score
    total = number * mean + experiment.counts(np.array([number]), points) + experiment.auxiliary(measured, points)
    statistic = scan.statistic(total)[0]
    best, info = scan.axes.points[int(statistic.argmin())], {"theta": theta, "score_z": z}
    asked = [np.isin(scan.axes.points[:, i], axis) for i, axis in enumerate(toys.scan.axes.axes.values())]
    statistic = statistic[np.all(asked, axis=0)]
    return Region(toys.scan.axes, chi2.sf(statistic, len(scan.interest)), statistic, "asimov", best, info)


def _with_point(scan: Scan, theta: Array) -> Scan:
    """Return the scan over a grid that has θ, too, among its points."""
    low, high = scan.experiment.bounds.T
    if theta.shape != low.shape or (theta < low).any() or (theta > high).any():
        raise InferenceError(
            f"θ = {theta.tolist()} is no point inside the bounds {scan.experiment.bounds.tolist()} of "
            f"{list(scan.experiment.names)}. What is expected at it cannot be compared with it. Pass one value of each "
            "parameter, shifts included, or wider bounds."
        )
    at = dict(zip(scan.experiment.names, theta, strict=True))
    axes = {name: np.union1d(axis, [at[name]]) for name, axis in scan.grid.axes.items()}
    return Scan(scan.experiment, Grid(axes), scan.interest, scan.nodes)


def _mean_score(experiment: Experiment, x: Array, theta: Array) -> tuple[Array, Array]:
    """Return the mean score of events drawn at θ, and how many standard errors it is from 0, with shapes ``(D,)``."""
    scores = experiment.scores(x, theta)
    if not np.isfinite(scores).all():
        raise InferenceError(
            f"the score at θ = {theta.tolist()} is not finite for {int((~np.isfinite(scores)).any(axis=1).sum())} of "
            f"{len(x)} events simulated there. The mean likelihood has no maximum to be centred on. Move θ off the "
            "edge of the support, or use .expected, which needs no score."
        )
    mean, error = scores.mean(axis=0), scores.std(axis=0) / np.sqrt(len(x))
    return mean, np.divide(mean, error, out=np.zeros_like(mean), where=error > 0.0)


def expected_region(toys: Toys, theta: Array, count: int) -> Region:
    """Return the median over toys at θ of Wilks' p-values, with their spread as ``info["band"]`` ``(5, P)``.

    Parameters
    ----------
    toys
        How experiments are simulated and scanned.
    theta
        The truth with shape ``(D,)``.
    count
        Number of toys.
    """
    scan = toys.scan
    statistic = scan.statistic(toys.log_likelihoods(theta, count, _STREAM))
    band = np.quantile(chi2.sf(statistic, len(scan.interest)), BANDS, axis=0)
    median = np.median(statistic, axis=0)
    best = scan.axes.points[int(median.argmin())]
    return Region(scan.axes, band[2], median, "expected", best, {"theta": theta, "band": band})
