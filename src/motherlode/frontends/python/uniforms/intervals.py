"""Hold what is known of each number of an array of uniforms: an interval, or its value."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motherlode.families import FAMILIES
from motherlode.tracing import draw

__all__ = ["Intervals"]

Array = NDArray[np.float64]


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
        self.low: Any = low
        self.high: Any = high
        self.value: Array | None = None
        self.settled: NDArray[np.bool_] | None = None
        self._branched: tuple[Any, Array, Array, NDArray[np.bool_]] | None = None

    def interval(self, where: Any) -> tuple[Any, Any]:
        """Return the bounds of some elements; scalars while no element was narrowed."""
        if self._branched is not None:
            self._narrow_branched(*self._branched)
        return (self.low, self.high) if np.ndim(self.low) == 0 else (self.low[where], self.high[where])

    def branch(self, where: Any, thresholds: Array, p: Array, below: NDArray[np.bool_]) -> None:
        """Remember on which side of thresholds some elements lie; most are never used again, so they narrow later."""
        self._branched = (where, thresholds, p, below)

    def _narrow_branched(self, where: Any, thresholds: Array, p: Array, below: NDArray[np.bool_]) -> None:
        self._branched = None
        low, high = self.interval(where)
        cut, is_open = np.clip(thresholds, low, high), (p > 0.0) & (p < 1.0)
        self.narrow(where, np.where(is_open & ~below, cut, low), np.where(is_open & below, cut, high))

    def narrow(self, where: Any, low: Any, high: Any) -> None:
        """Keep new bounds of some elements."""
        if np.ndim(self.low) == 0:
            self.low = np.full(self.hidden.shape, self.low)
            self.high = np.full(self.hidden.shape, self.high)
        self.low[where], self.high[where] = low, high

    def is_settled(self, where: Any) -> bool:
        """Return whether any of some elements is a number already."""
        return self.settled is not None and bool(np.any(self.settled[where]))

    def settle(self, where: Any, site: int) -> Any:
        """Return some elements as numbers, drawing those that are open."""
        if self.value is None or self.settled is None:
            self.value, self.settled = np.zeros(self.hidden.shape), np.zeros(self.hidden.shape, dtype=np.bool_)
        open_ = np.flatnonzero(~self.settled[where])
        if len(open_):
            index = np.arange(self.hidden.size).reshape(self.hidden.shape)[where].reshape(-1)[open_]
            self._draw(np.unique(index), site)
        return self.value[where]

    def _draw(self, index: NDArray[np.int64], site: int) -> None:
        low, high = self.interval(np.unravel_index(index, self.hidden.shape))
        hidden = self.hidden.reshape(-1)[index]
        drawn = draw(site, FAMILIES["Uniform"], (low, high), sampler=hidden.copy, size=hidden.shape)
        if self.value is not None and self.settled is not None:
            self.value.reshape(-1)[index] = drawn
            self.settled.reshape(-1)[index] = True
