"""From an estimator, observed events and bounds to everything that can be asked of them without a prior."""

from collections.abc import Mapping, Sequence

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.likelihood import Experiment, Mode
from motherlode.inference.frequentist.nuisance import Constraint
from motherlode.inference.frequentist.rate import Rate
from motherlode.inference.frequentist.study import Limits
from motherlode.inference.potential import Observation
from motherlode.inference.ranges import warn_outside_training

__all__ = ["limits"]


def limits(
    estimator: object,
    x_observed: ArrayLike | Tensor,
    bounds: Mapping[str, tuple[float, float]],
    *,
    interest: Sequence[str] | None = None,
    rate: Rate | None = None,
    mode: Mode = "full",
    constraints: Mapping[str, Constraint] | None = None,
) -> "Limits":
    """Set up frequentist inference from an estimator and M observed events.

    Parameters
    ----------
    estimator
        Anything with ``log_ratio(theta, x)`` or ``log_prob(x, theta)``.
    x_observed
        Events with shape ``(M, *L)``.
    bounds
        ``(low, high)`` of each parameter by name, in the estimator's order.
    interest
        Names of the parameters of interest; the others are nuisances and profiled. Default: all without a constraint.
    rate
        Expected number of events as a function of θ.
    mode
        ``"full"``, ``"kinematics"`` or ``"rate"``.
    constraints
        Auxiliary measurements of nuisance parameters by name: a :class:`Constraint` of one of ``bounds``, or a
        :class:`Shift`, which adds a parameter that the simulator does not know.

    Raises
    ------
    InferenceError, UnusableObservation, WrongEstimator
        If bounds, constraints, observation or estimator cannot be used.

    Warns
    -----
    OutOfRangeWarning
        If the bounds or the observation reach outside what the estimator was trained on.
    """
    experiment = Experiment(estimator, bounds, rate, mode, constraints)
    names = experiment.names
    chosen = tuple(interest) if interest is not None else tuple(n for n in names if n not in experiment.constraints)
    if not chosen or not set(chosen) <= set(names):
        raise InferenceError(
            f"the parameters of interest {list(chosen)} are not among {list(names)}. Everything would be profiled. "
            "Name at least one parameter that has bounds."
        )
    observation = Observation(x_observed, may_be_empty=experiment.counted)
    if mode != "rate":
        corners = torch.cartesian_prod(*torch.tensor([bounds[name] for name in bounds], dtype=torch.float64))
        warn_outside_training(estimator, corners.reshape(-1, len(bounds)), observation.x, "corners of the bounds")
    return Limits(experiment, observation, chosen)
