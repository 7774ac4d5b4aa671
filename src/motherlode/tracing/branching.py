"""Hold what happened in one run: each draw as a branching, all of them as a trace."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array
from motherlode.families import FAMILIES, Family
from motherlode.families.calls import Drawn
from motherlode.tracing.addresses import address_of

__all__ = ["Branching", "DrawParameters", "RecordedDraw", "RecordedDraws", "Trace"]

DrawParameters: TypeAlias = tuple[ArrayLike, ...]
"""The parameters of a draw's family, in its order."""


class RecordedDraw(NamedTuple):
    """Keep a draw as cheaply as the hot path allows; :class:`Trace` shows it as a :class:`Branching`."""

    site: int
    family: Family
    parameters: DrawParameters
    value: Drawn
    observed: bool


class RecordedDraws(list[RecordedDraw]):
    """Hold the draws of a run, and the uniform numbers that the program saw beside them.

    Attributes
    ----------
    numbers
        One entry for each call that gave uniform numbers, in order: a float or an array.
    """

    def __init__(self, draws: Iterable[RecordedDraw] = ()) -> None:
        super().__init__(draws)
        self.numbers: list[float | Array] = []


@dataclass(frozen=True, slots=True)
class Branching:
    """Show one draw as it happened.

    Attributes
    ----------
    address
        Where it was made, ``file:function:line`` or its name, then ``[n]`` for the n-th repetition of its family there.
    family
        Name of its probability family.
    parameters
        The family's parameters at θ, as floats or arrays.
    value
        The value drawn, a float or an array.
    observed
        Whether the value is data (part of x) and no latent.
    log_prob
        float64 with shape (1+K,): log-probability at θ, then at each alternative once mined.
    """

    address: str
    family: str
    parameters: DrawParameters
    value: Drawn
    observed: bool
    log_prob: Array


@dataclass(frozen=True, eq=False)
class Trace(Sequence[Branching]):
    """Hold the branchings of one run in the order they were made.

    Attributes
    ----------
    branchings
        The draws.
    theta
        Parameters of the run with shape (D,), or None where the recorder does not know them.
    x
        The simulator's output with shape ``(*L)``, or None where the recorder does not know it.
    """

    branchings: tuple[Branching, ...]
    theta: Array | None = None
    x: Array | None = None

    @classmethod
    def from_draws(cls, draws: Iterable[RecordedDraw], theta: Array | None = None, x: Array | None = None) -> "Trace":
        """Build a trace from recorded draws; each log-probability is that at θ alone, shape (1,)."""
        seen: Counter[tuple[int, str]] = Counter()
        branchings = []
        for draw in draws:
            kind = (draw.site, draw.family.name)
            branchings.append(_branching(draw, seen[kind]))
            seen[kind] += 1
        return cls(tuple(branchings), theta, x)

    def log_prob(self) -> Array:
        """Return log p(x, z | θ) and the same at each alternative, shape (1+K,)."""
        if not self.branchings:
            return np.zeros(1)
        return np.sum([branching.log_prob for branching in self.branchings], axis=0)

    def diverges_from(self, other: "Trace") -> int | None:
        """Return the index of the first draw at which the two paths part, None if they agree."""
        for index, (mine, theirs) in enumerate(zip(self, other, strict=False)):
            if (mine.address, mine.family) != (theirs.address, theirs.family):
                return index
            if not np.array_equal(mine.value, theirs.value, equal_nan=True):
                return index
        return None if len(self) == len(other) else min(len(self), len(other))

    def __len__(self) -> int:
        return len(self.branchings)

    @overload
    def __getitem__(self, index: int) -> Branching: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Branching, ...]: ...
    def __getitem__(self, index: int | slice) -> Branching | tuple[Branching, ...]:
        return self.branchings[index]


def _branching(draw: RecordedDraw, occurrence: int) -> Branching:
    address = address_of(draw.site) + (f"[{occurrence}]" if occurrence else "")
    log_prob = FAMILIES[draw.family.name].log_prob(draw.value, *draw.parameters).sum()
    return Branching(address, draw.family.name, draw.parameters, draw.value, draw.observed, np.array([log_prob]))
