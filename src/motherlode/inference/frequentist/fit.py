"""Maximum likelihood inside a box, with everything or with some parameters held fixed."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.optimize import with_gradient
from motherlode.inference.potential import Observation

__all__ = ["Estimate", "fit"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A maximum of the likelihood.

    Attributes
    ----------
    theta
        Where it is, shape ``(D,)``.
    log_likelihood
        log L there.
    covariance
        Inverse of the observed information with shape ``(D, D)``, NaN where θ lies on a bound or is held fixed.
    names
        Parameter names.
    """

    theta: Array
    log_likelihood: float
    covariance: Array
    names: tuple[str, ...]

    @property
    def errors(self) -> Array:
        """Standard errors with shape ``(D,)``."""
        errors: Array = np.sqrt(np.diag(self.covariance))
        return errors


def fit(
    experiment: Experiment,
    observation: Observation,
    starts: Array,
    fixed: dict[int, float] | None = None,
    with_covariance: bool = True,
) -> Estimate:
    """Climb from each start by L-BFGS-B inside the bounds and keep the highest point.

    Parameters
    ----------
    experiment, observation
        Define the likelihood.
    starts
        Starting points with shape ``(n, D)``.
    fixed
        Values of parameters, by index, that are not fitted.
    with_covariance
        Also compute the observed information.
    """
    held = fixed or {}
    free = [i for i in range(len(experiment.names)) if i not in held]

    def full(part: Array) -> Array:
        theta = np.empty(len(experiment.names))
        theta[list(held)] = list(held.values())
        theta[free] = part
        return theta

    value_and_gradient = with_gradient(lambda theta: experiment.log_likelihood(theta, observation))

    def descend(part: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(full(part))
        return -float(value), -gradient[free]

    if not free:
        return Estimate(full(np.zeros(0)), -descend(np.zeros(0))[0], _nan(len(held)), experiment.names)
    climbs = [
        minimize(descend, start[free], jac=True, method="L-BFGS-B", bounds=experiment.bounds[free]) for start in starts
    ]
    best = min(climbs, key=lambda climb: float(climb.fun) if np.isfinite(climb.fun) else np.inf)
    theta = full(best.x)
    covariance = _covariance(experiment, observation, theta, free) if with_covariance else _nan(len(theta))
    return Estimate(theta, -float(best.fun), covariance, experiment.names)


def _covariance(experiment: Experiment, observation: Observation, theta: Array, free: list[int]) -> Array:
    """Invert minus the Hessian over the parameters that are free and inside their bounds."""
    point = torch.from_numpy(theta)
    hessian = torch.autograd.functional.hessian(  # type: ignore[no-untyped-call]
        lambda at: experiment.log_likelihood(at, observation), point
    ).numpy()
    low, high = experiment.bounds.T
    inside = [i for i in free if low[i] + 1e-9 < theta[i] < high[i] - 1e-9]
    covariance = _nan(len(theta))
    if inside:
        covariance[np.ix_(inside, inside)] = np.linalg.pinv(-hessian[np.ix_(inside, inside)])
    return covariance


def _nan(dimension: int) -> Array:
    return np.full((dimension, dimension), np.nan)
