"""Delay a uniform number until the simulator shows what it is for.

``rng.random() < p`` is a Bernoulli(p) branching, and nothing else of the number is ever used; recorded as a
Uniform, it would hide its dependence on θ. So the number stays an interval: a comparison narrows it and becomes
the branching; only use as a number settles it, as Uniform(low, high) on what is left of the interval. The number that
the plain program would have got from the same stream decides every open branching, by the program's own operations.
"""

import operator
import sys

import numpy as np

from motherlode.core.types import UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.tracked.number import NUMBERS, Number, at_point
from motherlode.frontends.python.uniforms.delayed import Delayed, Function, Operation, Side, settling
from motherlode.tracing.shortcut import Channel

__all__ = ["LazyUniform", "Scalar"]

_BERNOULLI = FAMILIES["Bernoulli"]
_CATEGORICAL = FAMILIES["Categorical"]
_UNIFORM = FAMILIES["Uniform"]
_BELOW = (operator.lt, operator.le)
_lt = operator.lt
_getframe = sys._getframe
_known = NEAREST.known
_here = NEAREST.site


class Scalar(Delayed):
    """Behave as a float whose value is not known yet."""

    __slots__ = ()

    def apply(self, number: float) -> Number:
        """Return what the program would have in place of this object, were the uniform `number`."""
        raise NotImplementedError

    def operand(self, other: UserValue, site: int) -> UserValue:
        """Return what an operation takes beside this number: arrays stay delayed, for they come next."""
        return other.settle(site) if isinstance(other, Scalar) else other

    def __neg__(self) -> Delayed:
        return self.operate((operator.mul, -1.0, False), -1.0, 0.0)

    def __pos__(self) -> Delayed:
        return self

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (self.settle(_here()),)

    def __format__(self, specification: str) -> str:
        return format(self.settle(_here()), specification)


for _name in ("hash", "trunc", "floor", "ceil", "round", "divmod"):
    setattr(Scalar, f"__{_name}__", settling(getattr(float, f"__{_name}__")))


class LazyUniform(Scalar):
    """Stand for a uniform number that is not settled.

    Comparison with a number is a Bernoulli branching, its place among sorted edges a Categorical one; +, -, * and /
    with a number stay lazy; everything else settles it and returns an ordinary float. A settled number is an interval
    of no width.

    Parameters
    ----------
    channel
        Makes the draws, see :func:`motherlode.tracing.shortcut.channel`.
    hidden
        The number the plain program would have got from the same stream.
    low, high
        Interval the number is uniform on.
    """

    __slots__ = ("_channel", "_hidden", "_high", "_low")

    def __init__(self, channel: Channel, hidden: float, low: float = 0.0, high: float = 1.0) -> None:
        self._channel = channel
        self._hidden = hidden
        self._low = low
        self._high = high

    def __lt__(self, other: UserValue) -> UserValue:
        """Branch; the commonest draw of all, so the general way is written out once more for it."""
        low, high = self._low, self._high
        if other.__class__ is not float or not low < other < high:
            return self.compare(other, _lt, _here())
        frame = _getframe(1)
        site = _known((id(frame.f_code), frame.f_lasti))
        if site is None:
            site = _here()
        p = other if low == 0.0 and high == 1.0 else (other - low) / (high - low)
        outcome = self._channel.branch(site, p, self._hidden, other)
        if outcome:
            self._high = other
        else:
            self._low = other
        return outcome

    def compare(self, other: UserValue, order: Function, site: int) -> UserValue:
        """Branch on a comparison."""
        return _compare(self, self, (1.0, 0.0), other, order, site)

    def branch(self, threshold: float, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch on whether the number lies below a threshold, which ``below(*arguments)`` decides if it is open."""
        low, high = self._low, self._high
        p = 0.0 if threshold <= low else 1.0 if threshold >= high else (threshold - low) / (high - low)
        outcome = bool(self._channel.take(site, _BERNOULLI, (p,), below, arguments))
        if 0.0 < p < 1.0:
            self._low, self._high = (low, threshold) if outcome else (threshold, high)
        return outcome

    @property
    def is_settled(self) -> bool:
        """Whether the number is known."""
        return self._low == self._high

    def apply(self, number: float) -> Number:
        """Return the number."""
        return number

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        low, high = self._low, self._high
        if low != high:
            self._low = self._high = float(self._channel.take(site, _UNIFORM, (low, high), float, (self._hidden,)))
        return self._low

    def operate(self, operation: Operation, scale: float, offset: float) -> "_Affine":
        """Return ``scale * self + offset``, lazily."""
        return _Affine(self, (operation,), scale, offset)

    def locate(self, edges: np.ndarray, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
        """Return where the number falls among sorted edges: a Categorical branching."""
        if self.is_settled or sorter is not None or edges.ndim != 1:
            return np.searchsorted(edges, self.settle(site), side, sorter)
        low, high = self._low, self._high
        bounds = np.concatenate([[low], np.clip(edges, low, high), [high]])
        arguments = (edges, self._hidden, side)
        found = int(self._channel.take(site, _CATEGORICAL, (np.diff(bounds),), np.searchsorted, arguments))
        if bounds[found] < bounds[found + 1]:
            self._low, self._high = float(bounds[found]), float(bounds[found + 1])
        return np.intp(found)

    def __repr__(self) -> str:
        return f"LazyUniform({self._low:g}, {self._high:g})"


class _Affine(Scalar):
    """Stand for ``scale * u + offset`` as the program computes it; copies share u."""

    __slots__ = ("_line", "_operations", "_uniform")

    def __init__(self, uniform: LazyUniform, operations: tuple[Operation, ...], scale: float, offset: float) -> None:
        self._uniform, self._operations, self._line = uniform, operations, (scale, offset)

    def compare(self, other: UserValue, order: Function, site: int) -> UserValue:
        """Branch on a comparison."""
        return _compare(self, self._uniform, self._line, other, order, site)

    def apply(self, number: float) -> Number:
        """Return what the program would have in place of this object, were u `number`."""
        result: Number = number
        for function, operand, reflected in self._operations:
            result = function(operand, result) if reflected else function(result, operand)
        return result

    def settle(self, site: int) -> Number:
        """Return the value, with u settled."""
        return self.apply(self._uniform.settle(site))

    def operate(self, operation: Operation, scale: float, offset: float) -> "_Affine":
        """Return ``scale * self + offset``, lazily."""
        mine = self._line
        return _Affine(self._uniform, (*self._operations, operation), scale * mine[0], scale * mine[1] + offset)

    def locate(self, edges: np.ndarray, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
        """Settle and return where the value falls among sorted edges."""
        return np.searchsorted(edges, self.settle(site), side, sorter)

    def __repr__(self) -> str:
        return f"{self._line[0]:g} * {self._uniform!r} + {self._line[1]:g}"


def _compare(
    lazy: Scalar, uniform: LazyUniform, line: tuple[float, float], other: UserValue, order: Function, site: int
) -> UserValue:
    if isinstance(other, np.ndarray) and other.ndim:
        outcomes = [_compare(lazy, uniform, line, element, order, site) for element in other.ravel()]
        return np.array(outcomes, dtype=np.bool_).reshape(other.shape)
    other = lazy.operand(other[()] if isinstance(other, np.ndarray) else other, site)
    scale, offset = line
    here = at_point(other, 0)
    if not isinstance(here, NUMBERS) or uniform.is_settled or scale == 0.0:
        return order(lazy.settle(site), other)
    number = other if here is not other else float(here)
    threshold = number if lazy is uniform else (number - offset) / scale
    same = (order in _BELOW) == (scale > 0.0)
    outcome = uniform.branch(threshold, site, _decide, (lazy, uniform._hidden, here, order, same)) is same
    plain = isinstance(here, np.generic) or isinstance(lazy.apply(0.5), np.generic)
    return np.bool_(outcome) if plain else outcome


def _decide(lazy: Scalar, hidden: float, other: Number, order: Function, same: bool) -> bool:
    return bool(order(lazy.apply(hidden), other)) is same
