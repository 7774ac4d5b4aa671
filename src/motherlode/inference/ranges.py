"""Does the question stay inside what the estimator was trained on."""

import warnings
from typing import Any

import torch
from torch import Tensor

from motherlode.inference.errors import OutOfRangeWarning
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior

__all__ = ["outside_share", "warn_out_of_range", "warn_outside_training"]


def warn_out_of_range(estimator: Any, prior: Prior, observation: Observation) -> None:
    """Warn if the prior or the observation leaves the box of the training set.

    Parameters
    ----------
    estimator
        ``theta_low, theta_high`` with shape ``(D,)`` and ``x_low, x_high`` with ``(*L)`` are the box, where they exist.
    prior
        The prior; a thousand of its draws are looked at.
    observation
        The observed events.

    Warns
    -----
    OutOfRangeWarning
        With the share of draws or events outside.
    """
    warn_outside_training(estimator, prior.sample(1000, seed=0), observation.x, "prior")


def warn_outside_training(estimator: Any, theta: Tensor, x: Tensor, source: str) -> None:
    """Warn if points ``(n, D)`` that come from ``source``, or events ``(M, *L)``, leave the box of the training set.

    Warns
    -----
    OutOfRangeWarning
        With the share of points or events outside.
    """
    share = outside_share(theta, estimator, "theta")
    if share > 0.0:
        warnings.warn(
            f"{share:.1%} of the {source} lies outside the θ that the estimator was trained on. A network extrapolates "
            "without telling, and what it says there means nothing. Mine events there, or stay inside.",
            OutOfRangeWarning,
            stacklevel=4,
        )
    share = outside_share(x, estimator, "x")
    if share > 0.0:
        warnings.warn(
            f"{share:.1%} of the observed events lie outside every x of the training set. The simulator may not "
            "describe these data at all. Look at diagnostics.predictive_check before you trust the result.",
            OutOfRangeWarning,
            stacklevel=4,
        )


def outside_share(points: Tensor, estimator: Any, name: str) -> float:
    """Return the share of points ``(n, *S)`` outside the box ``NAME_low … NAME_high``; 0 without box or points."""
    low, high = getattr(estimator, f"{name}_low", None), getattr(estimator, f"{name}_high", None)
    if not isinstance(low, Tensor) or not isinstance(high, Tensor) or low.shape != points.shape[1:]:
        return 0.0
    if len(points) == 0:
        return 0.0
    low, high = low.to(points.device), high.to(points.device)
    margin = torch.where(torch.isfinite(high - low), 0.02 * (high - low), 0.0)
    outside = (points < low - margin) | (points > high + margin)
    return float(outside.reshape(len(points), -1).any(dim=1).double().mean())
