r"""Wilks' regions: the profile likelihood ratio on a grid, between its points, and along a contour.

.. math:: q(ψ) = -2 \log \frac{\max_ν L(ψ, ν)}{\max_{ψ', ν} L(ψ', ν)} \to χ^2_{\dim ψ}
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from motherlode.core.types import Array
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.fit import Fit, fit
from motherlode.inference.frequentist.grids import Grid
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.frequentist.regions import Region
from motherlode.inference.potential import Observation

__all__ = ["Profile", "trace_contour", "wilks_region"]


@dataclass(frozen=True)
class Profile:
    """The likelihood with some parameters held and the others fitted.

    Attributes
    ----------
    experiment, observation
        Define the likelihood.
    best
        Its maximum.
    indices
        Which k parameters are held.
    """

    experiment: Experiment
    observation: Observation
    best: Fit
    indices: tuple[int, ...]

    def fit(self, values: Array, near: Array) -> Fit:
        """Return the maximum with the parameters held at values ``(k,)``.

        It begins at the best point and at another one, theta ``(D,)``.
        """
        held = dict(zip(self.indices, values.tolist(), strict=True))
        return fit(self.experiment, self.observation, np.stack([near, self.best.theta]), held, with_covariance=False)

    def statistic(self, fitted: Fit) -> float:
        """Return q of a maximum with parameters held."""
        return 2.0 * (self.best.log_likelihood - fitted.log_likelihood)


@dataclass(frozen=True)
class _Between:
    """The statistic q at any value of one parameter; fits begin at the nearest of the maxima ``(G, D)`` on a grid."""

    profile: Profile
    fitted: Array

    def __call__(self, value: float) -> float:
        near = self.fitted[np.abs(self.fitted[:, self.profile.indices[0]] - value).argmin()]
        return max(0.0, self.profile.statistic(self.profile.fit(np.array([value]), near)))


def wilks_region(
    experiment: Experiment, observation: Observation, best: Fit, interest: tuple[str, ...], grid: Grid
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
    indices = tuple(experiment.names.index(name) for name in interest)
    profile = Profile(experiment, observation, best, indices)
    found, near = [], best.theta
    for point in grid.points:
        found.append(profile.fit(point, near))
        near = found[-1].theta
    heights, fitted = np.array([one.log_likelihood for one in found]), np.stack([one.theta for one in found])
    if heights.max() > best.log_likelihood:
        best = fit(experiment, observation, fitted[int(heights.argmax())][None])
        profile = Profile(experiment, observation, best, indices)
    statistic = 2.0 * np.maximum(best.log_likelihood - heights, 0.0)
    between = _Between(profile, fitted) if len(indices) == 1 else None
    p_value = chi2.sf(statistic, len(indices))
    return Region(grid, p_value, statistic, "wilks", best.theta[list(indices)], profile=between)


def trace_contour(
    experiment: Experiment,
    observation: Observation,
    best: Fit,
    interest: tuple[str, ...],
    level: float,
    points: int,
) -> Array:
    """Find the boundary of a region of two parameters along rays from the maximum, without a grid.

    The rays are evenly spread in units of the fitted errors.

    Parameters
    ----------
    experiment, observation
        Define the likelihood.
    best
        Its maximum.
    interest
        The two parameters that span the plane; the others are profiled.
    level
        Confidence level.
    points
        Number of rays.

    Returns
    -------
    Array
        A closed polygon with shape ``(points + 1, 2)``; a ray that meets the bounds first ends there.

    Raises
    ------
    InferenceError
        If there are not two parameters of interest.
    """
    if len(interest) != 2:
        raise InferenceError(
            f"a contour was asked for {len(interest)} parameters of interest {list(interest)}. It is a line "
            "in a plane. Name two with interest=, or use .wilks."
        )
    indices = [experiment.names.index(name) for name in interest]
    centre, low, high = best.theta[indices], experiment.bounds[indices, 0], experiment.bounds[indices, 1]
    wanted = float(chi2.ppf(level, 2))
    statistic = _following(Profile(experiment, observation, best, tuple(indices)))
    angles = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ _root(best, indices, high - low).T
    found = [_along(statistic, centre, ray, wanted, low, high) for ray in rays]
    return np.clip([*found, found[0]], low, high)


def _following(profile: Profile) -> Callable[[Array], float]:
    """Return q as a function of the parameters of interest; each fit begins where the last one ended."""
    near = [profile.best.theta]

    def statistic(point: Array) -> float:
        found = profile.fit(point, near[0])
        near[0] = found.theta
        return profile.statistic(found)

    return statistic


def _root(best: Fit, indices: list[int], width: Array) -> Array:
    """Return the Cholesky factor of the fitted covariance, or a tenth of the box where the fit has none."""
    covariance = best.covariance[np.ix_(indices, indices)] / np.outer(width, width)
    usable = np.isfinite(covariance).all() and np.linalg.eigvalsh(covariance)[0] > 0.0
    root = np.linalg.cholesky(covariance) if usable else 0.1 * np.eye(len(width))
    return np.asarray(width[:, None] * root, dtype=np.float64)


def _along(
    statistic: Callable[[Array], float], centre: Array, ray: Array, wanted: float, low: Array, high: Array
) -> Array:
    """Return the point on a ray where q takes the wanted value, or where the ray meets the bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        walls = np.where(ray > 0.0, (high - centre) / ray, np.where(ray < 0.0, (low - centre) / ray, np.inf))
    end = float(walls.min())
    near, far = 0.0, min(np.sqrt(wanted), end)
    while statistic(centre + far * ray) < wanted:
        if far >= end:
            return centre + end * ray
        near, far = far, min(1.5 * far, end)
    length = brentq(lambda r: statistic(centre + r * ray) - wanted, near, far, xtol=1e-4 * far, rtol=1e-6)
    crossing: Array = centre + length * ray
    return crossing
