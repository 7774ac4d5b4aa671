"""Delay a uniform number until the simulator shows what it is for.

``rng.random() < p`` is a Bernoulli(p) branching, and nothing else of the number is ever used; recorded as a
Uniform, it would hide its dependence on θ. So the number stays an interval: a comparison narrows it and becomes
the branching; only use as a number settles it, as Uniform(low, high) on what is left of the interval.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from motherlode.families import FAMILIES
from motherlode.tracing import caller_site, draw

__all__ = ["LazyUniform"]

_BERNOULLI = FAMILIES["Bernoulli"]
_UNIFORM = FAMILIES["Uniform"]


class _Interval:
    """Hold what is known of the number; affine copies share it.

    `hidden` is the number the plain program would have got from the same stream.
    """

    __slots__ = ("hidden", "high", "low", "settled")

    def __init__(self, hidden: float, low: float, high: float) -> None:
        self.hidden, self.low, self.high = hidden, low, high
        self.settled: float | None = None

    def below(self, threshold: float, closed: bool, site: int) -> bool:
        """Branch on whether the number lies below `threshold` (or at it, if `closed`)."""
        if self.settled is not None:
            return self.settled <= threshold if closed else self.settled < threshold
        p = self._share(threshold)
        decide = operator.le if closed else operator.lt
        outcome = draw(site, _BERNOULLI, (p,), sampler=decide, arguments=(self.hidden, threshold))
        if outcome and p > 0.0:
            self.high = min(self.high, threshold)
        elif not outcome and p < 1.0:
            self.low = max(self.low, threshold)
        return bool(outcome)

    def _share(self, threshold: float) -> float:
        if threshold <= self.low:
            return 0.0
        if threshold >= self.high:
            return 1.0
        return (threshold - self.low) / (self.high - self.low)

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        if self.settled is None:
            value = draw(site, _UNIFORM, (self.low, self.high), sampler=float, arguments=(self.hidden,))
            self.settled = float(value)
        return self.settled


class LazyUniform:
    """Stand for ``scale * u + offset`` with u uniform and not yet settled.

    Comparison with a number is a Bernoulli branching; +, -, * and / with a number stay lazy; everything else
    settles u and returns an ordinary float.
    """

    __slots__ = ("_interval", "_offset", "_scale")

    def __init__(self, hidden: float, low: float = 0.0, high: float = 1.0) -> None:
        self._interval = _Interval(hidden, low, high)
        self._scale, self._offset = 1.0, 0.0

    def _affine(self, scale: float, offset: float) -> "LazyUniform":
        other = LazyUniform.__new__(LazyUniform)
        other._interval, other._scale, other._offset = self._interval, scale, offset
        return other

    def _number(self, depth: int = 2) -> float:
        return self._scale * self._interval.settle(caller_site(depth)) + self._offset

    def _compare(self, other: Any, below: bool, closed: bool, depth: int = 2) -> Any:
        """Return self < other (`below`) or self > other, or-equal when `closed`."""
        if not isinstance(other, _NUMBERS) or self._scale == 0.0:
            compare = {(True, False): operator.lt, (True, True): operator.le, (False, False): operator.gt}
            return compare.get((below, closed), operator.ge)(self._number(depth + 1), _plain(other))
        bare = self._scale == 1.0 and self._offset == 0.0
        threshold = float(other if bare else (other - self._offset) / self._scale)
        if below == (self._scale > 0.0):
            return self._interval.below(threshold, closed, caller_site(depth))
        return not self._interval.below(threshold, not closed, caller_site(depth))

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, True, False)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, True, True)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, False, False)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, False, True)

    def __eq__(self, other: object) -> Any:
        return self._number() == _plain(other)

    def __hash__(self) -> int:
        return hash(self._number())

    def __bool__(self) -> bool:
        return bool(self._number())

    def __float__(self) -> float:
        return self._number()

    def __int__(self) -> int:
        return int(self._number())

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._number(), digits)

    def __abs__(self) -> float:
        return abs(self._number())

    def __neg__(self) -> "LazyUniform":
        return self._affine(-self._scale, -self._offset)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, _NUMBERS):
            return self._affine(self._scale, self._offset + other)
        return self._number() + _plain(other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, _NUMBERS):
            return self._affine(self._scale, self._offset - other)
        return self._number() - _plain(other)

    def __rsub__(self, other: Any) -> Any:
        if isinstance(other, _NUMBERS):
            return self._affine(-self._scale, other - self._offset)
        return _plain(other) - self._number()

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, _NUMBERS):
            return self._affine(self._scale * other, self._offset * other)
        return self._number() * _plain(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, _NUMBERS):
            return self._affine(self._scale / other, self._offset / other)
        return self._number() / _plain(other)

    def __rtruediv__(self, other: Any) -> Any:
        return _plain(other) / self._number()

    def __pow__(self, other: Any) -> Any:
        return self._number() ** _plain(other)

    def __rpow__(self, other: Any) -> Any:
        return _plain(other) ** self._number()

    def __floordiv__(self, other: Any) -> Any:
        return self._number() // _plain(other)

    def __mod__(self, other: Any) -> Any:
        return self._number() % _plain(other)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._number(), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        compare = _COMPARISONS.get(ufunc)
        if compare is not None and len(inputs) == 2 and not options:
            return compare(self, inputs[1]) if inputs[0] is self else _MIRRORED[ufunc](self, inputs[0])
        return getattr(ufunc, method)(*(_plain(value) for value in inputs), **options)

    def __repr__(self) -> str:
        return (
            f"LazyUniform({self._scale:g}*u{self._offset:+g}, u in ({self._interval.low:g}, {self._interval.high:g}))"
        )


def _plain(value: Any) -> Any:
    return value._number(3) if isinstance(value, LazyUniform) else value


_NUMBERS = (int, float, np.integer, np.floating)
_COMPARISONS: dict[Any, Callable[[LazyUniform, Any], Any]] = {
    np.less: LazyUniform.__lt__,
    np.less_equal: LazyUniform.__le__,
    np.greater: LazyUniform.__gt__,
    np.greater_equal: LazyUniform.__ge__,
}
_MIRRORED: dict[Any, Callable[[LazyUniform, Any], Any]] = {
    np.less: LazyUniform.__gt__,
    np.less_equal: LazyUniform.__ge__,
    np.greater: LazyUniform.__lt__,
    np.greater_equal: LazyUniform.__le__,
}
