r"""Wilks' regions: the likelihood profiled over a grid, and between its points where there is one parameter.

.. math:: q(ψ) = -2 \log \frac{\max_ν L(ψ, ν)}{\max_{ψ', ν} L(ψ', ν)} \to χ^2_{\dim ψ}
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from motherlode.inference.frequentist.fit import Estimate, fit
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.frequentist.regions import Grid, Region
from motherlode.inference.potential import Observation

__all__ = ["Profile", "wilks_region"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """The statistic q at any value of one parameter.

    Attributes
    ----------
    experiment, observation
        Define the likelihood.
    best
        Its maximum.
    index
        Which parameter is held.
    fitted
        Maxima along a grid of it with shape ``(G, D)``, where fits begin.
    """

    experiment: Experiment
    observation: Observation
    best: Estimate
    index: int
    fitted: Array

    def __call__(self, value: float) -> float:
        """Return q at one value of the parameter."""
        nearest = self.fitted[np.abs(self.fitted[:, self.index] - value).argmin()]
        starts, held = np.stack([nearest, self.best.theta]), {self.index: value}
        found = fit(self.experiment, self.observation, starts, held, with_covariance=False)
        return max(0.0, 2.0 * (self.best.log_likelihood - found.log_likelihood))


def wilks_region(
    experiment: Experiment, observation: Observation, best: Estimate, interest: tuple[str, ...], grid: Grid
) -> Region:
    """Profile the likelihood over a grid; each fit begins at the best point and where the last one ended.

    Parameters
    ----------
    experiment, observation
        Define the likelihood.
    best
        Its maximum; a point of the grid that is higher takes its place.
    interest
        Names of the parameters of the grid.
    grid
        Where to profile.
    """
    indices = [experiment.names.index(name) for name in interest]
    heights, fitted = [], [best.theta]
    for point in grid.points:
        held = dict(zip(indices, point.tolist(), strict=True))
        found = fit(experiment, observation, np.stack([fitted[-1], best.theta]), held, with_covariance=False)
        heights.append(found.log_likelihood)
        fitted.append(found.theta)
    if max(heights) > best.log_likelihood:
        best = fit(experiment, observation, fitted[1 + int(np.argmax(heights))][None])
    statistic = 2.0 * np.maximum(best.log_likelihood - np.array(heights), 0.0)
    between = Profile(experiment, observation, best, indices[0], np.stack(fitted[1:])) if len(indices) == 1 else None
    return Region(grid, chi2.sf(statistic, len(indices)), statistic, "wilks", best.theta[indices], profile=between)
