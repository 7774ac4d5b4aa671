"""Maximum likelihood inside a box, with everything or with some parameters held fixed, and what nuisances do to it."""

from dataclasses import dataclass

import numpy as np
import torch

from motherlode.core.types import Array
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.potential import Observation
from motherlode.inference.search import climb, with_gradient

__all__ = ["Fit", "Impacts", "best_fit", "fit", "impacts"]

_EDGE = 1e-9


@dataclass(frozen=True)
class Fit:
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


@dataclass(frozen=True)
class Impacts:
    """Pulls and impacts of constrained nuisance parameters.

    Attributes
    ----------
    interest
        The parameter that is moved.
    nuisances
        Names of the k nuisance parameters.
    pulls
        (fitted - measured) in units of the constraint's sd, shape ``(k,)``.
    pull_errors
        Fitted error in the same unit, shape ``(k,)``; below 1 the data know more than the constraint.
    impacts
        Shift of the parameter of interest when the nuisance is held at its fit minus or plus its fitted error, shape
        ``(k, 2)``.
    """

    interest: str
    nuisances: tuple[str, ...]
    pulls: Array
    pull_errors: Array
    impacts: Array


def fit(
    experiment: Experiment,
    observation: Observation,
    starts: Array,
    fixed: dict[int, float] | None = None,
    with_covariance: bool = True,
) -> Fit:
    r"""Climb from each start by L-BFGS-B inside the bounds and keep the highest point.

    The climb is in the unit box, :math:`v = (θ - \mathrm{low}) / (\mathrm{high} - \mathrm{low})`: the result does not
    depend on the units of θ.

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
    low, high = experiment.bounds.T
    value_and_gradient = with_gradient(lambda theta: experiment.log_likelihood(theta, observation))

    def full(part: Array) -> Array:
        theta = np.empty(len(low))
        theta[list(held)] = list(held.values())
        theta[free] = (1.0 - part) * low[free] + part * high[free]
        return theta

    def in_the_box(part: Array) -> tuple[Array, Array]:
        value, gradient = value_and_gradient(full(part))
        return value, (gradient * (high - low))[free]

    if not free:
        return Fit(full(np.zeros(0)), float(in_the_box(np.zeros(0))[0]), _nan(len(held)), experiment.names)
    highest, part = climb(in_the_box, ((starts - low) / (high - low))[:, free], [(0.0, 1.0)] * len(free))
    theta = full(part)
    covariance = _covariance(experiment, observation, theta, free) if with_covariance else _nan(len(theta))
    return Fit(theta, highest, covariance, experiment.names)


def best_fit(experiment: Experiment, observation: Observation, starts: int, seed: int) -> Fit:
    """Fit everything from so many points spread at random over the bounds.

    Raises
    ------
    InferenceError
        If none of them has a finite likelihood.
    """
    low, high = experiment.bounds.T
    points = low + (high - low) * np.random.default_rng(seed).random((starts, len(low)))
    best = fit(experiment, observation, points)
    if not np.isfinite(best.log_likelihood):
        raise InferenceError(
            f"none of {starts} points inside the bounds has a finite likelihood. A fit has nowhere to begin. Check "
            "the estimator at a θ that you believe in, narrow the bounds, or raise starts=."
        )
    return best


def impacts(experiment: Experiment, observation: Observation, best: Fit, interest: str) -> Impacts:
    """Refit with each constrained nuisance held one error below and above its best value.

    Parameters
    ----------
    experiment, observation
        Define the likelihood.
    best
        Its maximum.
    interest
        Name of the parameter whose shift is recorded.
    """
    target, names = experiment.names.index(interest), tuple(experiment.constraints)
    pulls, errors, shifts = [], [], []
    for name, constraint in experiment.constraints.items():
        index = experiment.names.index(name)
        error = best.errors[index]
        pulls.append((best.theta[index] - constraint.measured) / constraint.sd)
        errors.append(error / constraint.sd)
        held = [np.clip(best.theta[index] + side * error, *experiment.bounds[index]) for side in (-1.0, 1.0)]
        fits = [fit(experiment, observation, best.theta[None], {index: float(v)}, with_covariance=False) for v in held]
        shifts.append([found.theta[target] - best.theta[target] for found in fits])
    return Impacts(interest, names, np.array(pulls), np.array(errors), np.array(shifts))


def _covariance(experiment: Experiment, observation: Observation, theta: Array, free: list[int]) -> Array:
    """Invert minus the Hessian, in the unit box, over the parameters that are free and inside their bounds."""
    low, high = experiment.bounds.T
    origin, width = torch.from_numpy(low.copy()), torch.from_numpy(high - low)
    unit = (theta - low) / (high - low)
    hessian = torch.autograd.functional.hessian(
        lambda at: experiment.log_likelihood(origin + width * at, observation), torch.from_numpy(unit)
    ).numpy()
    inside = [i for i in free if _EDGE < unit[i] < 1.0 - _EDGE]
    covariance, rows = _nan(len(theta)), np.ix_(inside, inside)
    if inside and np.isfinite(hessian[rows]).all():
        covariance[rows] = np.linalg.pinv(-hessian[rows]) * np.outer(high - low, high - low)[rows]
    return covariance


def _nan(dimension: int) -> Array:
    return np.full((dimension, dimension), np.nan)
