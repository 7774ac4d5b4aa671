"""Draw with tracked parameters: the value of the first point, and what the draw was asked with at every other one."""

import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.families import FAMILIES
from motherlode.frontends.python.generator.drawing import Law, Size
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.tracked.number import Tracked, lane
from motherlode.frontends.python.uniforms.delayed import settled
from motherlode.frontends.python.uniforms.scalar import LazyUniform
from motherlode.gold.one_pass import Ride, TrackingEnded
from motherlode.tracing import caller_site, draw, stream
from motherlode.tracing.addresses import known_site, site_of_frame

__all__ = ["ride_together"]

Array = NDArray[np.float64]
Ask = Callable[[list[tuple[Any, ...]]], None]
"""Takes what the next draw is asked with at each point but the first."""

_new = object.__new__
_getframe = sys._getframe


def ride_together(call: Callable[[Any, Any], Any], points: Array) -> Ride:
    """Run ``call(theta, rng)`` once at all points (P, D).

    Raises
    ------
    TrackingEnded
        If the program needs an ordinary float, or x depends on the point: replay must decide.
    """
    theta = np.empty(points.shape[1], dtype=object)
    for index, column in enumerate(points.T.tolist()):
        theta[index] = Tracked(column)
    rows: list[list[tuple[Any, ...]]] = []
    x = call(theta, _TrackedGenerator(stream(), rows.append, len(points) - 1))
    if isinstance(x, Tracked) or (isinstance(x, np.ndarray) and x.dtype == object):
        raise TrackingEnded("x", "it depends on theta outside the draws")
    output = np.array(x, dtype=np.float64)
    return Ride(output, [list(point) for point in zip(*rows, strict=True)] or [[] for _ in points[1:]])


class _TrackedGenerator(TracedGenerator):
    """Draw for all points together."""

    def __init__(self, generator: Generator, ask: Ask, others: int) -> None:
        super().__init__(generator)
        self._ask, self._others = ask, others

    def random(self, size: Size = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Draw lazy uniforms on [0, 1)."""
        if size is not None or out is not None or dtype is not np.float64:
            raise TrackingEnded("rng.random(size)", "arrays are not tracked")
        lazy = _new(_TrackedUniform)
        lazy._channel = self._channel
        lazy._hidden = self._generator.random()
        lazy._ask = self._ask
        lazy._low = 0.0
        lazy._high = 1.0
        lazy._settled = None
        lazy._known = self._others
        return lazy

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw lazy uniforms on [low, high)."""
        if size is not None or isinstance(low, Tracked) or isinstance(high, Tracked) or not low < high:
            raise TrackingEnded("rng.uniform", "its support is tracked or empty, or it is an array")
        lazy = _TrackedUniform(self._channel, self._generator.uniform(low, high), float(low), float(high))
        lazy._ask, lazy._known = self._ask, [(lazy._low, lazy._high)] * self._others
        return lazy

    def _draw(
        self,
        family: str,
        sampler: Callable[..., Any],
        arguments: tuple[Any, ...],
        size: Size = None,
        law: Law | None = None,
        depth: int = 2,
    ) -> Any:
        site = self._site(depth)
        given = [settled(argument, site) for argument in arguments]
        points = [[lane(argument, index) for argument in given] for index in range(1 + self._others)]
        parameters, *there = [tuple(point) if law is None else law(*point) for point in points]
        self._ask(there)
        here = points[0]
        return draw(site, FAMILIES[family], parameters, sampler=sampler, arguments=(*here, size), size=size)

    def _draw_joint(self, *arguments: Any, **options: Any) -> Any:
        raise TrackingEnded("a draw of a vector", "arrays are not tracked")


class _TrackedUniform(LazyUniform):
    """Stand for a uniform number whose interval is narrowed at every point.

    What is `_known` of it at the points but the first: how many they are, while it is new and on [0, 1); then the lanes
    and the outcome of its first comparison; once it is used again, the intervals.
    """

    __slots__ = ("_ask", "_known")
    _ask: Ask
    _known: Any

    def __lt__(self, other: Any) -> Any:
        """Branch; a first comparison is the commonest draw, so it is written out for it."""
        if other.__class__ is not Tracked or self._known.__class__ is not int or not 0.0 < other.lanes[0] < 1.0:
            return self.compare(other, operator.lt, caller_site())
        lanes = other.lanes
        here = lanes[0]
        frame = _getframe(1)
        site = known_site((id(frame.f_code), frame.f_lasti))
        outcome = self._channel.branch(site_of_frame(frame) if site is None else site, here, self._hidden, here)
        self._ask([(t if 0.0 < t < 1.0 else _clipped(t),) for t in lanes[1:]])
        self._known = lanes, outcome
        return outcome

    def _bounds(self) -> list[tuple[float, float]]:
        """Return the intervals, after the first comparison too if that was written out."""
        if isinstance(self._known, int):
            self._known = [(0.0, 1.0)] * self._known
        elif isinstance(self._known, tuple):
            (here, *there), below = self._known
            self._low, self._high = (0.0, here) if below else (here, 1.0)
            self._known = [(0.0, 1.0) if not 0.0 < t < 1.0 else (0.0, t) if below else (t, 1.0) for t in there]
        bounds: list[tuple[float, float]] = self._known
        return bounds

    def branch(self, threshold: Any, site: int, below: Any, arguments: tuple[Any, ...]) -> bool:
        """Branch at every point, as the first one decides."""
        bounds = self._bounds()
        lanes = threshold.lanes[1:] if threshold.__class__ is Tracked else [threshold] * len(bounds)
        shares = [
            0.0 if t <= low else 1.0 if t >= high else (t - low) / (high - low)
            for t, (low, high) in zip(lanes, bounds)  # noqa: B905
        ]
        outcome = super().branch(lane(threshold, 0), site, below, arguments)
        self._ask([(share,) for share in shares])
        self._known = [
            (bound if not 0.0 < share < 1.0 else (bound[0], t) if outcome else (t, bound[1]))
            for bound, t, share in zip(bounds, lanes, shares)  # noqa: B905
        ]
        return outcome

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        if self._settled is None:
            self._ask(list(self._bounds()))
        return super().settle(site)

    def locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
        """Refuse: edges are an array."""
        raise TrackingEnded("np.searchsorted", "arrays are not tracked")


def _clipped(t: float) -> float:
    """Return the part of [0, 1) that lies below a threshold; NaN stays NaN."""
    return 0.0 if t <= 0.0 else 1.0 if t >= 1.0 else t
