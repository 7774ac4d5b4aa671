"""Mine one shard of a campaign and write it: what one worker does at a time."""

import platform
from dataclasses import dataclass, replace
from pathlib import Path

from motherlode.campaign.errors import CampaignError
from motherlode.campaign.proposal import Proposal
from motherlode.events import Events, Failure, Simulator
from motherlode.store import EventStore, StoreMismatch
from motherlode.tracing import SimulatorFailed

__all__ = ["Plan", "Shard", "write_shard"]


@dataclass(frozen=True)
class Plan:
    """What all shards of a campaign have in common.

    Attributes
    ----------
    simulator, proposal, alternatives, seed, traces
        The campaign's.
    path
        Directory of the store.
    origin
        SHA-256 of the inputs in the store's manifest.
    """

    simulator: Simulator
    proposal: Proposal
    alternatives: int
    seed: int
    path: Path
    traces: bool
    origin: str


@dataclass(frozen=True)
class Shard:
    """Which events to mine: first to first + count - 1."""

    first: int
    count: int


def write_shard(plan: Plan, shard: Shard) -> Path:
    """Mine a shard and write it, unless another process has; return the path of its file.

    Raises
    ------
    CampaignError
        If the store that the campaign started cannot be seen from here.
    """
    store = EventStore(plan.path)
    file = store.shard_path(plan.seed, shard.first, shard.count)
    if file.exists():
        return file
    if not store.manifest_path.exists():
        raise CampaignError(
            f"{store.manifest_path} cannot be seen on {platform.node()}, though the campaign wrote it. "
            "Shards written here would be lost. "
            "Let every worker see the directory of the store under the same path, or mine on one machine."
        )
    try:
        return store.append(_mined(plan, shard), span=(shard.first, shard.count), origin=plan.origin)
    except StoreMismatch:
        if file.exists():
            return file
        raise


def _mined(plan: Plan, shard: Shard) -> Events:
    theta, alternatives = plan.proposal.draw(plan.seed, shard.first, shard.count, plan.alternatives)
    try:
        events = plan.simulator.mine(theta, alternatives, seed=plan.seed, first=shard.first, traces=plan.traces)
    except SimulatorFailed as failed:
        points = enumerate(theta.tolist(), shard.first)
        failures = [Failure(event, tuple(point), plan.seed, failed.reason) for event, point in points]
        events = Events.failed(failures, plan.alternatives)
    return replace(events, exchangeable=plan.proposal.exchangeable)
