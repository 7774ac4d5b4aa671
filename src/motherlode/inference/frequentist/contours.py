r"""Where the profile likelihood ratio takes one value: the boundary of a Wilks region, without a grid.

.. math:: \{ψ : -2 \log \frac{\max_ν L(ψ, ν)}{L(\hat ψ, \hat ν)} = F^{-1}_{χ^2_2}(\mathrm{level})\}
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.fit import Estimate, fit
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.potential import Observation

__all__ = ["trace_contour"]

Array = NDArray[np.float64]


def trace_contour(
    experiment: Experiment,
    observation: Observation,
    best: Estimate,
    interest: tuple[str, ...],
    level: float,
    points: int,
) -> Array:
    """Find the contour along rays from the maximum, evenly spread in units of the fitted errors.

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
    statistic = _profile(experiment, observation, best, indices)
    angles = np.linspace(0.0, 2.0 * np.pi, points, endpoint=False)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1) @ _root(best, indices, high - low).T
    found = [_along(statistic, centre, ray, wanted, low, high) for ray in rays]
    return np.clip([*found, found[0]], low, high)


def _profile(
    experiment: Experiment, observation: Observation, best: Estimate, indices: list[int]
) -> Callable[[Array], float]:
    """Return q as a function of the two parameters of interest; each fit begins where the last one ended."""
    start = [best.theta]

    def statistic(point: Array) -> float:
        held = dict(zip(indices, point.tolist(), strict=True))
        found = fit(experiment, observation, np.stack([start[0], best.theta]), held, with_covariance=False)
        start[0] = found.theta
        return 2.0 * (best.log_likelihood - found.log_likelihood)

    return statistic


def _root(best: Estimate, indices: list[int], width: Array) -> Array:
    """Return the Cholesky factor of the fitted covariance, or a tenth of the box where the fit has none."""
    covariance = best.covariance[np.ix_(indices, indices)] / np.outer(width, width)
    usable = np.isfinite(covariance).all() and np.linalg.eigvalsh(covariance)[0] > 0.0
    root = np.linalg.cholesky(covariance) if usable else 0.1 * np.eye(len(width))
    return np.asarray(width[:, None] * root, dtype=np.float64)


def _along(
    statistic: Callable[[Array], float], centre: Array, ray: Array, wanted: float, low: Array, high: Array
) -> Array:
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
