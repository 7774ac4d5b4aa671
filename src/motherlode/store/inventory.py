"""Check that the shards of a store have one origin and one shape and do not overlap, before any row is read."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from motherlode.store.errors import CorruptShard
from motherlode.store.shard import Header

__all__ = ["check_origins", "check_shapes", "check_spans", "span_of"]


def span_of(shard: Path) -> tuple[int, int, int]:
    """Return (seed, first, count) of a shard, from its name.

    Raises
    ------
    CorruptShard
        If it is not named so.
    """
    try:
        seed, first, count = (int(part) for part in shard.stem.split("-")[1:])
    except ValueError as error:
        raise CorruptShard(shard, "its name is not events-SEED-FIRST-COUNT") from error
    return seed, first, count


def check_spans(shards: list[Path]) -> None:
    """Refuse shards, in order of seed and first event, that hold an event twice.

    Raises
    ------
    CorruptShard
        Naming the second of the two.
    """
    for before, after in pairwise(shards):
        (seed, first, count), (other, begin, _) = span_of(before), span_of(after)
        if seed == other and begin < first + count:
            raise CorruptShard(after, f"it holds events from {begin} on of seed {seed}, and so does {before.name}")


def check_origins(headers: Mapping[Path, Header], origin: str | None) -> None:
    """Refuse shards that were mined under another manifest than that whose inputs have the hash `origin`.

    Raises
    ------
    CorruptShard
        Naming the first of them.
    """
    for shard, header in headers.items():
        if origin is None:
            raise CorruptShard(shard, "the store has no manifest that says where its events come from")
        if header.origin != origin:
            theirs = "without a manifest" if header.origin is None else f"under inputs_sha256 {header.origin[:12]}…"
            reason = f"it was mined {theirs}, but the manifest of this store is {origin[:12]}…: another simulator, "
            raise CorruptShard(shard, reason + "version, prior, seed or number of alternatives")


def check_shapes(headers: Mapping[Path, Header]) -> None:
    """Refuse shards whose rows differ in shape; those without rows say nothing.

    Raises
    ------
    CorruptShard
        Naming the first that differs from the first.
    """
    full = {shard: header.shapes for shard, header in headers.items() if header.rows}
    for shard, shapes in full.items():
        for name, shape in next(iter(full.values())).items():
            if shapes[name] != shape:
                raise CorruptShard(shard, f"its {name} has shape {shapes[name]} a row, that of the others {shape}")
