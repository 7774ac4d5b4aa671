r"""What an experiment like this one is expected to say: from its mean likelihood, or from toys with their spread.

.. math:: q_A(ψ) = -2 \log \frac{\max_ν E_θ[\log L(ψ, ν)]}{\max_{ψ', ν} E_θ[\log L(ψ', ν)]}
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import chi2

from motherlode.inference.frequentist.regions import BANDS, Region
from motherlode.inference.frequentist.toys import Toys, simulate_at

__all__ = ["asimov_region", "expected_region"]

Array = NDArray[np.float64]

_STREAM = (1 << 20) - 1


def asimov_region(toys: Toys, theta: Array, events: int) -> Region:
    """Return Wilks' region on the mean log-likelihood of experiments at θ (Cowan et al., arXiv:1007.1727).

    Parameters
    ----------
    toys
        How experiments are simulated and scanned.
    theta
        The truth with shape ``(D,)``.
    events
        Events simulated there, whose mean stands for the expectation.
    """
    scan, experiment = toys.scan, toys.scan.experiment
    points, number = scan.grid.points, float(toys.events)
    if experiment.counted:
        number = float(experiment.expected(torch.from_numpy(theta)))
    x = simulate_at(toys.simulator, experiment, theta, events, toys.seed)
    measured = np.array([[theta[experiment.names.index(name)] for name in experiment.constraints]])
    total = number * scan.spread(experiment.table(x, scan.sites).mean(axis=0)[None])
    total = total + experiment.counts(np.array([number]), points) + experiment.auxiliary(measured, points)
    statistic = scan.statistic(total)[0]
    best = scan.axes.points[int(statistic.argmin())]
    return Region(scan.axes, chi2.sf(statistic, len(scan.interest)), statistic, "asimov", best, {"theta": theta})


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
