"""Restore the shapes of a gold request and of a gold block, refusing counts that do not agree."""

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from motherlode.core.types import Array
from motherlode.ppx.format.messages import FailureEntry, GoldBlock, GoldRun, SiteEntry, TraceBlock
from motherlode.ppx.format.schema import Fields, Recorded

__all__ = ["check_answer", "gold_block", "gold_run", "reject", "vector"]

Number = TypeVar("Number", bound=np.number)
Values = NDArray[np.number] | None


def reject(wrong: bool | np.bool_, text: str) -> None:
    """Raise the ``ValueError`` that :func:`motherlode.ppx.format.codec.decode` turns into a ProtocolError."""
    if wrong:
        raise ValueError(text)


def vector(values: Values) -> Array:
    """Return a copy of a vector field as float64; empty where the field is absent."""
    return vector_of(values, np.float64)


def vector_of(values: Values, dtype: type[Number]) -> NDArray[Number]:
    """Return a copy of a vector field in another type; empty where the field is absent."""
    return np.array(() if values is None else values, dtype)


def _divide(length: int, by: int, field: str) -> int:
    """Return how many columns a flat array of `length` has when it holds `by` rows."""
    reject((length % by != 0) if by else length != 0, f"{field} has {length} numbers, not a multiple of {by}")
    return length // by if by else 0


def _finite(values: Array, field: str) -> Array:
    reject(not np.isfinite(values).all(), f"{field} holds values that are not finite")
    return values


def _box(fields: Fields, columns: int) -> tuple[Array | None, Array | None]:
    low, high = _finite(vector(fields["probe_low"]), "probe_low"), _finite(vector(fields["probe_high"]), "probe_high")
    sizes = {len(low), len(high)}
    reject(sizes not in ({0}, {columns}), f"probe_low and probe_high have {len(low)} and {len(high)} of {columns}")
    reject(bool((low > high).any()), "probe_low exceeds probe_high")
    return (low, high) if len(low) else (None, None)


def gold_run(fields: Fields) -> GoldRun:
    """Return the gold request in `fields` with theta (N,D) and alternatives (N,K,D)."""
    count, first = fields["count"], fields["first"]
    reject(count == 0 or first + count > 1 << 64, f"count {count} from first {first} is no range of events")
    theta = _finite(vector(fields["theta"]), "theta")
    columns = _divide(len(theta), count, "theta")
    alternatives = _finite(vector(fields["alternatives"]), "alternatives")
    rows = _divide(len(alternatives), count * columns, "alternatives")
    steps = _finite(vector(fields["steps"]), "steps")
    reject(len(steps) not in (0, len(theta)) or bool((steps <= 0).any()), "steps do not match theta")
    low, high = _box(fields, columns)
    return GoldRun(
        Recorded(fields["record"]),
        fields["seed"],
        first,
        theta.reshape(count, columns),
        alternatives.reshape(count, rows, columns),
        steps.reshape(count, columns) if len(steps) else None,
        low,
        high,
        fields["probe_events"],
        fields["probe_every"],
    )


def _offsets(values: Values, rows: int, end: int, field: str) -> NDArray[np.int64]:
    if values is None or len(values) != rows + 1:
        raise ValueError(f"{field} has not {rows + 1} entries")
    reject(int(values[0]) != 0 or int(values[-1]) != end, f"{field} does not run from 0 to {end}")
    reject(bool((values[1:] < values[:-1]).any()), f"{field} decreases")
    return np.array(values, np.int64)


def _site(fields: Fields) -> SiteEntry:
    reject(not fields["address"] or not fields["family"], "sites has an entry without an address or a family")
    return SiteEntry(fields["address"], fields["name"] or "", fields["family"], bool(fields["observed"]))


def _traces(fields: Fields, rows: int) -> TraceBlock:
    sites = tuple(_site(site) for site in fields["sites"] or ())
    site, value, parameters = (
        vector_of(fields["site"], np.uint32),
        vector(fields["value"]),
        vector(fields["parameters"]),
    )
    log_prob, draws = vector(fields["log_prob"]), len(site)
    reject(draws > 0 and int(site.max()) >= len(sites), "site points past the table of sites")
    reject(len(value) != draws, f"value has {len(value)} entries for {draws} branchings")
    columns = _divide(len(log_prob), draws, "log_prob")
    return TraceBlock(
        sites,
        _offsets(fields["offsets"], rows, draws, "offsets"),
        site,
        value,
        _offsets(fields["parameter_offsets"], draws, len(parameters), "parameter_offsets"),
        parameters,
        log_prob.reshape(draws, columns),
    )


def _failures(entries: Sequence[Fields], first: int, count: int) -> tuple[FailureEntry, ...]:
    failures = tuple(FailureEntry(entry["event"], entry["text"] or "") for entry in entries)
    events = [failure.event for failure in failures]
    reject(events != sorted(set(events)), "failures are not in order of event")
    reject(any(not first <= event < first + count for event in events), "failures names an event not in the block")
    return failures


def gold_block(fields: Fields) -> GoldBlock:
    """Return the block in `fields` with x (R,*L), joint_log_ratio (R,K), joint_score (R,D)."""
    first, count = fields["first"], fields["count"]
    failures = _failures(fields["failures"] or (), first, count)
    rows = count - len(failures)
    shape = tuple(int(size) for size in vector_of(fields["x_shape"], np.int64))
    x, ratio, score = vector(fields["x"]), vector(fields["joint_log_ratio"]), vector(fields["joint_score"])
    reject(len(shape) > 16 or len(x) != rows * math.prod(shape), f"x has {len(x)} numbers for {rows} rows of {shape}")
    reject(fields["probed"] > count, f"probed {fields['probed']} exceeds count {count}")
    columns = _divide(len(ratio), rows, "joint_log_ratio"), _divide(len(score), rows, "joint_score")
    return GoldBlock(
        first,
        count,
        x.reshape(rows, *shape),
        ratio.reshape(rows, columns[0]),
        score.reshape(rows, columns[1]),
        fields["draws"],
        fields["probed"],
        fields["score_discrepancy"],
        failures,
        _traces(fields["traces"], rows) if fields["traces"] else None,
        fields["diverted"],
    )


def check_answer(block: GoldBlock, asked: GoldRun) -> None:
    """Refuse a block that does not answer the request.

    Raises
    ------
    ValueError
        Naming the field that differs.
    """
    gold = asked.record is not Recorded.SIMULATE
    columns = (asked.alternatives.shape[1], asked.theta.shape[1]) if gold else (0, 0)
    found = block.joint_log_ratio.shape[1], block.joint_score.shape[1]
    place = (block.first, block.count)
    reject(place != (asked.first, asked.count), f"the block holds (first, count) {place}, not the events asked for")
    reject(len(block.x) > 0 and found != columns, f"(K, D) of the block are {found} where {columns} were asked for")
    reject(block.diverted > block.count * columns[0], f"diverted {block.diverted} exceeds count times K")
    traced = asked.record is Recorded.TRACES
    reject(traced is not (block.traces is not None), f"traces are {'missing' if traced else 'there unasked'}")
    if block.traces is not None and len(block.traces.site):
        reject(block.traces.log_prob.shape[1] != 1 + columns[0], "log_prob has not 1 + K columns")
