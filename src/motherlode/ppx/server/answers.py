"""Say in blocks of events what our own simulators produce."""

import numpy as np

from motherlode.events import Events, TraceColumns
from motherlode.ppx.format.messages import FailureEntry, GoldBlock, GoldRun, SiteEntry, TraceBlock
from motherlode.ppx.format.schema import Recorded

__all__ = ["block_of", "simulated", "unanswered"]


def simulated(x: np.ndarray, asked: GoldRun) -> GoldBlock:
    """Return the block of a request for x alone; x has shape (N, *L)."""
    none = np.empty((len(x), 0))
    return GoldBlock(asked.first, asked.count, np.asarray(x, np.float64), none, none)


def block_of(events: Events, asked: GoldRun) -> GoldBlock:
    """Return mined events as the block that answers a request."""
    traced = asked.record is Recorded.TRACES and events.traces is not None
    return GoldBlock(
        asked.first,
        asked.count,
        events.x,
        events.joint_log_ratio,
        events.joint_score,
        events.counts.draws,
        events.counts.probed,
        events.counts.score_discrepancy,
        tuple(FailureEntry(failure.event, failure.reason) for failure in events.failures),
        _traces(events.traces) if traced and events.traces is not None else None,
        events.counts.diverted,
    )


def _traces(columns: TraceColumns) -> TraceBlock:
    return TraceBlock(
        tuple(SiteEntry(site.address, "", site.family, site.observed) for site in columns.sites),
        columns.offsets,
        columns.site.astype(np.uint32),
        columns.value,
        columns.parameter_offsets,
        columns.parameters,
        columns.log_prob,
    )


def unanswered(asked: GoldRun, reason: str) -> GoldBlock:
    """Return the block of a request of which every event failed."""
    failures = tuple(FailureEntry(event, reason) for event in range(asked.first, asked.first + asked.count))
    none = np.empty((0, 0))
    traces = TraceBlock((), np.zeros(1, np.int64), *_nothing(), np.zeros(1, np.int64), np.empty(0), none)
    return GoldBlock(
        asked.first,
        asked.count,
        np.empty(0),
        none,
        none,
        failures=failures,
        traces=traces if asked.record is Recorded.TRACES else None,
    )


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, np.uint32), np.empty(0)
