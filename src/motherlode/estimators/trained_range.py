"""Say what lies outside the range that an estimator was trained on: one rule for θ and for x."""

import warnings
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["OutOfRangeWarning", "TrainedRange", "trained_range", "warn_out_of_range"]

_MARGIN = 0.02


class OutOfRangeWarning(UserWarning):
    """Warn that parameters or events lie outside what an estimator was trained on."""


@dataclass(frozen=True)
class TrainedRange:
    """The box that the training set fills.

    Attributes
    ----------
    low, high
        Smallest and largest value of each component, with shape ``(*S,)``.
    """

    low: Tensor
    high: Tensor

    def outside(self, points: Tensor) -> Tensor:
        """Return which values leave the box by more than 2 % of its width, with the shape of points ``(*B, *S)``."""
        low, high = self.low.to(points.device), self.high.to(points.device)
        margin = torch.where(torch.isfinite(high - low), _MARGIN * (high - low), 0.0)
        return (points < low - margin) | (points > high + margin)

    def share_outside(self, points: Tensor) -> float:
        """Return the share of points ``(n, *S)`` that leave the box in some component; 0 where there are none."""
        if len(points) == 0:
            return 0.0
        return float(self.outside(points).reshape(len(points), -1).any(dim=1).double().mean())


def trained_range(estimator: object, name: Literal["theta", "x"]) -> TrainedRange | None:
    """Return the range of θ or x that an estimator remembers; None for one that remembers none, as a closed form.

    Parameters
    ----------
    estimator
        Anything; ``theta_low, theta_high`` with shape ``(D,)`` and ``x_low, x_high`` with shape ``(*L)`` are looked
        for.
    name
        Which of the two.
    """
    low, high = getattr(estimator, f"{name}_low", None), getattr(estimator, f"{name}_high", None)
    return TrainedRange(low, high) if isinstance(low, Tensor) and isinstance(high, Tensor) else None


def warn_out_of_range(estimator: object, theta: Tensor, x: Tensor, source: str) -> None:
    """Warn if parameters or events leave the range of the training set.

    Parameters
    ----------
    estimator
        One that remembers no range, or ranges of other shapes, is not asked.
    theta
        Parameters with shape ``(n, D)``.
    x
        Observed events with shape ``(M, *L)``.
    source
        Where the parameters come from: completes "of the".

    Warns
    -----
    OutOfRangeWarning
        With the share of parameters or events outside.
    """
    seen = trained_range(estimator, "theta")
    if seen is not None and seen.low.shape == theta.shape[1:] and (share := seen.share_outside(theta)) > 0.0:
        warnings.warn(
            f"{share:.1%} of the {source} lies outside the θ that the estimator was trained on. A network extrapolates "
            "without telling, and what it says there means nothing. Mine events there, or stay inside.",
            OutOfRangeWarning,
            stacklevel=3,
        )
    seen = trained_range(estimator, "x")
    if seen is not None and seen.low.shape == x.shape[1:] and (share := seen.share_outside(x)) > 0.0:
        warnings.warn(
            f"{share:.1%} of the observed events lie outside every x of the training set. The simulator may not "
            "describe these data at all. Look at diagnostics.predictive_check before you trust the result.",
            OutOfRangeWarning,
            stacklevel=3,
        )
