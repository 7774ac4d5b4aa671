"""Mine an event in one run: a program that carries every number at θ and at all points of interest together."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.events import philox_generator
from motherlode.gold.assemble import Mined
from motherlode.gold.differences import Stencil
from motherlode.gold.leaks import Run, replay_at
from motherlode.tracing import MotherlodeError, record, seed

__all__ = ["Ride", "Together", "TrackingEnded", "ride", "rides_as_it_replays"]

Array = NDArray[np.float64]


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
        super().__init__(
            f"{operation} was asked for a tracked number: {reason}. "
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
        with seed(generator), record() as recorded:
            x, asked = together(points)
    except (TrackingEnded, TypeError, AttributeError):
        return None
    count = len(alternatives)
    return Mined(Run(event, theta, x, recorded.draws), asked[:count], near, asked[count:])


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
    with seed(generator), record() as recorded:
        x, asked = together(np.concatenate([theta[None], alternatives]))
    run = Run(trial, theta, x, recorded.draws)
    replayed = [replay_at(program, run, point, generator) for point in alternatives]
    return all(_alike(mine, theirs) for mine, theirs in zip(asked, replayed, strict=True))


def _alike(mine: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> bool:
    pairs = [(a, b) for left, right in zip(mine, theirs, strict=True) for a, b in zip(left, right, strict=True)]
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs)
