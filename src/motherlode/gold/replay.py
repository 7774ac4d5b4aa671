"""Mine a program by local replay: record once at θ, replay at alternatives and at difference points.

Each program whose draws pass through :func:`motherlode.tracing.draw` can be mined, in this process or over the
wire. Each event costs 1 + K + 2D runs, probed events 2 + 2D more.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from motherlode.core import EventStreams, MotherlodeError, Parameters
from motherlode.core.errors import show
from motherlode.core.types import Array
from motherlode.events import Events, Failure
from motherlode.gold.assemble import EventRuns, assemble, gather
from motherlode.gold.differences import Stencil, stencil
from motherlode.gold.guards import is_probed, probe_at
from motherlode.gold.one_pass import OnePassProgram, check_against_replay, mine_in_one_pass
from motherlode.gold.runs import Asked, Program, RecordedRun, record_run, replay_at
from motherlode.tracing import alone, seed

__all__ = ["Guard", "mine", "simulate"]

_BLOCK = 256
_FIRST = 8
_NUMBERS = 1 << 16
_COLLECT_AFTER = 100_000


Guard: TypeAlias = Callable[[RecordedRun], None]
"""Examines a recorded event."""


@dataclass(frozen=True)
class _Call:
    """Hold what one call of :func:`mine` asks for."""

    program: Program
    theta: Array
    alternatives: Array
    near: Stencil
    wide: Stencil
    box: tuple[Array, Array]
    root: int
    first: int
    one_pass: OnePassProgram | None = None
    guard: Guard | None = None


def mine(
    program: Program,
    parameters: Parameters,
    theta: Array,
    alternatives: Array,
    *,
    root: int,
    first: int = 0,
    traces: bool = False,
    one_pass: OnePassProgram | None = None,
    guard: Guard | None = None,
) -> Events:
    """Run events and extract gold.

    Parameters
    ----------
    program
        The simulator.
    parameters
        Names and bounds of θ.
    theta
        Shape (N, D), N ≥ 1, as :meth:`motherlode.core.Parameters.check` returns it.
    alternatives
        Shape (N, K, D).
    root, first
        Event i uses random stream (root, first + i).
    traces
        Whether to keep the branchings.
    one_pass
        The same program for all points at once, if there is one; what it cannot finish is replayed. Probed events are
        mined both ways.
    guard
        Replays each probed event at its own θ and raises where its record is not all of it; without one, x and the path
        alone are compared.

    Returns
    -------
    Events
        Rows of the events that did not fail, and the failures.

    Raises
    ------
    LeakError
        If x moves with θ other than through the draws.
    SimulatorFailed
        If every event failed.
    """
    box = parameters.probe_box(theta, alternatives)
    steps = parameters.steps(theta)
    near, wide = stencil(theta, steps, parameters), stencil(theta, 2 * steps, parameters)
    call = _Call(program, theta, alternatives, near, wide, box, root, first, one_pass, guard)
    with alone(), _rare_collections():
        batches = [assemble(block, alternatives, first, root, traces) for block in _blocks(call)]
    return gather(batches)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles once in 100,000 new objects: a record is many small tuples and no cycles."""
    before = gc.get_threshold()
    if not 0 < before[0] < _COLLECT_AFTER:
        yield
        return
    gc.set_threshold(_COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _blocks(call: _Call) -> Iterator[list[EventRuns | Failure]]:
    """Yield mined events in blocks that are large for few draws an event and stay in the cache for many."""
    streams = EventStreams(call.root)
    streams.at(call.first)
    begin, size = 0, _FIRST
    while begin < len(call.theta):
        rows = range(begin, min(begin + size, len(call.theta)))
        block = [_event(call, streams, row) for row in rows]
        yield block
        begin, size = rows.stop, _block_size(block)


def _block_size(block: Sequence[EventRuns | Failure]) -> int:
    first = block[0]
    numbers = sum(np.size(draw.value) for draw in first.run.draws) if isinstance(first, EventRuns) else 1
    return max(1, min(_BLOCK, _NUMBERS // max(1, numbers)))


def _event(call: _Call, streams: EventStreams, row: int) -> EventRuns | Failure:
    try:
        return _mine(call, streams, row)
    except MotherlodeError:
        raise
    except Exception as error:  # noqa: BLE001 - a user's simulator may raise anything; it becomes a failure record
        theta = tuple(call.theta[row].tolist())
        return Failure(call.first + row, theta, call.root, _reason(error))


class _RaisedOnReplay(Exception):
    """Carry an exception of the simulator together with the parameters it was replayed at."""

    def __init__(self, error: Exception, theta: Array) -> None:
        self.error, self.theta = error, theta


def _reason(error: Exception) -> str:
    if isinstance(error, _RaisedOnReplay):
        return f"{_reason(error.error)} (on replay at theta={show(error.theta)})"
    return f"{type(error).__name__}: {error}"


def _replayed(program: Program, run: RecordedRun, theta: Array, generator: Generator) -> Asked:
    try:
        return replay_at(program, run, theta, generator)
    except MotherlodeError:
        raise
    except Exception as error:
        raise _RaisedOnReplay(error, theta) from error


def _mine(call: _Call, streams: EventStreams, row: int) -> EventRuns:
    theta, event = call.theta[row], call.first + row
    near = Stencil(call.near.points[row], call.near.weights[row])
    passed = None
    if call.one_pass is not None:
        passed = mine_in_one_pass(call.one_pass, event, theta, call.alternatives[row], near, streams.at(event))
        if passed is not None and not is_probed(event):
            return passed
    generator = streams.at(event)
    run = record_run(call.program, event, theta, generator)

    def asked(points: Sequence[Array] | Array) -> list[Asked]:
        return [_replayed(call.program, run, point, generator) for point in points]

    if not is_probed(event):
        return EventRuns(run, asked(call.alternatives[row]), near, asked(near.points))
    if call.guard is None:
        asked([theta])
    else:
        call.guard(run)
    probed = _probe(call, run, generator)
    wide = Stencil(call.wide.points[row], call.wide.weights[row])
    mined = EventRuns(run, asked(call.alternatives[row]), near, asked(near.points), wide, asked(wide.points), probed)
    if passed is not None:
        check_against_replay(passed, mined)
    return mined


def _probe(call: _Call, run: RecordedRun, generator: Generator) -> bool:
    """Look for a leak at a point of the prior box; return False where the simulator is not defined at that point."""
    try:
        _replayed(call.program, run, probe_at(call.root, run.event, call.box), generator)
    except _RaisedOnReplay:
        return False
    return True


def simulate(program: Program, theta: Array, *, root: int, first: int = 0) -> Array:
    """Return x with shape (N, *L) for θ with shape (N, D), the same that :func:`mine` gives.

    An exception of the simulator passes through: there is nobody to record it.
    """
    streams = EventStreams(root)
    outputs = []
    for row, point in enumerate(theta):
        with alone(), seed(streams.at(first + row)):
            outputs.append(np.array(program(point), dtype=np.float64))
    return np.array(outputs)
