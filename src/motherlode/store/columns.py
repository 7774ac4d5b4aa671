"""Read some columns of a store shard by shard: what a consumer with little memory needs."""

from collections.abc import Sequence
from math import prod

import numpy as np

from motherlode.core.types import Array
from motherlode.events.batch import all_exchangeable
from motherlode.events.errors import EventsError
from motherlode.store.shard import read_columns
from motherlode.store.store import EventStore

__all__ = ["StoredColumns"]


class StoredColumns:
    """Some columns of a store as it is now; shards without events are left out.

    Parameters
    ----------
    store
        The store.
    names
        Some of theta, alternatives, x, joint_log_ratio, joint_score.

    Attributes
    ----------
    rows
        Number of events of each shard.
    shapes
        Shape of one event's value of each column.
    exchangeable
        Whether (θ, alternatives) were proposed exchangeably: False where a shard says so, None where one says nothing.

    Raises
    ------
    CondemnedStore
        If a leak was found while the store was mined.
    EventsError
        If the store is empty.
    CorruptShard
        If a file is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from motherlode.events import Events
    >>> zeros = np.zeros((10, 1))
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = EventStore(folder.name)
    >>> _ = store.append(Events(zeros, zeros[:, None], np.arange(10.0), zeros, zeros))
    >>> columns = StoredColumns(store, ["theta", "x"])
    >>> len(columns), columns.bytes_per_event, columns.read(0)["x"][:3].tolist()
    (10, 16, [0.0, 1.0, 2.0])
    >>> folder.cleanup()
    """

    def __init__(self, store: EventStore, names: Sequence[str]) -> None:
        store.check_usable()
        self.names = tuple(names)
        headers = {shard: header for shard, header in store.headers().items() if header.rows}
        self._shards = list(headers)
        if not self._shards:
            raise EventsError(f"The store {store.path} holds no events. Mine some first: `motherlode mine … --out`.")
        self.rows = [header.rows for header in headers.values()]
        shapes = headers[self._shards[0]].shapes
        self.shapes = {name: shape for name, shape in shapes.items() if name in self.names}
        self.exchangeable = all_exchangeable(header.exchangeable for header in headers.values())

    def __len__(self) -> int:
        return sum(self.rows)

    @property
    def bytes_per_event(self) -> int:
        """Memory that one event takes as arrays."""
        return 8 * sum(prod(shape) for shape in self.shapes.values())

    def read(self, shard: int) -> dict[str, Array]:
        """Return the columns of one shard."""
        return read_columns(self._shards[shard], self.names)

    def load(self) -> dict[str, Array]:
        """Return the columns of all shards, in order."""
        arrays = {name: np.empty((len(self), *shape)) for name, shape in self.shapes.items()}
        for shard, last in enumerate(np.cumsum(self.rows)):
            for name, values in self.read(shard).items():
                arrays[name][last - len(values) : last] = values
        return arrays
