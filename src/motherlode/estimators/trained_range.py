"""Say what lies outside the range that an estimator was trained on: one rule for θ and for x."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["OutOfRangeWarning", "TrainedRange", "trained_range"]

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
