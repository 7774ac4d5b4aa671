"""Know every uniform of a run, the line that asked for it, and how its comparisons came out.

Whether a uniform is used as a number beyond comparisons is a property of that line and those outcomes. Where uses are
known that no method sees (C code takes a float as it is), the uniform is recorded as a number at the end of the run.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator

from motherlode.core.types import Array, Integers, UserFunction, UserValue
from motherlode.frontends.python.uniforms.intervals import Intervals, kept, outcome_code
from motherlode.frontends.python.uniforms.linked import Side
from motherlode.frontends.python.uniforms.scalar import LinkedFloat, compare_below
from motherlode.tracing import address_of
from motherlode.tracing.shortcut import Channel

__all__ = ["Use", "Uses", "Watch", "WatchedFloat"]


class Use(NamedTuple):
    """Say of which uniforms the number is used.

    Attributes
    ----------
    address
        The line that asked for them.
    code
        How their comparisons came out; 0 for none, see :func:`.intervals.outcome_code`.
    """

    address: str
    code: int


Uses: TypeAlias = frozenset[Use]


class WatchedFloat(LinkedFloat):
    """Be a uniform number that remembers how its comparisons came out."""

    __slots__ = ("code",)

    code: int

    def __lt__(self, other: UserValue) -> UserValue:
        return compare_below(self, other)

    def branch(self, threshold: UserValue, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch, and remember the outcome."""
        outcome = super().branch(threshold, site, below, arguments)
        self.code = outcome_code(self.code, outcome)
        return outcome

    def locate(self, edges: Array, site: int, side: Side) -> int:
        """Branch on the number's place among sorted edges, and remember it."""
        found = super().locate(edges, site, side)
        self.code = outcome_code(self.code, found)
        return found


class _Asked(NamedTuple):
    """Keep what a call gave: its line, and the number or what is known of an array."""

    site: int
    root: WatchedFloat | Intervals


class Watch:
    """Watch the uniforms of one run.

    Parameters
    ----------
    uses
        Uses as a number that are known.
    """

    def __init__(self, uses: Uses = frozenset()) -> None:
        self.uses = uses
        self.asked: list[_Asked] = []

    def number(self, site: int, value: float, channel: Channel, low: float, high: float) -> WatchedFloat:
        """Return a number that is watched."""
        number = float.__new__(WatchedFloat, value)
        number._channel, number._low, number._high, number.code = channel, low, high, 0
        self.asked.append(_Asked(site, number))
        return number

    def array(self, site: int, numbers: Intervals) -> None:
        """Watch the elements of an array."""
        numbers.code = np.zeros(numbers.hidden.shape, dtype=np.int64)
        self.asked.append(_Asked(site, numbers))

    def finish(self) -> None:
        """Record the uniforms that are known to be used as numbers."""
        if not self.uses:
            return
        for site, root in self.asked:
            address = address_of(site)
            codes = [use.code for use in self.uses if use.address == address]
            if isinstance(root, Intervals):
                chosen = np.flatnonzero(np.isin(_codes(root), codes))
                if len(chosen):
                    root.settle(chosen, site)
            elif root.code in codes:
                root.settle(site)

    def open(self, compared: bool) -> Iterator[tuple[int, Use]]:
        """Yield the open uniforms, as the place of their call and their use; only those that were compared, or all."""
        for place, (site, root) in enumerate(self.asked):
            codes = np.unique(_codes(root)[_open(root)]) if isinstance(root, Intervals) else _scalar(root)
            for code in codes:
                if code or not compared:
                    yield place, Use(address_of(site), int(code))

    def redrawn(self, chosen: frozenset[tuple[int, Use]], generator: Generator) -> list[float | Array]:
        """Return the numbers of the run, those of chosen uses drawn afresh inside their intervals."""
        numbers: list[float | Array] = []
        for place, (site, root) in enumerate(self.asked):
            address = address_of(site)
            codes = [use.code for at, use in chosen if at == place and use.address == address]
            if isinstance(root, Intervals):
                numbers.append(_afresh(root, np.flatnonzero(np.isin(_codes(root), codes) & _open(root)), generator))
            elif codes:
                numbers.append(root._low + (root._high - root._low) * generator.random())
            else:
                numbers.append(float.__float__(root))
        return numbers


def _scalar(root: WatchedFloat) -> tuple[int, ...]:
    return () if root.is_settled else (root.code,)


def _codes(root: Intervals) -> Integers:
    return np.zeros(root.hidden.shape, dtype=np.int64) if root.code is None else root.code


def _open(root: Intervals) -> UserValue:
    return np.ones(root.hidden.shape, dtype=np.bool_) if root.settled is None else ~root.settled


def _afresh(root: Intervals, index: Integers, generator: Generator) -> Array:
    values = root.hidden.copy()
    low, high = root.interval(index)
    values[index] = low + (high - low) * generator.random(len(index))
    return kept(values.reshape(root.shape))
