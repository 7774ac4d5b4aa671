"""Audit a store against the simulator that it was mined from: its events again, bare, alone, and reweighted."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motherlode.events import Audit, Events, GuardOutcome, Simulator
from motherlode.gold.guards.closure import check_closure
from motherlode.gold.guards.fresh import FreshReplay
from motherlode.gold.guards.parity import check_parity
from motherlode.gold.guards.watch import watched_rows
from motherlode.store import EventStore, StoreMismatch
from motherlode.tracing import LeakError

__all__ = ["audit"]


def audit(store: EventStore, simulator: Simulator, *, seconds: float = 4.0) -> Audit:
    """Return the audit of a store, with what the guards find when they run the simulator again.

    Parameters
    ----------
    store
        At least one shard.
    simulator
        The one that was mined; what it is certainly not the source of condemns the store.
    seconds
        About how long closure, and fresh replay, may take each.

    Raises
    ------
    StoreMismatch
        If the store was mined from another simulator or another version of it.
    EventsError
        If the store is empty.
    """
    manifest = store.manifest()
    known = "none" if manifest is None else f"{manifest.simulator} {manifest.version}"
    if known != f"{simulator.name} {simulator.version}":
        raise StoreMismatch(store.path, "simulator", known, f"{simulator.name} {simulator.version}")
    try:
        guards = tuple(_guards(store, simulator, seconds))
    except LeakError as leak:
        store.condemn(str(leak))
        return store.audit()
    found = store.audit()
    warned = tuple(str(outcome) for outcome in guards if outcome.verdict == "warning")
    return replace(found, guards=guards, warnings=(*found.warnings, *warned))


def _guards(store: EventStore, simulator: Simulator, seconds: float) -> Iterator[GuardOutcome]:
    shards = list(filter(len, store.iterate(condemned=True)))
    if not shards:
        yield GuardOutcome("parity, fresh replay, closure", "not run", "Every event of the store failed.")
        return
    yield from _repeated(simulator, shards[0], seconds)
    parity = [check_parity(simulator, shard, watched_rows(shard)) for shard in shards]
    yield parity[0]
    yield check_closure(simulator, shards[0].theta, seconds=seconds)


def _repeated(simulator: Simulator, shard: Events, seconds: float) -> Iterator[GuardOutcome]:
    consecutive = int(np.argmin(np.append(np.diff(shard.event) == 1, False))) + 1
    if shard.seed is None:
        return
    theta, alternatives = shard.theta[:consecutive], shard.alternatives[:consecutive]
    fresh = FreshReplay(simulator, theta, alternatives, shard.seed, int(shard.event[0]), seconds=seconds)
    yield fresh.check(shard)
