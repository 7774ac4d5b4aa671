"""A store holds what was appended, refuses what does not belong, and never shows half of anything."""

import errno
import json
import os
import stat
import threading
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from events_by_hand import events, failure, same_traces

from motherlode import Law
from motherlode.core import Parameters
from motherlode.events import EventsError
from motherlode.store import (
    CondemnedStore,
    CorruptManifest,
    CorruptShard,
    EventStore,
    Manifest,
    StoredColumns,
    StoreMismatch,
)
from motherlode.store.shard import read_header, read_shard, write_shard


def manifest(**changes):
    given = {"simulator": "s", "version": "1", "parameters": Parameters(("a",)), "alternatives": 1, "seed": 0}
    return Manifest(**given | changes)


@pytest.mark.parametrize("traces", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,)])
@pytest.mark.parametrize(("k", "d"), [(0, 1), (1, 1), (3, 2)])
def test_round_trip(tmp_path, k, d, shape, traces):
    whole = events(6, k, d, shape, traces=traces)
    whole.x[0] = np.nan
    whole.joint_score[1] = np.nan
    if k:
        whole.joint_log_ratio[2, 0] = np.inf
    write_shard(whole, tmp_path / "shard")
    back = read_shard(tmp_path / "shard")
    assert back.same_as(whole)
    assert (back.seed, back.exchangeable, back.counts) == (whole.seed, whole.exchangeable, whole.counts)
    assert read_header(tmp_path / "shard").shapes["x"] == shape
    if traces:
        assert same_traces(back.traces, whole.traces)


def test_no_events_travel_too(tmp_path):
    write_shard(events(0, traces=True), tmp_path / "shard")
    assert len(read_shard(tmp_path / "shard")) == 0


def test_columns_are_flat_scalars(tmp_path):
    write_shard(events(3, 2, 2, (2, 2)), tmp_path / "shard")
    names = pq.read_table(tmp_path / "shard").column_names
    assert "alternatives_1_0" in names
    assert "x_1_1" in names
    assert {str(field.type) for field in pq.read_schema(tmp_path / "shard")} == {"double", "int64"}


def test_store_keeps_order_of_events(tmp_path):
    store = EventStore(tmp_path / "store")
    late, early = events(4, first=10), events(10)
    store.append(late)
    store.append(early)
    assert len(store) == 14
    assert store.spans() == [(0, 0, 10), (0, 10, 4)]
    loaded = store.load()
    np.testing.assert_array_equal(loaded.event, np.arange(14))
    assert loaded[10:].same_as(late)


def test_an_empty_store_says_so(tmp_path):
    with pytest.raises(EventsError, match="holds no events"):
        EventStore(tmp_path).load()


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(EventsError, match="is a file"):
        EventStore(tmp_path / "f")


@pytest.mark.parametrize("first", [0, 3, 4, 9])
def test_overlapping_streams_are_refused(tmp_path, first):
    store = EventStore(tmp_path)
    store.append(events(6, first=4))
    with pytest.raises(StoreMismatch, match="random streams"):
        store.append(events(5, first=first))
    store.append(events(5, first=first, seed=1))


def test_neighbours_do_not_overlap(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(4, first=4))
    store.append(events(4, first=8))
    store.append(events(4, first=0))
    assert len(store) == 12


@pytest.mark.parametrize("other", [events(2, k=2, first=9), events(2, d=2, first=9), events(2, shape=(2,), first=9)])
def test_other_shapes_are_refused(tmp_path, other):
    store = EventStore(tmp_path)
    store.append(events(2))
    with pytest.raises(StoreMismatch, match="the shape of"):
        store.append(other)


def test_failures_are_kept_with_their_reason(tmp_path):
    store = EventStore(tmp_path)
    batch = replace(events(3), event=np.array([0, 2, 4]), failures=(failure(1), failure(3)))
    store.append(batch)
    assert store.spans() == [(0, 0, 5)]
    assert store.failures() == batch.failures
    loaded = store.load()
    assert loaded.failures == batch.failures
    assert any("truncated" in warning for warning in store.audit().warnings)


def test_a_shard_of_nothing_but_failures(tmp_path):
    store = EventStore(tmp_path)
    store.append(replace(events(0, shape=()), failures=(failure(0), failure(1))))
    store.append(events(3, shape=(2,), first=2))
    loaded = store.load()
    assert len(loaded) == 3
    assert len(loaded.failures) == 2
    with pytest.raises(EventsError, match="says nothing"):
        store.append(events(0, first=9))


def test_events_of_several_seeds_are_no_shard(tmp_path):
    with pytest.raises(EventsError, match="several seeds"):
        EventStore(tmp_path).append(replace(events(2), seed=None))


def test_files_follow_the_umask(tmp_path):
    old = os.umask(0o022)
    try:
        shard = EventStore(tmp_path / "s").append(events(2))
    finally:
        os.umask(old)
    assert stat.S_IMODE(shard.stat().st_mode) == 0o644
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_flipped_bit_is_noticed_or_without_effect(tmp_path):
    """Parquet's footer holds bits that mean nothing to us, such as who wrote it."""
    store = EventStore(tmp_path)
    whole = events(300, shape=(2,), traces=True)
    shard = store.append(whole)
    content = shard.read_bytes()
    rng = np.random.default_rng(0)
    noticed = 0
    for position in rng.choice(len(content), 150, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(8))
        shard.write_bytes(damaged)
        try:
            back = store.load()
        except CorruptShard:
            noticed += 1
        else:
            assert back.same_as(whole)
            assert same_traces(back.traces, whole.traces)
    assert noticed > 100


def test_the_text_of_a_corrupt_shard(tmp_path):
    store = EventStore(tmp_path)
    shard = store.append(events(300))
    content = bytearray(shard.read_bytes())
    content[300] ^= 1
    shard.write_bytes(content)
    with pytest.raises(CorruptShard, match=r"cannot be read.*silently change the data set.*Delete the file"):
        store.load()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\0" * 1000])
def test_a_shard_that_is_none(tmp_path, content):
    store = EventStore(tmp_path)
    shard = store.append(events(5))
    shard.write_bytes(content)
    for act in (store.load, lambda: len(store)):
        with pytest.raises(CorruptShard):
            act()


def test_a_truncated_shard(tmp_path):
    store = EventStore(tmp_path)
    shard = store.append(events(100))
    shard.write_bytes(shard.read_bytes()[:-100])
    with pytest.raises(CorruptShard):
        store.load()


def test_parquet_of_somebody_else(tmp_path):
    store = EventStore(tmp_path)
    shard = store.append(events(5))
    pq.write_table(pq.read_table(shard).replace_schema_metadata({}), shard)
    with pytest.raises(CorruptShard):
        store.load()


def test_a_damaged_failures_file(tmp_path):
    store = EventStore(tmp_path)
    store.append(replace(events(3), failures=(failure(3),)))
    next((tmp_path / "failures").iterdir()).write_text("[{}")
    with pytest.raises(CorruptShard):
        store.load()


def test_condemned_is_for_good(tmp_path):
    store = EventStore(tmp_path)
    store.open(manifest())
    store.append(events(2))
    store.condemn("x depends on theta.")
    store.condemn("Something else.")
    assert EventStore(tmp_path).condemned() == "x depends on theta."
    with pytest.raises(CondemnedStore, match=r"condemned: x depends on theta\..*new store"):
        EventStore(tmp_path).check_usable()
    missing = events(2, first=2)
    store.append(replace(missing, joint_score=np.full((2, 1), np.nan)))
    assert store.condemned() == "x depends on theta."
    assert not store.manifest().score_valid


def test_a_missing_score_is_marked(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(2))
    assert store.manifest().score_valid
    store.append(replace(events(2, first=2), joint_score=np.array([[np.nan], [0.0]])))
    assert not store.manifest().score_valid
    written = store.manifest_path.stat().st_mtime_ns
    store.append(replace(events(2, first=4), joint_score=np.array([[np.nan], [0.0]])))
    assert store.manifest_path.stat().st_mtime_ns == written


def test_a_writer_who_read_the_manifest_before_does_not_undo_a_condemnation(tmp_path, monkeypatch):
    store, worker = EventStore(tmp_path), EventStore(tmp_path)
    store.open(manifest())
    before = worker.manifest()
    store.condemn("x depends on theta.")
    monkeypatch.setattr(worker, "manifest", lambda: before)
    worker.append(replace(events(1), joint_score=np.array([[np.nan]])))
    with pytest.raises(CondemnedStore):
        store.check_usable()


def test_condemned_events_are_read_only_where_asked(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(3))
    store.condemn("x depends on theta.")
    for reading in (store.load, lambda: list(store.iterate()), lambda: StoredColumns(store, ["theta"])):
        with pytest.raises(CondemnedStore):
            reading()
    assert len(store.load(condemned=True)) == 3


def test_a_condemnation_whose_reason_was_lost_holds(tmp_path):
    (tmp_path / "CONDEMNED").touch()
    with pytest.raises(CondemnedStore, match="reason was lost"):
        EventStore(tmp_path).check_usable()


def test_a_file_system_without_locks_is_told_once(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    store = EventStore(tmp_path)
    with pytest.warns(RuntimeWarning, match=r"shards cannot be locked: No locks available.*one campaign at a time"):
        store.append(events(2))
    store.append(events(2, first=2))
    assert len(store) == 4


def test_manifest_round_trip(tmp_path):
    given = manifest(proposal={"law": Law.of("a=0.1:1").to_json(), "near": None}, exchangeable=True)
    given.write(tmp_path / "m.json")
    assert Manifest.read(tmp_path / "m.json") == given


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("simulator", "t"),
        ("version", "2"),
        ("parameters", Parameters(("b",))),
        ("parameters", Parameters(("a",), (0.0,), (1.0,))),
        ("alternatives", 2),
        ("seed", 1),
        ("proposal", {"near": 0.1}),
        ("exchangeable", False),
        ("traces", True),
    ],
)
def test_other_inputs_are_other_events(tmp_path, what, value):
    store = EventStore(tmp_path)
    store.open(manifest())
    store.open(manifest(libraries={"numpy": "0"}))
    with pytest.raises(StoreMismatch, match=f"with {what} = ") as raised:
        store.open(manifest(**{what: value}))
    assert raised.value.what == what
    assert manifest().inputs_hash() != manifest(**{what: value}).inputs_hash()


def test_shards_without_a_manifest_are_not_adopted(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(2))
    store.manifest_path.unlink()
    with pytest.raises(StoreMismatch):
        store.open(manifest())


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 99}', "\udcff"])
def test_a_damaged_manifest(tmp_path, content):
    path = tmp_path / "manifest.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(CorruptManifest, match="Restore the file"):
        EventStore(tmp_path).manifest()


def test_an_edited_manifest(tmp_path):
    manifest().write(tmp_path / "manifest.json")
    data = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(data | {"seed": 5}))
    with pytest.raises(CorruptManifest, match="inputs_sha256"):
        EventStore(tmp_path).manifest()


def test_leftovers_of_a_killed_writer_are_swept_once_they_are_old(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(2))
    store.manifest_path.unlink()
    next(iter(store.shards())).unlink()
    old, new = (tmp_path / "shards" / f".events-0-{name}.parquet.1-ab.tmp" for name in ("old", "new"))
    for file in (old, new):
        file.write_bytes(b"PAR1")
    os.utime(old, (0, 0))
    assert len(store) == 0
    store.open(manifest())
    assert not old.exists()
    assert new.exists()


def test_a_foreign_file_among_the_shards(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(2))
    (tmp_path / "shards" / "events-copy.parquet").touch()
    with pytest.raises(CorruptShard, match="events-SEED-FIRST-COUNT"):
        store.load()


def no_links(*_):
    raise OSError(errno.EPERM, "no hard links here")


@pytest.mark.parametrize("links", [True, False])
def test_of_two_that_start_a_store_at_once_one_wins(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(EventStore, "manifest", lambda store: None)  # what each sees before the other has written
    start, refused = threading.Barrier(8), []

    def work(seed):
        start.wait()
        try:
            EventStore(tmp_path).open(manifest(seed=seed))
        except StoreMismatch as mismatch:
            refused.append(mismatch.stored)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [Manifest.read(tmp_path / "manifest.json").seed] * 7
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


def all_readings(store):
    return store.load, store.audit, lambda: list(store.iterate()), lambda: StoredColumns(store, ["theta"])


def test_a_shard_of_another_origin_is_refused(tmp_path):
    store, other = EventStore(tmp_path / "store"), EventStore(tmp_path / "other")
    store.open(manifest())
    other.open(manifest(version="2"))
    store.append(events(5))
    foreign = other.append(events(5, first=5))
    (store.path / "shards" / foreign.name).write_bytes(foreign.read_bytes())
    for reading in all_readings(store):
        with pytest.raises(CorruptShard, match=r"mined under inputs_sha256 .*another simulator, version"):
            reading()
    with pytest.raises(StoreMismatch, match="inputs_sha256"):
        store.append(events(5, first=50), origin=manifest(version="2").inputs_hash())


def test_a_shard_without_its_manifest_is_refused(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(5))
    store.manifest_path.unlink()
    for reading in all_readings(store):
        with pytest.raises(CorruptShard, match="no manifest"):
            reading()


def test_shards_that_overlap_are_refused(tmp_path):
    store = EventStore(tmp_path)
    store.append(events(5, seed=3))
    store.append(events(5, first=20, seed=3)).rename(store.shard_path(3, 4, 5))
    for reading in all_readings(store):
        with pytest.raises(CorruptShard, match="holds events from 4 on of seed 3, and so does events-3-0"):
            reading()


def test_shards_of_another_shape_are_refused(tmp_path):
    store, other = EventStore(tmp_path / "store"), EventStore(tmp_path / "other")
    for one in (store, other):
        one.open(manifest())
    store.append(events(5))
    foreign = other.append(events(5, first=5, shape=(2,)))
    (store.path / "shards" / foreign.name).write_bytes(foreign.read_bytes())
    for reading in all_readings(store):
        with pytest.raises(CorruptShard, match=r"its x has shape \(2,\)"):
            reading()
