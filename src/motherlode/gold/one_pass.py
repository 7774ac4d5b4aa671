"""Mine an event in one pass: a program of tracked numbers, each known at θ and at all other points of interest."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from motherlode.core import MotherlodeError, philox_generator
from motherlode.core.types import Array
from motherlode.gold.assemble import EventRuns
from motherlode.gold.differences import Stencil
from motherlode.gold.runs import Asked, Program, RecordedRun, replay_at, same_output
from motherlode.tracing import record, seed
from motherlode.tracing.branching import DrawParameters, RecordedDraw

__all__ = [
    "OnePass",
    "OnePassProgram",
    "TrackingEnded",
    "agrees_with_replay",
    "check_against_replay",
    "mine_in_one_pass",
]

_endings: ContextVar[list["TrackingEnded"] | None] = ContextVar("motherlode_endings", default=None)
"""What ended tracking in the pass in progress: a simulator may swallow the error and go on with another number."""


class OnePass(NamedTuple):
    """Hold what one pass gave: x, and for each point but the first the parameters that every draw was asked with."""

    x: Array
    asked: list[Asked]


OnePassProgram: TypeAlias = Callable[[Array], OnePass]
"""Runs one event at points (P, D) at once under the handlers in force; draws are those of the first point."""


class TrackingEnded(MotherlodeError, TypeError):
    """Report a number that depends on θ where only an ordinary float will do."""

    def __init__(self, operation: str, reason: str) -> None:
        self.operation, self.reason = operation, reason
        endings = _endings.get()
        if endings is not None:
            endings.append(self)
        super().__init__(
            f"{operation} cannot go on with a tracked number: {reason}. "
            "What follows would be known at one theta only. "
            "Use operators and NumPy's scalar functions (np.exp for math.exp), or derivative='replay', for any code."
        )


def mine_in_one_pass(
    program: OnePassProgram, event: int, theta: Array, alternatives: Array, near: Stencil, generator: Generator
) -> EventRuns | None:
    """Return an event mined in one pass; None where tracking ended and replay must decide.

    Parameters
    ----------
    program
        The program.
    event, theta
        Index of the event and where it is drawn, shape (D,).
    alternatives
        Shape (K, D).
    near
        Stencil of the score.
    generator
        The event's stream.
    """
    points = np.concatenate([theta[None], alternatives, near.points])
    try:
        with _unswallowed(), seed(generator), record() as recorded:
            x, asked = program(points)
    except Exception:  # noqa: BLE001 - a number that is no float may upset any program; replay decides
        return None
    count = len(alternatives)
    return EventRuns(RecordedRun(event, theta, x, recorded.draws), asked[:count], near, asked[count:])


@contextmanager
def _unswallowed() -> Iterator[None]:
    """Raise TrackingEnded at the end of a pass in which the program caught it."""
    endings: list[TrackingEnded] = []
    token = _endings.set(endings)
    try:
        yield
    finally:
        _endings.reset(token)
    if endings:
        raise endings[0]


def check_against_replay(passed: EventRuns, replayed: EventRuns) -> None:
    """Check the gold of one pass against that of many runs.

    Raises
    ------
    TrackingEnded
        If they differ: the program does not treat a tracked number as it treats a float.
    """
    mine, theirs = ([*runs.alternatives, *runs.near_asked] for runs in (passed, replayed))
    same = same_output(passed.run.x, replayed.run.x) and _same_draws(passed.run.draws, replayed.run.draws)
    if not same or not _all_alike(mine, theirs):
        raise TrackingEnded(
            f"The program (event {replayed.run.event})",
            "its draws are not those of a run with ordinary floats (it looks at a number's type, perhaps)",
        )


def agrees_with_replay(
    one_pass: OnePassProgram, program: Program, theta: Array, alternatives: Array, trial: int = 0
) -> bool:
    """Return whether an event's draws are asked for alike in one pass and on replay.

    Parameters
    ----------
    one_pass, program
        The same program for all points at once and for one.
    theta, alternatives
        Shape (D,) and (K, D).
    trial
        Index of the event.

    Raises
    ------
    TrackingEnded
        If the program needs ordinary floats.
    """
    generator = philox_generator(0, trial)
    with _unswallowed(), seed(generator), record() as recorded:
        x, asked = one_pass(np.concatenate([theta[None], alternatives]))
    run = RecordedRun(trial, theta, x, recorded.draws)
    return _all_alike(asked, [replay_at(program, run, point, generator) for point in alternatives])


def _same_draws(mine: Sequence[RecordedDraw], theirs: Sequence[RecordedDraw]) -> bool:
    """Return whether draws agree: addresses and families exactly, numbers up to rounding."""
    return len(mine) == len(theirs) and all(
        a[:2] == b[:2] and _alike(a.parameters, b.parameters) and _close(a.value, b.value)
        for a, b in zip(mine, theirs, strict=True)
    )


def _all_alike(mine: Sequence[Asked], theirs: Sequence[Asked]) -> bool:
    return all(len(a) == len(b) and all(map(_alike, a, b)) for a, b in zip(mine, theirs, strict=True))


def _alike(mine: DrawParameters, theirs: DrawParameters) -> bool:
    return len(mine) == len(theirs) and all(map(_close, mine, theirs))


def _close(a: ArrayLike, b: ArrayLike) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))
