"""Audit a store shard by shard: of all events only the gold is in memory, of x one shard."""

import numpy as np

from motherlode.events.audit import EARLY, Audit, Audited, audit_columns, rows_not_finite
from motherlode.events.batch import Counts
from motherlode.store.shard import read_columns
from motherlode.store.store import EventStore

__all__ = ["audit_store"]

_GOLD = ("joint_log_ratio", "joint_score")


def audit_store(store: EventStore) -> Audit:
    """Audit all events of `store`; the result is that of ``store.load().audit()``, and not ok for a condemned store.

    Raises
    ------
    EventsError
        If the store is empty.
    CorruptShard
        If a file cannot be read.
    """
    headers = store.headers()
    full = {shard: header for shard, header in headers.items() if header.rows} or headers
    rows = sum(header.rows for header in full.values())
    shapes = next(iter(full.values())).shapes
    gold = {name: np.empty((rows, *shapes[name])) for name in _GOLD}
    last, nonfinite, early = 0, 0, False
    for shard, header in full.items():
        columns = read_columns(shard, ("event", "x", *_GOLD))
        here = slice(last, last := last + header.rows)
        for name, values in gold.items():
            values[here] = columns[name]
        nonfinite += rows_not_finite(columns["x"])
        early |= bool(np.any(columns["event"] < EARLY))
    counts = sum((header.counts for header in full.values()), Counts())
    ratio, score = gold.values()
    failures = len(store.failures())
    return audit_columns(Audited(ratio, score, nonfinite, early, failures, counts, store.condemned()))
