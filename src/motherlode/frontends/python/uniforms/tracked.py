"""Delay a uniform number whose interval is narrowed at every point that a run carries."""

import sys
from collections.abc import Callable, Sequence
from typing import TypeAlias

from motherlode.core.types import Array, UserFunction, UserValue
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.tracked.number import Tracked, at_point
from motherlode.frontends.python.uniforms.linked import Side
from motherlode.frontends.python.uniforms.scalar import LinkedFloat
from motherlode.gold.one_pass import TrackingEnded
from motherlode.tracing.branching import DrawParameters
from motherlode.tracing.shortcut import Channel

__all__ = ["TrackedUniform"]

Bounds: TypeAlias = list[tuple[float, float]]

_getframe = sys._getframe
_known = NEAREST.known
_here = NEAREST.site


class TrackedUniform(LinkedFloat):
    """Stand for a uniform number that is not settled at any point.

    What is `_there` of it at the points but the first: how many they are, while it is new and on [0, 1); then the
    thresholds and the outcome of its first comparison; once it is used again, the intervals.

    Parameters
    ----------
    value, channel, low, high
        As of :class:`LinkedFloat`.
    ask
        Takes what each draw is asked with at the other points.
    there
        How many other points there are, on [0, 1); the intervals at them otherwise.
    """

    __slots__ = ("_ask", "_there")

    _ask: Callable[[list[DrawParameters]], None]
    _there: int | tuple[Sequence[float], bool] | Bounds

    def __new__(
        cls,
        value: float,
        channel: Channel,
        ask: Callable[[list[DrawParameters]], None],
        there: int | Bounds,
        low: float = 0.0,
        high: float = 1.0,
    ) -> "TrackedUniform":
        """Make a number."""
        number = float.__new__(cls, value)
        number._channel = channel
        number._low = low
        number._high = high
        number._ask = ask
        number._there = there
        return number

    def __lt__(self, other: UserValue) -> UserValue:
        """Branch; a first comparison is the commonest draw, so it is written out for it."""
        if other.__class__ is not Tracked or self._there.__class__ is not int or not 0.0 < other.values[0] < 1.0:
            return super().__lt__(other)
        values = other.values
        here = values[0]
        frame = _getframe(1)
        site = _known((id(frame.f_code), frame.f_lasti))
        outcome = self._channel.branch(_here() if site is None else site, here, float.__float__(self), here)
        self._ask([(t if 0.0 < t < 1.0 else _clipped(t),) for t in values[1:]])
        self._there = values, outcome
        return outcome

    def _bounds(self) -> Bounds:
        """Return the intervals, after the first comparison too if that was written out."""
        if isinstance(self._there, int):
            self._there = [(0.0, 1.0)] * self._there
        elif isinstance(self._there, tuple):
            (here, *there), below = self._there
            self._low, self._high = (0.0, here) if below else (here, 1.0)
            self._there = [(0.0, 1.0) if not 0.0 < t < 1.0 else (0.0, t) if below else (t, 1.0) for t in there]
        return self._there

    def branch(self, threshold: UserValue, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch at every point, as the first one decides."""
        bounds = self._bounds()
        there = threshold.values[1:] if threshold.__class__ is Tracked else [threshold] * len(bounds)
        shares = [
            0.0 if t <= low else 1.0 if t >= high else (t - low) / (high - low)
            for t, (low, high) in zip(there, bounds)  # noqa: B905
        ]
        outcome = super().branch(at_point(threshold, 0), site, below, arguments)
        self._ask([(share,) for share in shares])
        self._there = [
            (bound if not 0.0 < share < 1.0 else (bound[0], t) if outcome else (t, bound[1]))
            for bound, t, share in zip(bounds, there, shares)  # noqa: B905
        ]
        return outcome

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        if not self.is_settled:
            self._ask(list(self._bounds()))
        return super().settle(site)

    def locate(self, edges: Array, site: int, side: Side) -> int:
        """Refuse: edges are an array."""
        raise TrackingEnded("np.searchsorted", "arrays are not tracked")


def _clipped(t: float) -> float:
    """Return the part of [0, 1) that lies below a threshold; NaN stays NaN."""
    return 0.0 if t <= 0.0 else 1.0 if t >= 1.0 else t
