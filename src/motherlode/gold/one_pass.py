"""Mine an event in one run: a program that carries every number at θ and at all points of interest together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.core import MotherlodeError, philox_generator
from motherlode.gold.assemble import Mined
from motherlode.gold.differences import Stencil
from motherlode.gold.guards.probes import Run, replay_at, same_output
from motherlode.tracing import record, seed
from motherlode.tracing.branching import RecordedDraw

__all__ = ["Ride", "Together", "TrackingEnded", "insist_alike", "ride", "rides_as_it_replays"]

Array = NDArray[np.float64]
Runs = Sequence[Sequence[tuple[Any, ...]]]

_endings: ContextVar[list["TrackingEnded"] | None] = ContextVar("motherlode_endings", default=None)
"""What ended tracking in the run in progress: a simulator may swallow the error and go on with another number."""


class Ride(NamedTuple):
    """Hold what one run gave: x, and for each point but the first the parameters that every draw was asked with."""

    x: Any
    asked: list[list[tuple[Any, ...]]]


Together = Callable[[Array], Ride]
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


def ride(
    together: Together, event: int, theta: Array, alternatives: Array, near: Stencil, generator: Generator
) -> Mined | None:
    """Return an event mined in one run; None where tracking ended and replay must decide.

    Parameters
    ----------
    together
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
            x, asked = together(points)
    except Exception:  # noqa: BLE001 - a number that is no float may upset any program; replay decides
        return None
    count = len(alternatives)
    return Mined(Run(event, theta, x, recorded.draws), asked[:count], near, asked[count:])


@contextmanager
def _unswallowed() -> Iterator[None]:
    """Raise TrackingEnded at the end of a run in which the program caught it."""
    endings: list[TrackingEnded] = []
    token = _endings.set(endings)
    try:
        yield
    finally:
        _endings.reset(token)
    if endings:
        raise endings[0]


def insist_alike(ridden: Mined | None, replayed: Mined) -> None:
    """Check the gold of one run against that of many.

    Raises
    ------
    TrackingEnded
        If they differ: the program does not treat a tracked number as it treats a float.
    """
    if ridden is None:
        return
    mine: Runs = [ridden.run.draws, *ridden.alternatives, *ridden.near_asked]
    theirs: Runs = [replayed.run.draws, *replayed.alternatives, *replayed.near_asked]
    if not same_output(ridden.run.x, replayed.run.x) or not _all_alike(mine, theirs):
        raise TrackingEnded(
            f"The program (event {replayed.run.event})",
            "its draws are not those of a run with ordinary floats (it looks at a number's type, perhaps)",
        )


def rides_as_it_replays(
    together: Together, program: Callable[[Array], Any], theta: Array, alternatives: Array, trial: int = 0
) -> bool:
    """Return whether an event's draws are asked for alike in one run and on replay.

    Parameters
    ----------
    together, program
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
        x, asked = together(np.concatenate([theta[None], alternatives]))
    run = Run(trial, theta, x, recorded.draws)
    return _all_alike(asked, [replay_at(program, run, point, generator) for point in alternatives])


def _all_alike(mine: Runs, theirs: Runs) -> bool:
    return all(len(a) == len(b) and all(map(_alike, a, b)) for a, b in zip(mine, theirs, strict=True))


def _alike(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> bool:
    """Return whether two rows of parameters, or two recorded draws, agree; addresses and families exactly."""
    if isinstance(mine, RecordedDraw) and isinstance(theirs, RecordedDraw):
        return (
            mine[:2] == theirs[:2] and _alike(mine.parameters, theirs.parameters) and _close(mine.value, theirs.value)
        )
    return len(mine) == len(theirs) and all(map(_close, mine, theirs))


def _close(a: Any, b: Any) -> bool:
    return bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))
