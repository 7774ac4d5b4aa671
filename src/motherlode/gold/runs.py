"""Record one event, and replay it at other parameters with every draw held fixed: its path and x must not change."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.random import Generator

from motherlode.core import MotherlodeError
from motherlode.core.types import Array, UserValue
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged, address_of, record, replay, seed
from motherlode.tracing.branching import DrawParameters, RecordedDraw, RecordedDraws

__all__ = ["Asked", "Program", "RecordedRun", "record_run", "replay_at", "same_output"]

Program: TypeAlias = Callable[[Array], UserValue]
"""Runs one event at θ with shape (D,) under the handlers in force and returns x."""

Asked: TypeAlias = list[DrawParameters]
"""The parameters that each draw of a run was asked with, in order."""


class RecordedRun(NamedTuple):
    """Keep one event as recorded: index, θ (D,), x (*L) and its draws."""

    event: int
    theta: Array
    x: Array
    draws: RecordedDraws

    @property
    def last_address(self) -> str | None:
        """Address of the last draw before x."""
        return address_of(self.draws[-1].site) if self.draws else None


def record_run(program: Program, event: int, theta: Array, generator: Generator) -> RecordedRun:
    """Run the program at θ on `generator` and record it."""
    with seed(generator), record() as recorded:
        x = _output(program, theta)
    return RecordedRun(event, theta, x, recorded.draws)


def replay_at(program: Program, run: RecordedRun, theta: Array, generator: Generator) -> Asked:
    """Run the program at other parameters with every draw held fixed; return what each draw was asked with.

    A program may fail once it was given a value that is impossible at `theta`, such as an index past the end of a list
    that is shorter there; the draws it did not reach then count as asked for as recorded.

    Raises
    ------
    LeakError, HiddenRandomness, ReplayDiverged
        If the path or x is not the recorded one.
    """
    replayed = replay(run.draws)
    try:
        with seed(generator), replayed:
            found = _output(program, theta)
    except ReplayDiverged as diverged:
        raise diverged.at(run.event, run.theta, theta) from diverged
    except MotherlodeError:
        raise
    except Exception:
        if not _is_impossible(run.draws, replayed.asked):
            raise
        return [*replayed.asked, *[draw.parameters for draw in run.draws[len(replayed.asked) :]]]
    if not same_output(run.x, found):
        kind = HiddenRandomness if np.array_equal(theta, run.theta) else LeakError
        raise kind(run.last_address, run.event, run.theta, theta, run.x, found)
    return replayed.asked


def _is_impossible(draws: Sequence[RecordedDraw], asked: Asked) -> bool:
    """Say whether a recorded value has density 0 where it was asked for: what follows it need not make sense there."""
    return any(
        bool(np.any(draw.family.log_prob(draw.value, *parameters) == -np.inf))
        for draw, parameters in zip(draws, asked, strict=False)
    )


def same_output(a: Array, b: Array) -> bool:
    """Return whether two outputs agree value for value; NaN equals NaN."""
    if a.shape == b.shape and a.tobytes() == b.tobytes():
        return True
    return a.shape == b.shape and bool(np.all((a == b) | (np.isnan(a) & np.isnan(b))))


def _output(program: Program, theta: Array) -> Array:
    """Run the program; its x is converted at one place, where uniforms in it settle."""
    return np.array(program(theta), dtype=np.float64)
