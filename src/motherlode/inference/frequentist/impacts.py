"""How far the data pull each nuisance parameter, and how far it moves the parameter of interest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motherlode.inference.frequentist.fit import Estimate, fit
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.potential import Observation

__all__ = ["Impacts", "impacts"]

Array = NDArray[np.float64]


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


def impacts(experiment: Experiment, observation: Observation, best: Estimate, interest: str) -> Impacts:
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
