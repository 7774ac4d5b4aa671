"""Find out whether x depends on θ other than through its draws.

E[r] = 1 and E[t] = 0 hold for a leaking simulator too, so the first 1,000 events and one in a hundred after them
are replayed: once at θ itself (x moves: hidden randomness), once at a probe drawn from the whole prior box (x moves:
a leak; nearby alternatives have too little power). Every ordinary replay makes the same comparison.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from motherlode.core.streams import Stream, philox_generator
from motherlode.events.audit import PROBE_EVENTS
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged, address_of, record, replay, seed
from motherlode.tracing.branching import RecordedDraw

__all__ = ["PROBE_EVENTS", "PROBE_EVERY", "Run", "is_probed", "probe_at", "replay_at", "run_of", "same_output"]

Array = NDArray[np.float64]
Program = Callable[[Array], Any]

PROBE_EVERY = 100


class Run(NamedTuple):
    """Keep one event as recorded: index, θ (D,), x (*L) and its draws."""

    event: int
    theta: Array
    x: Array
    draws: list[RecordedDraw]

    @property
    def last_address(self) -> str | None:
        """Address of the last draw before x."""
        return address_of(self.draws[-1].site) if self.draws else None


def is_probed(event: int) -> bool:
    """Return whether the leak check replays the event with this index."""
    return event < PROBE_EVENTS or event % PROBE_EVERY == 0


def probe_at(root: int, event: int, box: tuple[Array, Array]) -> Array:
    """Return probe parameters with shape (D,), uniform in `box` (low, high), from stream 1 of (`root`, `event`)."""
    low, high = box
    return low + (high - low) * philox_generator(root, event, Stream.PROBES).random(len(low))


def same_output(a: Array, b: Array) -> bool:
    """Return whether two outputs agree value for value; NaN equals NaN."""
    if a.shape == b.shape and a.tobytes() == b.tobytes():
        return True
    return a.shape == b.shape and bool(np.all((a == b) | (np.isnan(a) & np.isnan(b))))


def run_of(program: Program, event: int, theta: Array, generator: Generator) -> Run:
    """Run the program at θ on `generator` and record it."""
    with seed(generator), record() as recorded:
        x = _output(program, theta)
    return Run(event, theta, x, recorded.draws)


def replay_at(program: Program, run: Run, theta: Array, generator: Generator) -> list[tuple[Any, ...]]:
    """Run the program at other parameters with every draw held fixed; return what each draw was asked with.

    Raises
    ------
    LeakError, HiddenRandomness, ReplayDiverged
        If the path or x is not the recorded one.
    """
    try:
        with seed(generator), replay(run.draws) as replayed:
            found = _output(program, theta)
    except ReplayDiverged as diverged:
        raise diverged.at(run.event, run.theta, theta) from diverged
    if not same_output(run.x, found):
        kind = HiddenRandomness if np.array_equal(theta, run.theta) else LeakError
        raise kind(run.last_address, run.event, run.theta, theta, run.x, found)
    return replayed.asked


def _output(program: Program, theta: Array) -> Array:
    """Run the program; its x is converted at one place, where lazy numbers in it settle."""
    return np.array(program(theta), dtype=np.float64)
