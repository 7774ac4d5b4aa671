"""Delay a uniform number until the simulator shows what it is for.

``rng.random() < p`` is a Bernoulli(p) branching, and nothing else of the number is ever used; recorded as a
Uniform, it would hide its dependence on θ. So the number stays an interval: a comparison narrows it and becomes
the branching; only use as a number settles it, as Uniform(low, high) on what is left of the interval. The number that
the plain program would have got from the same stream decides every open branching, by the program's own operations.
"""

import operator
import sys
from typing import Any

import numpy as np

from motherlode.families import FAMILIES
from motherlode.frontends.python.tracked.number import lane
from motherlode.frontends.python.uniforms.delayed import NUMBERS, Lazy, Operation, Order, settled
from motherlode.tracing import caller_site
from motherlode.tracing.addresses import known_site, site_of_frame
from motherlode.tracing.shortcut import Channel

__all__ = ["LazyUniform"]

_BERNOULLI = FAMILIES["Bernoulli"]
_CATEGORICAL = FAMILIES["Categorical"]
_UNIFORM = FAMILIES["Uniform"]
_BELOW = (operator.lt, operator.le)
_lt = operator.lt
_getframe = sys._getframe


class LazyUniform(Lazy):
    """Stand for a uniform number that is not settled.

    Comparison with a number is a Bernoulli branching, its place among sorted edges a Categorical one; +, -, * and /
    with a number stay lazy; everything else settles it and returns an ordinary float.

    Parameters
    ----------
    channel
        Makes the draws, see :func:`motherlode.tracing.shortcut.channel`.
    hidden
        The number the plain program would have got from the same stream.
    low, high
        Interval the number is uniform on.
    """

    __slots__ = ("_channel", "_hidden", "_high", "_low", "_settled")

    def __init__(self, channel: Channel, hidden: float, low: float = 0.0, high: float = 1.0) -> None:
        self._channel, self._hidden, self._low, self._high = channel, hidden, low, high
        self._settled: float | None = None

    def __lt__(self, other: Any) -> Any:
        """Branch; the commonest draw of all, so the general way is written out once more for it."""
        low, high = self._low, self._high
        if other.__class__ is not float or not low < other < high or self._settled is not None:
            return self.compare(other, _lt, caller_site())
        frame = _getframe(1)
        site = known_site((id(frame.f_code), frame.f_lasti))
        if site is None:
            site = site_of_frame(frame)
        p = other if low == 0.0 and high == 1.0 else (other - low) / (high - low)
        outcome = self._channel.branch(site, p, self._hidden, other)
        if outcome:
            self._high = other
        else:
            self._low = other
        return outcome

    def compare(self, other: Any, order: Order, site: int) -> Any:
        """Branch on a comparison."""
        return _compare(self, self, (1.0, 0.0), other, order, site)

    def branch(self, threshold: float, site: int, below: Any, arguments: tuple[Any, ...]) -> bool:
        """Branch on whether the number lies below a threshold, which ``below(*arguments)`` decides if it is open."""
        low, high = self._low, self._high
        p = 0.0 if threshold <= low else 1.0 if threshold >= high else (threshold - low) / (high - low)
        outcome = bool(self._channel.take(site, _BERNOULLI, (p,), below, arguments))
        if 0.0 < p < 1.0:
            self._low, self._high = (low, threshold) if outcome else (threshold, high)
        return outcome

    def apply(self, number: float) -> Any:
        """Return what the program would have in place of this object, were u `number`."""
        return number

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        if self._settled is None:
            self._settled = float(self._channel.take(site, _UNIFORM, (self._low, self._high), float, (self._hidden,)))
        return self._settled

    def operate(self, operation: Operation, scale: float, offset: float) -> "_Affine":
        """Return ``scale * self + offset``, lazily."""
        return _Affine(self, (operation,), scale, offset)

    def locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
        """Return where the number falls among sorted edges: a Categorical branching."""
        if self._settled is not None or sorter is not None or edges.ndim != 1:
            return np.searchsorted(edges, self.settle(site), side, sorter)
        low, high = self._low, self._high
        inner = np.clip(edges, low, high)
        bounds = np.concatenate([[low], inner, [high]])
        found = int(
            self._channel.take(site, _CATEGORICAL, (np.diff(bounds),), np.searchsorted, (edges, self._hidden, side))
        )
        if bounds[found] < bounds[found + 1]:
            self._low, self._high = float(bounds[found]), float(bounds[found + 1])
        return np.intp(found)

    def __repr__(self) -> str:
        return f"LazyUniform({self._low:g}, {self._high:g})"


class _Affine(Lazy):
    """Stand for ``scale * u + offset`` as the program computes it; copies share u."""

    __slots__ = ("_line", "_operations", "_uniform")

    def __init__(self, uniform: LazyUniform, operations: tuple[Operation, ...], scale: float, offset: float) -> None:
        self._uniform, self._operations, self._line = uniform, operations, (scale, offset)

    def compare(self, other: Any, order: Order, site: int) -> Any:
        """Branch on a comparison."""
        return _compare(self, self._uniform, self._line, other, order, site)

    def apply(self, number: float) -> Any:
        """Return what the program would have in place of this object, were u `number`."""
        result: Any = number
        for function, operand, reflected in self._operations:
            result = function(operand, result) if reflected else function(result, operand)
        return result

    def settle(self, site: int) -> Any:
        """Return the value, with u settled."""
        return self.apply(self._uniform.settle(site))

    def operate(self, operation: Operation, scale: float, offset: float) -> "_Affine":
        """Return ``scale * self + offset``, lazily."""
        mine = self._line
        return _Affine(self._uniform, (*self._operations, operation), scale * mine[0], scale * mine[1] + offset)

    def locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
        """Settle and return where the value falls among sorted edges."""
        return np.searchsorted(edges, self.settle(site), side, sorter)

    def __repr__(self) -> str:
        return f"{self._line[0]:g} * {self._uniform!r} + {self._line[1]:g}"


def _compare(
    lazy: "LazyUniform | _Affine",
    uniform: LazyUniform,
    line: tuple[float, float],
    other: Any,
    order: Order,
    site: int,
) -> Any:
    if isinstance(other, np.ndarray) and other.ndim:
        outcomes = [_compare(lazy, uniform, line, element, order, site) for element in other.ravel()]
        return np.array(outcomes, dtype=np.bool_).reshape(other.shape)
    other = settled(other[()] if isinstance(other, np.ndarray) else other, site)
    scale, offset = line
    here = lane(other, 0)
    if not isinstance(here, NUMBERS) or uniform._settled is not None or scale == 0.0:
        return order(lazy.settle(site), other)
    number = other if here is not other else float(here)
    threshold = number if lazy is uniform else (number - offset) / scale
    same = (order in _BELOW) == (scale > 0.0)
    outcome = uniform.branch(threshold, site, _decide, (lazy, uniform._hidden, here, order, same)) is same
    plain = isinstance(here, np.generic) or isinstance(lazy.apply(0.5), np.generic)
    return np.bool_(outcome) if plain else outcome


def _decide(lazy: "LazyUniform | _Affine", hidden: float, other: Any, order: Order, same: bool) -> bool:
    return bool(order(lazy.apply(hidden), other)) is same
