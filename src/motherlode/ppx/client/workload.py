"""Cut a campaign of N events into gold requests of a good size, and join the blocks that come back.

A block should take about half a second: long enough that the wire costs nothing, short enough that a deadline, a
progress bar and an interruption mean something. Row i depends on (seed, first + i) only, never on the cut.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from motherlode.core import Parameters
from motherlode.core.types import Array
from motherlode.events import Counts, Events, Failure, TraceColumns
from motherlode.events.traces import Site
from motherlode.ppx.format.messages import Described, GoldBlock, GoldRun, TraceBlock
from motherlode.ppx.format.schema import Recorded

__all__ = ["BlockSize", "Workload", "events_of", "join", "lost"]

TARGET_SECONDS = 0.5
TIMEOUT_SHARE = 0.1
MAX_BLOCK_BYTES = 16 << 20
GROWTH = 4


@dataclass
class BlockSize:
    """Choose how many events the next request asks for, from how long the last one took and how large it was.

    Attributes
    ----------
    events
        How many.
    timeout
        Seconds the answer may take; a block is meant to take a tenth of it, and no more than half a second.
    """

    events: int = 1
    timeout: float = 30.0
    _since: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """Start the clock: the simulator was idle until now."""
        self._since = time.monotonic()

    def learn(self, block: GoldBlock) -> None:
        """Take note of a block that just came."""
        now = time.monotonic()
        seconds, self._since = max(now - self._since, 1e-6), now
        fitting = (
            self.events * GROWTH,
            int(block.count * min(TARGET_SECONDS, TIMEOUT_SHARE * self.timeout) / seconds),
            MAX_BLOCK_BYTES * block.count // max(1, _bytes(block)),
        )
        self.events = max(1, min(fitting))


def _bytes(block: GoldBlock) -> int:
    columns = block.x.nbytes + block.joint_log_ratio.nbytes + block.joint_score.nbytes
    traces = block.traces
    return columns if traces is None else columns + 2 * traces.log_prob.nbytes + traces.parameters.nbytes


class Workload:
    """Hold what is asked of N events, and hand out its rows to as many workers as ask.

    Parameters
    ----------
    record
        What to bring back.
    theta, alternatives
        Shapes (N, D) and (N, K, D).
    parameters
        Names and bounds, from which steps and probe box follow.
    seed, first
        Event i uses stream (seed, first + i).
    probe_events
        Events with a smaller index are probed, besides one in a hundred.
    """

    def __init__(
        self,
        record: Recorded,
        theta: Array,
        alternatives: Array,
        parameters: Parameters,
        seed: int,
        first: int,
        probe_events: int = 1000,
    ) -> None:
        self.record, self.theta, self.alternatives = record, theta, alternatives
        self.seed, self.first, self.probe_events = seed, first, probe_events
        gold = record is not Recorded.SIMULATE
        self._steps = parameters.steps(theta) if gold else None
        self._box: tuple[Array | None, Array | None] = (
            parameters.probe_box(theta, alternatives) if gold else (None, None)
        )
        self._next = 0
        self._again: list[range] = []
        self._suspects: set[int] = set()
        self._lock = threading.Lock()

    def runs(self, size: BlockSize, simulator: Described) -> Iterator[GoldRun]:
        """Yield requests until every row is handed out; several workers may do so at once."""
        event_bytes = 8 * self.theta.shape[1] * (2 + self.alternatives.shape[1])
        room = min(simulator.max_message_size or MAX_BLOCK_BYTES, MAX_BLOCK_BYTES) // 2
        limit = max(1, min(simulator.max_events, room // max(1, event_bytes)))
        low, high = self._box_within(simulator)
        while rows := self._take(min(size.events, limit)):
            yield self._run(rows, low, high)

    def _box_within(self, simulator: Described) -> tuple[Array | None, Array | None]:
        """Return the box of probes, kept inside what the simulator declares of itself (some sides may be infinite)."""
        low, high = self._box
        if low is None or high is None or simulator.parameter_low is None or simulator.parameter_high is None:
            return low, high
        return np.maximum(low, simulator.parameter_low), np.minimum(high, simulator.parameter_high)

    @property
    def unfinished(self) -> bool:
        """Whether there are rows to hand out."""
        return bool(self._again) or self._next < len(self.theta)

    def stop(self) -> None:
        """Hand out no more rows."""
        with self._lock:
            self._next = len(self.theta)
            self._again.clear()

    def give_back(self, runs: Iterable[GoldRun]) -> None:
        """Hand out again what a program took with it, each in two halves, to be run alone."""
        for run in runs:
            start = run.first - self.first
            middle, stop = start + run.count // 2, start + run.count
            with self._lock:
                self._again += [rows for rows in (range(start, middle), range(middle, stop)) if rows]
                self._suspects |= {start, middle}

    def is_suspect(self, run: GoldRun) -> bool:
        """Return whether a program died while it had these rows: it may have died before its last answer was out.

        Only a program that holds nothing else can be said to have died of them.
        """
        return run.first - self.first in self._suspects

    def _take(self, wanted: int) -> range:
        with self._lock:
            if self._again:
                return self._again.pop()
            rows = range(self._next, min(self._next + wanted, len(self.theta)))
            self._next = rows.stop
        return rows

    def _run(self, rows: range, low: Array | None, high: Array | None) -> GoldRun:
        at = slice(rows.start, rows.stop)
        return GoldRun(
            self.record,
            self.seed,
            self.first + rows.start,
            self.theta[at],
            self.alternatives[at],
            None if self._steps is None else self._steps[at],
            low,
            high,
            self.probe_events,
        )


def events_of(block: GoldBlock, request: Workload) -> Events:
    """Return a block as events; those that failed are listed and have no row."""
    index = np.arange(block.count)
    lost = [failure.event - block.first for failure in block.failures]
    rows = np.delete(index, lost) + (block.first - request.first)
    theta, alternatives = request.theta[rows], request.alternatives[rows]
    return Events(
        theta,
        alternatives,
        block.x,
        block.joint_log_ratio,
        np.full_like(theta, np.nan) if request.record is Recorded.SIMULATE else block.joint_score,
        event=(rows + request.first).astype(np.int64),
        seed=request.seed,
        traces=None if block.traces is None else _traces(block.traces, theta, block.x),
        failures=tuple(_failure(failure.event, request, failure.text) for failure in block.failures),
        counts=Counts(block.draws, block.probed, block.score_discrepancy, block.diverted),
    )


def _failure(event: int, request: Workload, reason: str) -> Failure:
    return Failure(event, tuple(request.theta[event - request.first].tolist()), request.seed, reason)


def lost(run: GoldRun, request: Workload, reason: str) -> Events:
    """Return no events but the failures of a request that was never answered."""
    failures = tuple(_failure(event, request, reason) for event in range(run.first, run.first + run.count))
    return Events.failed(failures, request.alternatives.shape[1])


def join(batches: Sequence[Events]) -> Events:
    """Join blocks in order of event, whoever ran them; blocks in which every event failed bring failures only."""
    filled = sorted((batch for batch in batches if len(batch)), key=lambda batch: int(batch.event[0]))
    failures = sorted((failure for batch in batches for failure in batch.failures), key=lambda failure: failure.event)
    return replace(Events.concatenate(filled or list(batches[:1])), failures=tuple(failures))


def _traces(block: TraceBlock, theta: Array, x: Array) -> TraceColumns:
    return TraceColumns(
        sites=tuple(Site(site.address, site.family, site.observed) for site in block.sites),
        offsets=block.offsets,
        site=block.site.astype(np.int32),
        value=block.value,
        parameter_offsets=block.parameter_offsets,
        parameters=block.parameters,
        log_prob=block.log_prob.reshape(len(block.site), -1),
        theta=theta,
        x=x,
    )
