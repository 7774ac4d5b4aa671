"""Answer draws from a record, and notice every draw that is not the recorded one."""

from collections.abc import Iterable
from types import TracebackType

import numpy as np

from motherlode.core.types import Shape
from motherlode.tracing.addresses import address_of
from motherlode.tracing.branching import DrawParameters, RecordedDraw, RecordedDraws
from motherlode.tracing.errors import ReplayDiverged
from motherlode.tracing.handlers import Draw, Handler, own

__all__ = ["replay"]


class replay(Handler):  # noqa: N801
    """Answer draws from a record, in order, and insist that the same draws are asked for.

    Parameters
    ----------
    draws
        ``record().draws`` of an earlier run.

    Attributes
    ----------
    asked
        The family parameters each draw was asked with, in order: all that gold needs of a replay.
    numbers
        The uniform numbers that the recorded program saw, in order.

    Raises
    ------
    ReplayDiverged
        At a draw with another address, family or shape, or one past the record; on leaving the block, where recorded
        draws were not asked for or the program swallowed the error.
    """

    def __init__(self, draws: Iterable[RecordedDraw]) -> None:
        self.draws = list(draws)
        self.numbers = iter(draws.numbers if isinstance(draws, RecordedDraws) else ())
        self.asked: list[DrawParameters] = []
        self.position = 0
        self._diverged: ReplayDiverged | None = None

    def process(self, draw: Draw) -> None:
        """Answer with the recorded value."""
        if self.position >= len(self.draws):
            raise self._parted(None, draw.address)
        recorded = self.draws[self.position]
        if recorded.site != draw.site or recorded.family is not draw.family:
            raise self._parted(_named(recorded), f"{draw.address} ({draw.family.name})")
        if _shape(recorded) != _shape(draw):
            raise self._parted(_named(recorded, shape=True), _named(draw, shape=True))
        draw.value = own(recorded.value)
        draw.observed = recorded.observed
        self.asked.append(tuple(map(own, draw.parameters)))
        self.position += 1

    def _parted(self, expected: str | None, found: str | None) -> ReplayDiverged:
        last = address_of(self.draws[self.position - 1].site) if self.position else None
        self._diverged = ReplayDiverged(self.position, last, expected, found)
        return self._diverged

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if self._diverged is not None and error is not self._diverged and (kind is None or issubclass(kind, Exception)):
            raise self._diverged
        if kind is None and self.position < len(self.draws):
            raise self._parted(_named(self.draws[self.position]), None)


def _named(draw: "RecordedDraw | Draw", shape: bool = False) -> str:
    words = f"{address_of(draw.site)} ({draw.family.name}"
    return f"{words} of shape {_shape(draw)})" if shape else f"{words})"


def _shape(draw: "RecordedDraw | Draw") -> Shape:
    """Return the shape of a draw's value; of a vector family with the number of categories at its end."""
    shape = draw.shape if isinstance(draw, Draw) else getattr(draw.value, "shape", ())
    return (*shape, np.shape(draw.parameters[0])[-1]) if draw.family.vector else tuple(shape)
