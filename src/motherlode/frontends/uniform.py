"""Delay a uniform number until the simulator shows what it is for.

``rng.random() < p`` is a Bernoulli(p) branching, and nothing else of the number is ever used; recorded as a
Uniform, it would hide its dependence on θ. So the number stays an interval: a comparison narrows it and becomes
the branching; only use as a number settles it, as Uniform(low, high) on what is left of the interval.
"""

import operator
from typing import Any

from motherlode.families import FAMILIES
from motherlode.frontends.lazy import NUMBERS, Lazy, plain
from motherlode.tracing import caller_site
from motherlode.tracing.shortcut import Take

__all__ = ["LazyUniform"]

_BERNOULLI = FAMILIES["Bernoulli"]
_UNIFORM = FAMILIES["Uniform"]
_lt = operator.lt
_DECIDE = {False: operator.lt, True: operator.le}
_ORDER = {
    (True, False): operator.lt,
    (True, True): operator.le,
    (False, False): operator.gt,
    (False, True): operator.ge,
}


class LazyUniform(Lazy):
    """Stand for a uniform number that is not settled.

    Comparison with a number is a Bernoulli branching; +, -, * and / with a number stay lazy; everything else
    settles it and returns an ordinary float.

    Parameters
    ----------
    take
        Makes the draws, see :func:`motherlode.tracing.shortcut.channel`.
    hidden
        The number the plain program would have got from the same stream.
    low, high
        Interval the number is uniform on.
    """

    __slots__ = ("_hidden", "_high", "_low", "_settled", "_take")

    def __init__(self, take: Take, hidden: float, low: float = 0.0, high: float = 1.0) -> None:
        self._take, self._hidden, self._low, self._high = take, hidden, low, high
        self._settled: float | None = None

    def branch(self, threshold: float, closed: bool, site: int) -> bool:
        """Branch on whether the number lies below `threshold` (or at it, if `closed`)."""
        if self._settled is not None:
            return _DECIDE[closed](self._settled, threshold)
        low, high = self._low, self._high
        p = 0.0 if threshold <= low else 1.0 if threshold >= high else (threshold - low) / (high - low)
        outcome = self._take(site, _BERNOULLI, (p,), _DECIDE[closed], (self._hidden, threshold))
        if outcome:
            if low < threshold < high:
                self._high = threshold
        elif low < threshold < high:
            self._low = threshold
        return outcome if outcome.__class__ is bool else bool(outcome)

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        if self._settled is None:
            self._settled = float(self._take(site, _UNIFORM, (self._low, self._high), float, (self._hidden,)))
        return self._settled

    def __lt__(self, other: Any) -> Any:
        """Branch; the commonest draw of all, so :meth:`branch` is written out once more for it."""
        if not isinstance(other, float) or self._settled is not None:
            return self._compare(other, True, False)
        low, high = self._low, self._high
        p = 0.0 if other <= low else 1.0 if other >= high else (other - low) / (high - low)
        outcome = self._take(caller_site(), _BERNOULLI, (p,), _lt, (self._hidden, other))
        if 0.0 < p < 1.0:
            if outcome:
                self._high = other
            else:
                self._low = other
        return outcome if outcome.__class__ is bool else bool(outcome)

    def _compare(self, other: Any, below: bool, closed: bool, depth: int = 2) -> Any:
        return _compare(self, self, 1.0, 0.0, other, (below, closed), depth + 1)

    def _affine(self, scale: float, offset: float) -> "_Affine":
        return _Affine(self, scale, offset)

    def __repr__(self) -> str:
        return f"LazyUniform({self._low:g}, {self._high:g})"


class _Affine(Lazy):
    """Stand for ``scale * u + offset``; copies share u."""

    __slots__ = ("_offset", "_scale", "_uniform")

    def __init__(self, uniform: LazyUniform, scale: float, offset: float) -> None:
        self._uniform, self._scale, self._offset = uniform, scale, offset

    def settle(self, site: int) -> float:
        """Return the value, settled at `site` if u was not."""
        return self._scale * self._uniform.settle(site) + self._offset

    def _compare(self, other: Any, below: bool, closed: bool, depth: int = 2) -> Any:
        return _compare(self, self._uniform, self._scale, self._offset, other, (below, closed), depth + 1)

    def _affine(self, scale: float, offset: float) -> "_Affine":
        return _Affine(self._uniform, scale * self._scale, scale * self._offset + offset)

    def __repr__(self) -> str:
        return f"{self._scale:g} * {self._uniform!r} + {self._offset:g}"


def _compare(
    lazy: Lazy, uniform: LazyUniform, scale: float, offset: float, other: Any, order: tuple[bool, bool], depth: int
) -> Any:
    below, closed = order
    if not isinstance(other, NUMBERS) or scale == 0.0:
        return _ORDER[order](lazy._number(depth + 1), plain(other))
    number = float(other)
    threshold = number if scale == 1.0 and offset == 0.0 else (number - offset) / scale
    if below == (scale > 0.0):
        return uniform.branch(threshold, closed, caller_site(depth))
    return not uniform.branch(threshold, not closed, caller_site(depth))
