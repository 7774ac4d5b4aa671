"""Say which values a parameter may take, as a check on arrays and in words for an error message."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from motherlode.core.types import Array, Bools

__all__ = [
    "ABOVE_ONE",
    "BELOW_ONE",
    "COUNT",
    "FINITE",
    "POSITIVE",
    "PROBABILITY",
    "RATE",
    "SUCCESS",
    "WEIGHTS",
    "Domain",
    "is_count",
]


class Domain(NamedTuple):
    """Hold a set of numbers: in words, and as a check ``contains(values)`` that is False at NaN."""

    words: str
    contains: Callable[[Array], Bools]


def is_count(value: Array, least: int = 0) -> Bools:
    """Return whether values are whole numbers from `least` on."""
    return (value >= least) & (value == np.floor(value))


def _rate(value: Array) -> Bools:
    return np.isfinite(value) & (value >= 0)


FINITE = Domain("finite", np.isfinite)
POSITIVE = Domain("> 0, finite", lambda value: np.isfinite(value) & (value > 0))
RATE = Domain("≥ 0, finite", _rate)
COUNT = Domain("a count", lambda value: np.isfinite(value) & is_count(value))
PROBABILITY = Domain("in [0, 1]", lambda value: (value >= 0) & (value <= 1))
SUCCESS = Domain("in (0, 1]", lambda value: (value > 0) & (value <= 1))
BELOW_ONE = Domain("in (0, 1)", lambda value: (value > 0) & (value < 1))
ABOVE_ONE = Domain("> 1", lambda value: value > 1)
WEIGHTS = Domain("≥ 0, finite, with a sum > 0", lambda value: np.all(_rate(value), axis=-1) & (value.sum(axis=-1) > 0))
