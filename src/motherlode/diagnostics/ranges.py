"""Do the observed events lie inside the range of the training set."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Bools
from motherlode.estimators.trained_range import TrainedRange, trained_range
from motherlode.inference import WrongEstimator

__all__ = ["RangeCheck", "range_check"]


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
    def outside(self) -> Bools:
        """Which values leave the box by more than 2 % of its width, with shape ``(M, F)``."""
        seen = TrainedRange(torch.from_numpy(self.low), torch.from_numpy(self.high))
        return np.asarray(seen.outside(torch.from_numpy(self.x)).numpy())

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


def range_check(estimator: object, x_observed: ArrayLike) -> RangeCheck:
    """Compare observed events ``(M, *L)`` with the range of x that a trained estimator remembers.

    Raises
    ------
    WrongEstimator
        If it remembers none, as a closed form does.
    """
    seen = trained_range(estimator, "x")
    if seen is None:
        raise WrongEstimator(estimator, "x_low and x_high", "Pass a trained estimator.")
    x = np.asarray(torch.as_tensor(x_observed), dtype=np.float64)
    return RangeCheck(x.reshape(len(x), -1), *(side.double().numpy().ravel() for side in (seen.low, seen.high)))
