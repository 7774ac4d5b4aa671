"""Say where a law has density: a box around it, and whether a point lies inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Bools
from motherlode.laws.factor import Factor

__all__ = ["Support", "split"]


@dataclass(frozen=True)
class Support:
    """Where independent factors have density.

    Attributes
    ----------
    factors
        Side by side.
    """

    factors: tuple[Factor, ...]

    @property
    def low(self) -> Array:
        """Lower ends of the smallest box around it, shape ``(D,)``; -inf where there is none."""
        return np.concatenate([factor.low for factor in self.factors])

    @property
    def high(self) -> Array:
        """Upper ends of the smallest box around it, shape ``(D,)``; inf where there is none."""
        return np.concatenate([factor.high for factor in self.factors])

    def contains(self, theta: ArrayLike) -> Bools:
        """Return whether theta ``(*B, D)`` lies in the support, with shape ``(*B,)``; it may be less than the box."""
        parts = zip(self.factors, split(self.factors, np.asarray(theta, dtype=np.float64)), strict=True)
        return np.all([factor.contains(part) for factor, part in parts], axis=0)


def split(factors: Sequence[Factor], theta: Array) -> list[Array]:
    """Cut the last axis of theta ``(*B, D)`` into the parts of the factors."""
    return np.split(theta, list(accumulate(factor.size for factor in factors))[:-1], axis=-1)
