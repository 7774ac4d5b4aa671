"""Mine one shard of a campaign and write it: what one worker does at a time."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motherlode.campaign.proposal import Proposal
from motherlode.events import Events, EventStore, Failure, Simulator, StoreMismatch
from motherlode.tracing import SimulatorFailed

__all__ = ["Shard", "write_shard"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shard:
    """Which events to mine, and where they go.

    Attributes
    ----------
    simulator, proposal, alternatives, seed, traces
        The campaign's.
    path
        Directory of the store.
    first, count
        Events first to first + count - 1.
    """

    simulator: Simulator
    proposal: Proposal
    alternatives: int
    seed: int
    path: Path
    traces: bool
    first: int
    count: int


def write_shard(shard: Shard) -> Path:
    """Mine a shard and write it, unless another process has; return the path of its file."""
    store = EventStore(shard.path)
    file = store.shard_path(shard.seed, shard.first, shard.count)
    if file.exists():
        return file
    try:
        return store.append(_mined(shard), span=(shard.first, shard.count))
    except StoreMismatch:
        if file.exists():
            return file
        raise


def _mined(shard: Shard) -> Events:
    theta, alternatives = shard.proposal.draw(shard.seed, shard.first, shard.count, shard.alternatives)
    try:
        events = shard.simulator.mine(theta, alternatives, seed=shard.seed, first=shard.first, traces=shard.traces)
    except SimulatorFailed as failed:
        events = _only_failures(shard, theta, alternatives, failed.reason)
    return replace(events, exchangeable=shard.proposal.exchangeable)


def _only_failures(shard: Shard, theta: Array, alternatives: Array, reason: str) -> Events:
    """Return the failures of a shard whose every event failed: the last shard may be small, and others succeed."""
    failures = tuple(Failure(shard.first + i, tuple(row.tolist()), shard.seed, reason) for i, row in enumerate(theta))
    none = alternatives[:0]
    return Events(theta[:0], none, np.empty(0), none[:, :, 0], theta[:0], seed=shard.seed, failures=failures)
