"""Do the observed events lie where the estimator has seen events at all."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from motherlode.inference import WrongEstimator

__all__ = ["RangeCheck", "range_check"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RangeCheck:
    """Observed events against the box of the training set.

    Attributes
    ----------
    x
        Observed events, each flattened, with shape ``(M, F)``.
    low, high
        Smallest and largest value of each component in the training set, shape ``(F,)``: the band.
    """

    x: Array
    low: Array
    high: Array

    @property
    def outside(self) -> NDArray[np.bool_]:
        """Which values leave the box by more than 2 % of its width, with shape ``(M, F)``."""
        margin = 0.02 * np.where(np.isfinite(self.high - self.low), self.high - self.low, 0.0)
        return np.asarray((self.x < self.low - margin) | (self.x > self.high + margin))

    @property
    def ok(self) -> bool:
        """Whether every event lies inside."""
        return not self.outside.any()

    def verdict(self) -> str:
        """Say in words what was found."""
        if self.ok:
            return "range: every observed event lies inside the training set's range"
        events, worst = int(self.outside.any(axis=1).sum()), int(self.outside.sum(axis=0).argmax())
        return (
            f"range: {events} of {len(self.x)} observed events lie outside, component {worst} most often "
            f"({self.outside[:, worst].sum()} times outside [{self.low[worst]:.4g}, {self.high[worst]:.4g}])"
        )


def range_check(estimator: Any, x_observed: ArrayLike) -> RangeCheck:
    """Compare observed events ``(M, *L)`` with the range of x that a trained estimator remembers.

    Raises
    ------
    WrongEstimator
        If it remembers none, as a closed form does.
    """
    low, high = getattr(estimator, "x_low", None), getattr(estimator, "x_high", None)
    if not isinstance(low, Tensor) or not isinstance(high, Tensor):
        raise WrongEstimator(estimator, "x_low and x_high", "Pass a trained estimator.")
    x = np.asarray(torch.as_tensor(x_observed), dtype=np.float64)
    return RangeCheck(x.reshape(len(x), -1), *(side.double().numpy().ravel() for side in (low, high)))
