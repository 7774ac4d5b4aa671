"""Find the line of a Python function where θ reaches x outside a draw.

The event that leaked is run again, its draws held fixed, with a θ that remembers every line it goes through; once
where it was drawn and once where x moved. Either x itself still carries θ, or a decision (an ``if``, an ``int``)
came out differently. Where the function refuses such a θ, the last draw before x is all that is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from motherlode.core import philox_generator
from motherlode.core.types import Array, UserFunction, UserValue
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.provenance.followed import way_of
from motherlode.frontends.python.provenance.following import following, theta_of
from motherlode.frontends.python.provenance.lines import Step
from motherlode.frontends.python.provenance.ways import Decision, Log, Way
from motherlode.gold import RecordedRun, record_run
from motherlode.tracing import LeakError, ReplayDiverged, replay, seed, stream

__all__ = ["Found", "find_leak", "lost_in", "parting", "record_again"]


@dataclass(frozen=True)
class Found:
    """Say where θ got past the draws.

    Attributes
    ----------
    steps
        Lines through which it reached x.
    met
        Where it met a draw outside of one.
    decision
        The decision that came out differently at the other θ.
    lost
        Where it became a plain number and could not be followed further.
    refused
        Why the function could not be followed to its end.
    """

    steps: tuple[Step, ...] = ()
    met: Step | None = None
    decision: Decision | None = None
    lost: tuple[Step, ...] = ()
    refused: str = ""


@dataclass
class _Followed:
    way: Way = field(default_factory=Way)
    log: Log = field(default_factory=Log)
    refused: str = ""


def record_again(function: UserFunction, error: LeakError) -> RecordedRun:
    """Run the event that leaked once more, at the θ where it was drawn.

    As on the runs that follow θ, the ``math`` module notices a uniform that it is given.
    """
    event = error.event or 0

    def program(theta: Array) -> UserValue:
        with following(Log()):
            return function(theta, TracedGenerator(stream()))

    return record_run(program, event, np.asarray(error.theta), philox_generator(0, event))


def find_leak(function: UserFunction, error: LeakError) -> Found:
    """Run a leaking event again with a θ that is followed, where it was drawn and where x moved."""
    try:
        run = record_again(function, error)
    except Exception as failure:  # noqa: BLE001 - a function that keeps state may fail where it did not before
        return Found(refused=f"{type(failure).__name__}: {failure}")
    here, there = _follow(function, run, run.theta), _follow(function, run, np.asarray(error.probe))
    steps = tuple(step for step in here.way.steps if step.line)
    if steps:
        return Found(steps, here.way.met)
    decision = parting(here.log.decisions, there.log.decisions) or parting(here.log.inner, there.log.inner)
    return Found(decision=decision, lost=lost_in(here.log.decisions) or lost_in(here.log.inner), refused=here.refused)


def _follow(function: UserFunction, run: RecordedRun, theta: Array) -> _Followed:
    found = _Followed()
    try:
        with seed(philox_generator(0, run.event)), replay(run.draws), following(found.log):
            x = function(theta_of(theta, found.log), TracedGenerator(stream()))
            found.way = way_of(x)
    except ReplayDiverged as diverged:
        found.refused = str(diverged) if np.array_equal(theta, run.theta) else ""
    except Exception as error:  # noqa: BLE001 - a user's code may not bear a float that is not quite one
        found.refused = f"{type(error).__name__}: {error}"
    return found


def parting(here: Sequence[Decision], there: Sequence[Decision]) -> Decision | None:
    """Return the first decision that came out differently."""
    for mine, theirs in zip(here, there, strict=False):
        if mine.step.operation != "float" and mine != theirs:
            return mine
    return None


def lost_in(decisions: Sequence[Decision]) -> tuple[Step, ...]:
    """Return where numbers that carry θ became plain ones."""
    return tuple(dict.fromkeys(decision.step for decision in decisions if decision.step.operation == "float"))
