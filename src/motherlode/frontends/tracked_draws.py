"""Draw with tracked parameters: the value of the first point, and what the draw was asked with at every other one."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.families import FAMILIES
from motherlode.frontends.generator import TracedGenerator
from motherlode.frontends.lazy import settled
from motherlode.frontends.traced import Law, Size
from motherlode.frontends.tracked import Tracked, lane
from motherlode.frontends.uniform import LazyUniform
from motherlode.gold.together import Ride, TrackingEnded
from motherlode.tracing import caller_site, draw, stream

__all__ = ["ride_together"]

Array = NDArray[np.float64]
Asked = list[Callable[[tuple[Any, ...]], None]]
"""For each point but the first, takes what the next draw is asked with there."""

_BERNOULLI = FAMILIES["Bernoulli"]
_lt = operator.lt


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
    asked: list[list[tuple[Any, ...]]] = [[] for _ in points[1:]]
    x = call(theta, _TrackedGenerator(stream(), [parameters.append for parameters in asked]))
    if isinstance(x, Tracked) or (isinstance(x, np.ndarray) and x.dtype == object):
        raise TrackingEnded("x", "it depends on theta outside the draws")
    return Ride(np.array(x, dtype=np.float64), asked)


class _TrackedGenerator(TracedGenerator):
    """Draw for all points together."""

    def __init__(self, generator: Generator, asked: Asked) -> None:
        super().__init__(generator)
        self._asked = asked

    def random(self, size: Size = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Draw lazy uniforms on [0, 1)."""
        if size is not None or out is not None:
            raise TrackingEnded("rng.random(size)", "arrays are not tracked")
        return _TrackedUniform(self._channel, self._generator.random(), self._asked)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw lazy uniforms on [low, high)."""
        if size is not None or isinstance(low, Tracked) or isinstance(high, Tracked):
            raise TrackingEnded("rng.uniform", "its support is tracked, or it is an array")
        return _TrackedUniform(self._channel, self._generator.uniform(low, high), self._asked, float(low), float(high))

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
        for index, append in enumerate(self._asked, 1):
            there = [lane(argument, index) for argument in given]
            append(tuple(there) if law is None else law(*there))
        here = [lane(argument, 0) for argument in given]
        parameters = tuple(here) if law is None else law(*here)
        return draw(site, FAMILIES[family], parameters, sampler=sampler, arguments=(*here, size), size=size)

    def _draw_joint(self, *arguments: Any, **options: Any) -> Any:
        raise TrackingEnded("a draw of a vector", "arrays are not tracked")


class _TrackedUniform(LazyUniform):
    """Stand for a uniform number whose interval is narrowed at every point."""

    __slots__ = ("_asked", "_bounds", "_fresh", "_pending")

    def __init__(self, channel: Any, hidden: float, asked: Asked, low: float = 0.0, high: float = 1.0) -> None:
        self._channel, self._hidden, self._low, self._high = channel, hidden, low, high
        self._settled: float | None = None
        self._asked = asked
        self._bounds: list[tuple[float, float]] | None = None
        self._pending: tuple[Any, bool] | None = None
        self._fresh = low == 0.0 and high == 1.0

    def __lt__(self, other: Any) -> Any:
        """Branch; a first comparison is the commonest draw, so it is written out for it."""
        if other.__class__ is not Tracked or not self._fresh:
            return self.compare(other, operator.lt, caller_site())
        lanes = other.lanes
        here = lanes[0]
        if not 0.0 < here < 1.0:
            return self.compare(other, operator.lt, caller_site())
        outcome = self._channel.take(caller_site(), _BERNOULLI, (here,), _lt, (self._hidden, here))
        for index, append in enumerate(self._asked, 1):
            t = lanes[index]
            append((t if 0.0 < t < 1.0 else 0.0 if t <= 0.0 else 1.0,))
        self._fresh, self._pending = False, (lanes, outcome)
        return outcome

    def _catch_up(self) -> None:
        """Narrow the interval by a comparison that was written out."""
        self._fresh = False
        if self._pending is not None:
            (here, *there), below = self._pending
            self._low, self._high = (0.0, here) if below else (here, 1.0)
            self._bounds = [(0.0, 1.0) if not 0.0 < t < 1.0 else (0.0, t) if below else (t, 1.0) for t in there]
            self._pending = None

    def branch(self, threshold: Any, site: int, below: Any, arguments: tuple[Any, ...]) -> bool:
        """Branch at every point, as the first one decides."""
        self._catch_up()
        bounds = self._bounds or [(self._low, self._high)] * len(self._asked)
        lanes = threshold.lanes[1:] if threshold.__class__ is Tracked else [threshold] * len(bounds)
        shares = [
            0.0 if t <= low else 1.0 if t >= high else (t - low) / (high - low)
            for t, (low, high) in zip(lanes, bounds)  # noqa: B905
        ]
        outcome = super().branch(lane(threshold, 0), site, below, arguments)
        for append, share in zip(self._asked, shares):  # noqa: B905
            append((share,))
        self._bounds = [
            (bound if not 0.0 < share < 1.0 else (bound[0], t) if outcome else (t, bound[1]))
            for bound, t, share in zip(bounds, lanes, shares)  # noqa: B905
        ]
        return outcome

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        self._catch_up()
        if self._settled is None:
            for index, append in enumerate(self._asked):
                append((self._low, self._high) if self._bounds is None else self._bounds[index])
        return super().settle(site)

    def locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
        """Refuse: edges are an array."""
        raise TrackingEnded("np.searchsorted", "arrays are not tracked")
