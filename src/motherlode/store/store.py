"""Keep events on disk: an append-only directory of Parquet shards beside a manifest.

Layout: ``manifest.json``, ``shards/events-SEED-FIRST-COUNT.parquet``, ``failures/`` with one JSON file for each
shard that misses events, ``CONDEMNED`` with the reason where the events must not be used.
A shard appears by an atomic rename after its failures are on disk, so whatever is listed is whole, and killing a writer
loses at most the shard it was writing.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from motherlode.core import WriteError
from motherlode.core.files import create_text, sweep, write_text
from motherlode.core.locks import locked
from motherlode.core.parameters import Parameters
from motherlode.events import Audit, Events, EventsError, Failure
from motherlode.store.audit import audit_shards
from motherlode.store.errors import CondemnedStore, CorruptShard, StoreMismatch
from motherlode.store.inventory import check_origins, check_shapes, check_spans, span_of
from motherlode.store.manifest import Manifest
from motherlode.store.shard import Header, read_header, read_shard, shard_rows, write_shard

__all__ = ["EventStore"]


class EventStore:
    """Open or prepare a store.

    Parameters
    ----------
    path
        Directory; made when the first thing is written.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> zeros = np.zeros((10, 1))
    >>> events = Events(zeros, zeros[:, None], x=np.arange(10.0), joint_log_ratio=zeros, joint_score=zeros)
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = EventStore(folder.name)
    >>> store.append(events).name
    'events-0-000000000000-00000010.parquet'
    >>> len(store), store.load().joint_log_ratio.shape
    (10, (10, 1))
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise EventsError(f"{self.path} is a file; an event store is a directory. Choose another path.")

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is."""
        return self.path / "manifest.json"

    def manifest(self) -> Manifest | None:
        """Return the manifest, None for a store without one yet."""
        return Manifest.read(self.manifest_path) if self.manifest_path.exists() else None

    def open(self, manifest: Manifest) -> None:
        """Start the store with `manifest`, or resume it if it has the same inputs.

        Raises
        ------
        StoreMismatch
            If the store holds events of another origin.
        """
        sweep(self.path)
        if not self.manifest_path.exists() and self.shards():
            raise StoreMismatch(self.path, "manifest", "none", "one")
        self._start(manifest).check_same_inputs(manifest, self.path)

    def _start(self, manifest: Manifest) -> Manifest:
        """Return the manifest that is there, or else `manifest`, written; of two that write at once one is first."""
        stored = self.manifest()
        if stored is None and manifest.create(self.manifest_path):
            return manifest
        return stored or Manifest.read(self.manifest_path)

    def shards(self) -> list[Path]:
        """Return the shards in order of seed and first event."""
        return sorted((self.path / "shards").glob("events-*.parquet"), key=span_of)

    def spans(self) -> list[tuple[int, int, int]]:
        """Return (seed, first, count) of each shard."""
        return [span_of(shard) for shard in self.shards()]

    def headers(self) -> dict[Path, Header]:
        """Return what each shard says of itself, in order, without reading rows.

        Raises
        ------
        EventsError
            If the store is empty.
        CorruptShard
            If a file cannot be read, was mined under another manifest, or holds events that another one holds.
        """
        check_spans(self.shards())
        headers = {shard: read_header(shard) for shard in self.shards()}
        if not headers:
            raise EventsError(f"The store {self.path} holds no events. Mine some first: `motherlode mine … --out`.")
        manifest = self.manifest()
        check_origins(headers, None if manifest is None else manifest.inputs_hash())
        check_shapes(headers)
        return headers

    def __len__(self) -> int:
        return sum(shard_rows(shard) for shard in self.shards())

    def append(self, events: Events, span: tuple[int, int] | None = None, origin: str | None = None) -> Path:
        """Write a batch as one shard.

        Parameters
        ----------
        events
            The batch.
        span
            (first, count) of the event indices it was asked for; from its rows and failures when absent.
        origin
            SHA-256 of the inputs that the store's manifest must have; when absent it may have any.

        Returns
        -------
        Path
            The shard.

        Raises
        ------
        StoreMismatch
            If shapes or origin differ from the stored ones, or random streams (seed, event) are in the store already.
        WriteError
            If it could not be written.
        """
        if events.seed is None:
            raise EventsError("Events of several seeds cannot be one shard. Append the batches one by one.")
        manifest = self.manifest() if origin else self._start(_manifest_by_hand(events))
        stored = None if manifest is None else manifest.inputs_hash()
        if origin not in (None, stored):
            raise StoreMismatch(self.path, "inputs_sha256", stored, origin)
        first, count = span or _asked(events)
        shard = self.shard_path(events.seed, first, count)
        _make(shard.parent)
        with locked(shard.parent):
            self._check_fits(events, first, count)
            self._write(events, shard, stored)
        if not events.score_valid:
            self._score_is_missing()
        return shard

    def shard_path(self, seed: int, first: int, count: int) -> Path:
        """Return the file that holds, or would hold, events first to first + count of `seed`."""
        return self.path / "shards" / f"events-{seed}-{first:012d}-{count:08d}.parquet"

    def _write(self, events: Events, shard: Path, origin: str | None) -> None:
        """Write the failures and then the shard, so that a shard that is seen is whole."""
        if events.failures:
            text = json.dumps([asdict(failure) for failure in events.failures], indent=1) + "\n"
            write_text(self.path / "failures" / f"{shard.stem}.json", text)
        write_shard(events, shard, origin)

    def _check_fits(self, events: Events, first: int, count: int) -> None:
        for seed, begin, length in self.spans():
            if seed == events.seed and begin < first + count and first < begin + length:
                streams = f"(seed {seed}, events {begin} to {begin + length - 1})"
                raise StoreMismatch(self.path, "random streams", streams, f"events {first} to {first + count - 1}")
        full = next((shard for shard in self.shards() if shard_rows(shard)), None) if len(events) else None
        for name, old in ({} if full is None else read_header(full).shapes).items():
            new = getattr(events, name).shape[1:]
            if old != new:
                raise StoreMismatch(self.path, f"the shape of {name}", old, new)

    def iterate(self, *, condemned: bool = False) -> Iterator[Events]:
        """Yield the shards one by one, each with its failures; those of a condemned store only where asked.

        Raises
        ------
        CondemnedStore
            If the store is condemned and `condemned` is False.
        CorruptShard
            At the first file that cannot be read, or before it as :meth:`headers` does.
        """
        if not condemned:
            self.check_usable()
        for shard in self.headers() if self.shards() else ():
            events = read_shard(shard)
            yield replace(events, failures=self._failures(shard.stem))

    def load(self, *, condemned: bool = False) -> Events:
        """Return all events in order; those of a condemned store only where asked, to look at them.

        Raises
        ------
        EventsError
            If the store is empty.
        CondemnedStore
            If the store is condemned and `condemned` is False.
        CorruptShard
            If a file cannot be read.
        """
        self.headers()
        batches = list(self.iterate(condemned=condemned))
        full = [batch for batch in batches if len(batch)] or batches[:1]
        failures = tuple(failure for batch in batches for failure in batch.failures)
        return replace(Events.concatenate(full), failures=failures)

    def failures(self) -> tuple[Failure, ...]:
        """Return the events that are missing because the simulator raised."""
        return tuple(failure for shard in self.shards() for failure in self._failures(shard.stem))

    def _failures(self, stem: str) -> tuple[Failure, ...]:
        path = self.path / "failures" / f"{stem}.json"
        if not path.exists():
            return ()
        try:
            return tuple(Failure(**data | {"theta": tuple(data["theta"])}) for data in json.loads(path.read_text()))
        except (json.JSONDecodeError, TypeError, KeyError) as error:
            raise CorruptShard(path, str(error)) from error

    def audit(self) -> Audit:
        """Audit all events, one shard of x in memory at a time; not ok for a condemned store.

        Raises
        ------
        EventsError
            If the store is empty.
        CorruptShard
            If a file cannot be read.
        """
        return audit_shards(self.headers(), len(self.failures()), self.condemned())

    def condemn(self, reason: str) -> None:
        """Mark the whole store as not to be used. The mark cannot be taken back, and the first reason stays."""
        create_text(self._condemned_path, reason)

    @property
    def _condemned_path(self) -> Path:
        return self.path / "CONDEMNED"

    def condemned(self) -> str | None:
        """Return why the events must not be used, None if they may be used."""
        if not self._condemned_path.exists():
            return None
        return self._condemned_path.read_text() or "The reason was lost."

    def check_usable(self) -> None:
        """Refuse a condemned store.

        Raises
        ------
        CondemnedStore
            With the finding that condemned it.
        """
        reason = self.condemned()
        if reason is not None:
            raise CondemnedStore(self.path, reason)

    def _score_is_missing(self) -> None:
        """Say in the manifest that events lack a joint score, unless it does."""
        with locked(self.path):
            manifest = self.manifest()
            if manifest is not None and manifest.score_valid:
                replace(manifest, score_valid=False).write(self.manifest_path)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(folder, error.strerror or str(error)) from error


def _asked(events: Events) -> tuple[int, int]:
    indices = [*events.event.tolist(), *(failure.event for failure in events.failures)]
    if not indices:
        raise EventsError("A batch without events or failures cannot be stored: it says nothing.")
    return min(indices), max(indices) - min(indices) + 1


def _manifest_by_hand(events: Events) -> Manifest:
    names = tuple(f"theta_{d}" for d in range(events.theta.shape[1]))
    k = events.alternatives.shape[1]
    return Manifest(
        "(appended by hand)",
        "",
        Parameters(names),
        k,
        exchangeable=events.exchangeable,
        traces=events.traces is not None,
    )
