"""Hold what is known of each number of an array of uniforms: an interval, or that it is recorded as a number."""

from typing import TypeAlias

import numpy as np

from motherlode.core.types import Array, Bools, Integers, UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.python.uniforms.linked import Side
from motherlode.tracing import draw

__all__ = ["Element", "Intervals", "Positions", "kept", "outcome_code", "share"]

_MODULUS = (1 << 31) - 1

Bound: TypeAlias = float | Array

Positions: TypeAlias = Integers | slice
"""Which elements: an array of positions, or a slice of them all."""


def outcome_code(before: UserValue, outcome: UserValue) -> UserValue:
    """Return the code of a uniform's outcomes after one more: a truth, or a place among edges; elementwise."""
    return (before * 1000003 + outcome + 1) % _MODULUS


def kept(values: Array) -> Array:
    """Return a copy of an array that nobody can write to: it lies on bytes."""
    return np.frombuffer(values.tobytes(), dtype=np.float64).reshape(values.shape)


def bytes_of(values: Array) -> bytes:
    """Return an array's bytes; without a copy where it lies on them."""
    while isinstance(values.base, np.ndarray):
        values = values.base
    return values.base if isinstance(values.base, bytes) else values.tobytes()


class Intervals:
    """Hold the elements that all views and copies of one array share, by position.

    Parameters
    ----------
    hidden
        The numbers the plain program gets, in the array's shape; never changed.
    low, high
        Interval they are uniform on.

    Attributes
    ----------
    code
        How the comparisons of each element came out, where that is watched; see :mod:`.watch`.
    """

    def __init__(self, hidden: Array, low: float, high: float) -> None:
        self.shape = hidden.shape
        self.bytes = bytes_of(hidden)
        self.hidden = hidden.reshape(-1)
        self.code: Integers | None = None
        self.low: Bound = low
        self.high: Bound = high
        self.value: Array | None = None
        self.settled: Bools | None = None
        self._branched: tuple[Positions, Array, Array, Bools] | None = None

    def interval(self, where: Positions) -> tuple[Bound, Bound]:
        """Return the bounds of some elements; scalars while no element was narrowed."""
        if self._branched is not None:
            self._narrow_branched(*self._branched)
        if isinstance(self.low, np.ndarray) and isinstance(self.high, np.ndarray):
            return self.low[where], self.high[where]
        return self.low, self.high

    def branch(self, where: Positions, thresholds: Array, p: Array, below: Bools) -> None:
        """Remember on which side of thresholds some elements lie; most are never used again, so they narrow later."""
        self._branched = (where, thresholds, p, below)
        if self.code is not None:
            self.remember(where, below.ravel())

    def remember(self, where: Positions, outcome: UserValue) -> None:
        """Remember how comparisons came out, where that is watched."""
        if self.code is not None:
            self.code[where] = outcome_code(self.code[where], np.asarray(outcome, dtype=np.int64))

    def _narrow_branched(self, where: Positions, thresholds: Array, p: Array, below: Bools) -> None:
        self._branched = None
        thresholds, p = (np.broadcast_to(part, below.shape).ravel() for part in (thresholds, p))
        below = below.ravel()
        low, high = self.interval(where)
        cut, is_open = np.clip(thresholds, low, high), (p > 0.0) & (p < 1.0)
        self.narrow(where, np.where(is_open & ~below, cut, low), np.where(is_open & below, cut, high))

    def narrow(self, where: Positions, low: Array, high: Array) -> None:
        """Keep new bounds of some elements."""
        if not isinstance(self.low, np.ndarray):
            self.low = np.full(self.hidden.shape, self.low)
        if not isinstance(self.high, np.ndarray):
            self.high = np.full(self.hidden.shape, self.high)
        self.low[where], self.high[where] = low, high

    def is_settled(self, where: Positions) -> bool:
        """Return whether any of some elements is recorded as a number already."""
        return self.settled is not None and bool(np.any(self.settled[where]))

    def settle(self, where: Positions, site: int) -> Array | None:
        """Record some elements as numbers; return all elements, or None where they are what the program has."""
        if self.settled is None:
            self.settled = np.zeros(self.hidden.shape, dtype=np.bool_)
        chosen = np.zeros(self.hidden.shape, dtype=np.bool_)
        chosen[where] = True
        index = np.flatnonzero(chosen & ~self.settled)
        if len(index):
            low, high = (bound.copy() if isinstance(bound, np.ndarray) else bound for bound in self.interval(index))
            hidden = self.hidden[index]
            answer = draw(site, FAMILIES["Uniform"], (low, high), sampler=hidden.copy, size=hidden.shape)
            self.settled[index] = True
            if answer.__class__ is not np.ndarray or not np.array_equal(answer, hidden):
                self._answer(index, answer)
        return self.value

    def _answer(self, index: Integers, answer: UserValue) -> None:
        """Keep what somebody answered instead of the numbers that the program has."""
        if len(index) == len(self.hidden):
            self.value = answer
            return
        if self.value is None:
            self.value = self.hidden.copy()
        self.value[index] = answer


def share(thresholds: Array, low: float | Array, high: float | Array) -> Array:
    """Return which part of [low, high] lies below each threshold."""
    if np.ndim(low) or low != 0.0 or high != 1.0:
        thresholds = (thresholds - low) / (high - low)
    if thresholds.size and thresholds.min() >= 0.0 and thresholds.max() <= 1.0:
        return thresholds
    return np.clip(thresholds, 0.0, 1.0)


class Element:
    """Be one of the numbers.

    Parameters
    ----------
    numbers
        What is known of all of them.
    position
        Which one.
    """

    __slots__ = ("_numbers", "_position")

    def __init__(self, numbers: Intervals, position: int) -> None:
        self._numbers, self._position = numbers, position

    @property
    def _where(self) -> slice:
        return slice(self._position, self._position + 1)

    @property
    def is_settled(self) -> bool:
        """Whether it is recorded as a number already."""
        return self._numbers.is_settled(self._where)

    def settle(self, site: int) -> np.float64:
        """Return the number, drawn as a Uniform if it was not."""
        values = self._numbers.settle(self._where, site)
        return (self._numbers.hidden if values is None else values)[self._position]

    def branch(self, threshold: float, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch on whether the number lies below a threshold, which ``below(*arguments)`` decides if it is open."""
        low, high = (float(np.ravel(bound)[0]) for bound in self._numbers.interval(self._where))
        p = 0.0 if threshold <= low else 1.0 if threshold >= high else (threshold - low) / (high - low)
        outcome = bool(draw(site, FAMILIES["Bernoulli"], (p,), sampler=below, arguments=arguments))
        self._numbers.remember(self._where, [outcome])
        if 0.0 < p < 1.0:
            cut = np.array([threshold])
            self._numbers.narrow(self._where, *((np.array([low]), cut) if outcome else (cut, np.array([high]))))
        return outcome

    def locate(self, edges: Array, site: int, side: Side) -> int:
        """Refuse to branch: an element of an array is settled before it is located."""
        return int(np.searchsorted(edges, self.settle(site), side))
