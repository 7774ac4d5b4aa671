"""Audit a store shard by shard: of all events only the gold is in memory, of x one shard."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from motherlode.events.audit import PROBE_EVENTS, Audit, audit_gold, rows_not_finite
from motherlode.events.counts import Counts
from motherlode.store.shard import Header, read_columns

__all__ = ["audit_shards"]

_GOLD = ("joint_log_ratio", "joint_score")


def audit_shards(headers: Mapping[Path, Header], failures: int, condemned: str | None) -> Audit:
    """Audit all events of a store as if they had been loaded.

    Parameters
    ----------
    headers
        What each shard says of itself; at least one.
    failures
        Events that are missing.
    condemned
        Why the store must not be used, or None.

    Raises
    ------
    CorruptShard
        If a file cannot be read.
    """
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
        early |= bool(np.any(columns["event"] < PROBE_EVENTS))
    counts = sum((header.counts for header in full.values()), Counts())
    return audit_gold(**gold, nonfinite_x=nonfinite, early=early, failures=failures, counts=counts, condemned=condemned)
