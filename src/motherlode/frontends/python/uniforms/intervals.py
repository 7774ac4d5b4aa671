"""Hold what is known of each number of an array of uniforms: an interval, or its value."""

from typing import TypeAlias

import numpy as np

from motherlode.core.types import Array, Bools, Integers, UserValue
from motherlode.families import FAMILIES
from motherlode.tracing import draw

__all__ = ["Intervals"]

Index: TypeAlias = UserValue
Bound: TypeAlias = float | Array


class Intervals:
    """Hold the elements that all views of one array share.

    Parameters
    ----------
    hidden
        The numbers the plain program would have got, shape (*S).
    low, high
        Interval they are uniform on.
    """

    def __init__(self, hidden: Array, low: float, high: float) -> None:
        self.hidden = hidden
        self.low: Bound = low
        self.high: Bound = high
        self.value: Array | None = None
        self.settled: Bools | None = None
        self._branched: tuple[Index, Array, Array, Bools] | None = None

    def interval(self, where: Index) -> tuple[Bound, Bound]:
        """Return the bounds of some elements; scalars while no element was narrowed."""
        if self._branched is not None:
            self._narrow_branched(*self._branched)
        if isinstance(self.low, np.ndarray) and isinstance(self.high, np.ndarray):
            return self.low[where], self.high[where]
        return self.low, self.high

    def branch(self, where: Index, thresholds: Array, p: Array, below: Bools) -> None:
        """Remember on which side of thresholds some elements lie; most are never used again, so they narrow later."""
        self._branched = (where, thresholds, p, below)

    def _narrow_branched(self, where: Index, thresholds: Array, p: Array, below: Bools) -> None:
        self._branched = None
        low, high = self.interval(where)
        cut, is_open = np.clip(thresholds, low, high), (p > 0.0) & (p < 1.0)
        self.narrow(where, np.where(is_open & ~below, cut, low), np.where(is_open & below, cut, high))

    def narrow(self, where: Index, low: Array, high: Array) -> None:
        """Keep new bounds of some elements."""
        if not isinstance(self.low, np.ndarray):
            self.low = np.full(self.hidden.shape, self.low)
        if not isinstance(self.high, np.ndarray):
            self.high = np.full(self.hidden.shape, self.high)
        self.low[where], self.high[where] = low, high

    def is_settled(self, where: Index) -> bool:
        """Return whether any of some elements is a number already."""
        return self.settled is not None and bool(np.any(self.settled[where]))

    def settle(self, where: Index, site: int) -> Array:
        """Return some elements as numbers, drawing those that are open."""
        if self.value is None or self.settled is None:
            self.value, self.settled = np.zeros(self.hidden.shape), np.zeros(self.hidden.shape, dtype=np.bool_)
        open_ = np.flatnonzero(~self.settled[where])
        if len(open_):
            index = np.arange(self.hidden.size).reshape(self.hidden.shape)[where].reshape(-1)[open_]
            self._draw(np.unique(index), self.value.reshape(-1), self.settled.reshape(-1), site)
        return self.value[where]

    def _draw(self, index: Integers, value: Array, settled: Bools, site: int) -> None:
        low, high = self.interval(np.unravel_index(index, self.hidden.shape))
        hidden = self.hidden.reshape(-1)[index]
        value[index] = draw(site, FAMILIES["Uniform"], (low, high), sampler=hidden.copy, size=hidden.shape)
        settled[index] = True
