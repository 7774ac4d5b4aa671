"""Keep events on disk: Parquet shards of flat columns beside a manifest that says where they come from.

A shard is a temporary file, flushed and renamed, so whatever is listed is whole.
"""

from motherlode.store.columns import StoredColumns
from motherlode.store.errors import CondemnedStore, CorruptManifest, CorruptShard, StoreMismatch
from motherlode.store.manifest import Manifest
from motherlode.store.store import EventStore
from motherlode.store.tables import read_table

__all__ = [
    "CondemnedStore",
    "CorruptManifest",
    "CorruptShard",
    "EventStore",
    "Manifest",
    "StoreMismatch",
    "StoredColumns",
    "read_table",
]
