"""Write a batch of events as one Parquet file of flat columns, and read it back."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from motherlode.core.files import replacing
from motherlode.core.types import Array, Integers, Shape
from motherlode.events import Counts, Events, Site, TraceColumns
from motherlode.store.errors import CorruptShard

__all__ = ["Header", "read_columns", "read_header", "read_shard", "shard_rows", "write_shard"]

_KEY = b"motherlode"
_DIGEST = b"motherlode_sha256"
_ARRAYS = ("theta", "alternatives", "x", "joint_log_ratio", "joint_score")


class _Fields(TypedDict):
    """The header of a shard as JSON holds it."""

    seed: int | None
    exchangeable: bool | None
    shapes: dict[str, Shape]
    counts: tuple[int, int, float, int]
    sites: list[tuple[str, str, bool]] | None
    origin: str | None


@dataclass(frozen=True)
class Header:
    """Hold what a shard says of itself without its rows.

    Attributes
    ----------
    rows
        Number of events.
    shapes
        Shape of one event's value of each array.
    exchangeable
        Whether (θ, alternatives) were proposed exchangeably; None where nobody said.
    counts
        How the events were mined.
    origin
        SHA-256 of the inputs of the manifest they were mined under; None where there was none.
    """

    rows: int
    shapes: dict[str, Shape]
    exchangeable: bool | None
    counts: Counts
    origin: str | None


def write_shard(events: Events, path: Path, origin: str | None = None) -> None:
    """Write all of `events` but its failures to `path`, atomically, sealed with the hash of its manifest's inputs."""
    columns: dict[str, Array | Integers | pa.LargeListArray] = {"event": events.event}
    for name in _ARRAYS:
        columns |= _flat(name, getattr(events, name))
    if events.traces is not None:
        columns |= _trace_columns(events.traces)
    table = pa.table({name: pa.array(column) for name, column in columns.items()})
    table = table.replace_schema_metadata(_sealed(_fields(events, origin)))
    floats = [name for name in columns if name != "event" and not name.startswith("trace_")]
    with replacing(path) as stream:
        pq.write_table(
            table,
            stream,
            compression="zstd",
            use_dictionary=False,
            use_byte_stream_split=floats,
            write_page_checksum=True,
        )


def read_header(path: Path) -> Header:
    """Read what a shard says of itself, and no rows.

    Raises
    ------
    CorruptShard
        If the file is damaged.
    """
    with _reading(path):
        metadata = pq.read_metadata(path)
        header = _opened(metadata.metadata)
        counts = Counts(*header["counts"])
        return Header(int(metadata.num_rows), header["shapes"], header["exchangeable"], counts, header["origin"])


def shard_rows(path: Path) -> int:
    """Return the number of events in a shard without reading them."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError) as error:
        raise CorruptShard(path, str(error)) from error


def read_shard(path: Path) -> Events:
    """Read a shard.

    Raises
    ------
    CorruptShard
        If the file is missing, damaged or none of ours.
    """
    with _reading(path):
        table = pq.read_table(path, page_checksum_verification=True)
        header = _opened(table.schema.metadata)
        return _events(table, header)


def read_columns(path: Path, names: Sequence[str]) -> dict[str, Array]:
    """Read some arrays of a shard and nothing else of it.

    Parameters
    ----------
    path
        The shard.
    names
        Some of event, theta, alternatives, x, joint_log_ratio, joint_score; all come as float64.

    Raises
    ------
    CorruptShard
        If the file is missing, damaged or none of ours.
    """
    shapes = {"event": ()} | read_header(path).shapes
    with _reading(path):
        flat = [column for name in names for column in _names(name, shapes[name])]
        table = pq.read_table(path, columns=flat, page_checksum_verification=True)
        return {name: _stack(table, name, shapes[name], table.num_rows) for name in names}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise CorruptShard(path, f"{type(error).__name__}: {error}") from error


def _flat(name: str, array: Array) -> dict[str, Array]:
    names = _names(name, array.shape[1:])
    return dict(zip(names, array.reshape(len(array), len(names)).T, strict=True))


def _names(name: str, shape: Shape) -> list[str]:
    return ["_".join([name, *map(str, index)]) for index in np.ndindex(*shape)]


def _sealed(header: _Fields) -> dict[bytes, bytes]:
    """Return the header beside its digest: Parquet's checksums cover pages, not the footer."""
    text = json.dumps(header).encode()
    return {_KEY: text, _DIGEST: hashlib.sha256(text).digest()}


def _opened(metadata: dict[bytes, bytes]) -> _Fields:
    if hashlib.sha256(metadata[_KEY]).digest() != metadata[_DIGEST]:
        raise ValueError("its header is damaged")
    fields: _Fields = json.loads(metadata[_KEY])
    fields["shapes"] = {name: tuple(shape) for name, shape in fields["shapes"].items()}
    return fields


def _fields(events: Events, origin: str | None) -> _Fields:
    counts = events.counts
    return {
        "seed": events.seed,
        "exchangeable": events.exchangeable,
        "shapes": {name: getattr(events, name).shape[1:] for name in _ARRAYS},
        "counts": (counts.draws, counts.probed, counts.score_discrepancy, counts.diverted),
        "sites": None if events.traces is None else list(events.traces.sites),
        "origin": origin,
    }


def _trace_columns(traces: TraceColumns) -> dict[str, pa.LargeListArray]:
    k = traces.log_prob.shape[1]
    draws = traces.offsets
    return {
        "trace_site": _lists(draws, traces.site),
        "trace_value": _lists(draws, traces.value),
        "trace_parameter_count": _lists(draws, np.diff(traces.parameter_offsets)),
        "trace_parameters": _lists(traces.parameter_offsets[draws], traces.parameters),
        "trace_log_prob": _lists(draws * k, traces.log_prob.ravel()),
    }


def _lists(offsets: Integers, values: Array | Integers | NDArray[np.int32]) -> pa.LargeListArray:
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def _events(table: pa.Table, header: _Fields) -> Events:
    arrays = {name: _stack(table, name, shape, table.num_rows) for name, shape in header["shapes"].items()}
    sites = header["sites"]
    return Events(
        **arrays,
        event=table["event"].to_numpy(),
        seed=header["seed"],
        exchangeable=header["exchangeable"],
        traces=None if sites is None else _traces(table, sites, arrays),
        failures=(),
        counts=Counts(*header["counts"]),
    )


def _stack(table: pa.Table, name: str, shape: Shape, rows: int) -> Array:
    names = _names(name, shape)
    result = np.empty((rows, len(names)))
    for position, column in enumerate(names):
        result[:, position] = table[column].to_numpy()
    return result.reshape(rows, *shape)


def _traces(table: pa.Table, sites: list[tuple[str, str, bool]], arrays: dict[str, Array]) -> TraceColumns:
    lists = {name: table[name].combine_chunks() for name in table.column_names if name.startswith("trace_")}
    flat = {name: column.flatten().to_numpy(zero_copy_only=False) for name, column in lists.items()}
    lengths = np.asarray(lists["trace_site"].value_lengths())
    return TraceColumns(
        sites=tuple(Site(*site) for site in sites),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        site=flat["trace_site"],
        value=flat["trace_value"],
        parameter_offsets=np.concatenate([[0], np.cumsum(flat["trace_parameter_count"])]).astype(np.int64),
        parameters=flat["trace_parameters"],
        log_prob=flat["trace_log_prob"].reshape(len(flat["trace_site"]), 1 + arrays["alternatives"].shape[1]),
        theta=arrays["theta"],
        x=arrays["x"],
    )
