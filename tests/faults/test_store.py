"""Nothing written is lost and nothing half-written is seen: kills, full disks, damage, dying workers."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaign_program import campaign, suicidal

from motherlode.core import Parameters, WriteError
from motherlode.events import Events, Failure
from motherlode.store import CondemnedStore, CorruptShard, EventStore, Manifest

PROGRAM = Path(__file__).with_name("campaign_program.py")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The campaign's events, mined without a disturbance."""
    return campaign(tmp_path_factory.mktemp("whole") / "store").run(progress=False).load()


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("shards", [0, 3])
def test_kill_and_resume_give_the_same_events(whole, tmp_path, shards):
    store = EventStore(tmp_path / "store")
    process = subprocess.Popen([sys.executable, str(PROGRAM), str(store.path), "1", "slow_normal"])
    try:
        wait_for(lambda: len(store.shards()) >= shards and store.manifest_path.exists())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    survived = store.shards()
    assert shards <= len(survived) < 12
    before = {shard: shard.read_bytes() for shard in survived}
    for events in store.iterate():
        assert events.same_as(whole[int(events.event[0]) : int(events.event[-1]) + 1])
    assert campaign(store.path).run(progress=False).load().same_as(whole)
    assert all(shard.read_bytes() == content for shard, content in before.items())


@pytest.mark.parametrize("moment", ["before the rename", "before the failures"])
def test_a_writer_killed_in_the_act_leaves_nothing_half(tmp_path, moment, monkeypatch):
    """Die exactly where it would hurt most, in a child; what a reader then sees is whole."""
    store = EventStore(tmp_path / "store")
    store.append(batch(10))
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "replace", lambda *a: os._exit(9))
        if moment == "before the failures":
            store.append(replace(batch(10, first=10), failures=(Failure(25, (0.0,), 0, "no"),)), span=(10, 16))
        store.append(batch(10, first=10))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(store.load()) == 10
    assert store.spans() == [(0, 0, 10)]
    store.append(batch(10, first=10))
    assert len(store.load()) == 20


def batch(n, first=0, width=1):
    x = np.random.default_rng(first).normal(size=(n, width))
    theta = np.zeros((n, 1))
    return Events(theta, np.zeros((n, 1, 1)), x, np.zeros((n, 1)), x[:, :1], event=np.arange(first, first + n))


@contextmanager
def no_file_larger_than(size):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def whatever_is_there(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_full_disk(tmp_path):
    """No file may grow past 20 kB: the shard of 5,000 rows fails, the store stays as it was, and works again later."""
    store = EventStore(tmp_path / "store")
    store.append(batch(100))
    before = whatever_is_there(tmp_path)
    with no_file_larger_than(20_000), pytest.raises(WriteError, match=r"could not be written.*resumes") as raised:
        store.append(batch(5000, first=100, width=1))
    assert whatever_is_there(tmp_path) == before
    assert raised.value.path.name == "events-0-000000000100-00005000.parquet"
    assert len(store.load()) == 100
    store.append(batch(5000, first=100))
    assert len(store.load()) == 5100


@pytest.fixture
def small_disk():
    """A file system of 64 kB, where we may mount one; outside pytest's folders, which pytest clears."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small tmpfs")
    disk = Path(tempfile.mkdtemp())
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        disk.rmdir()
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)
    disk.rmdir()


def test_no_space_left_on_a_real_disk(small_disk):
    store = EventStore(small_disk / "store")
    store.append(batch(100))
    before = whatever_is_there(small_disk)
    with pytest.raises(WriteError, match="No space left on device"):
        store.append(batch(20_000, first=100))
    assert whatever_is_there(small_disk) == before
    assert len(store.load()) == 100


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "shards").write_text("a file where the folder should be")
    with pytest.raises(WriteError, match="could not be written"):
        EventStore(tmp_path).append(batch(5))


def test_a_campaign_on_a_full_disk_resumes(whole, tmp_path):
    store = EventStore(tmp_path / "store")
    run = campaign(store.path)
    run.shard = 300
    with no_file_larger_than(6_000), pytest.raises(WriteError):
        run.run(progress=False)
    assert campaign(store.path).run(progress=False).load().same_as(whole)


def test_a_corrupt_shard_is_mined_again_once_deleted(whole, tmp_path):
    store = campaign(tmp_path).run(progress=False)
    shard = store.shards()[7]
    content = bytearray(shard.read_bytes())
    content[100] ^= 0xFF
    shard.write_bytes(content)
    with pytest.raises(CorruptShard, match=r"Delete the file and run the same campaign again") as raised:
        store.load()
    assert raised.value.path == shard
    shard.unlink()
    assert campaign(tmp_path).missing() == [(350, 50)]
    assert campaign(tmp_path).run(progress=False).load().same_as(whole)


def test_a_condemned_store_is_refused_for_good(tmp_path):
    store = EventStore(tmp_path)
    store.open(Manifest("s", "1", Parameters(("theta",)), 1, 0))
    store.append(batch(200))
    store.condemn("x depends on theta.")
    with pytest.raises(CondemnedStore, match="x depends on theta"):
        EventStore(tmp_path).load()
    assert len(store.load(condemned=True)) == 200


def test_a_worker_that_dies_is_named_and_the_campaign_resumes(tmp_path, monkeypatch):
    monkeypatch.setenv("MOTHERLODE_TEST_FLAG", str(tmp_path / "flag"))
    command = [sys.executable, str(PROGRAM), str(tmp_path / "store"), "2", "suicidal"]
    died = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert died.returncode == 1
    last = died.stderr.strip().splitlines()[-1]
    assert re.search(r"WorkerDied: A worker process died after \d+ of 600 events: .*only what is missing", last)
    assert (tmp_path / "flag").exists()
    store = campaign(tmp_path / "store", suicidal).run(progress=False)
    sound = campaign(tmp_path / "sound", suicidal).run(progress=False).load()
    assert store.load().same_as(sound)


def test_ctrl_c_keeps_what_is_done(whole, tmp_path):
    store = EventStore(tmp_path / "store")
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(store.path), "1", "slow_normal"], stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: len(store.shards()) >= 2)
        process.send_signal(signal.SIGINT)
        _, text = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert b"KeyboardInterrupt" in text
    assert not list(store.path.rglob("*.tmp"))
    assert len(store.load()) % 50 == 0
    assert campaign(store.path).run(progress=False).load().same_as(whole)


def test_the_same_campaign_twice_at_once(whole, tmp_path):
    """Two jobs with one command, as a batch system may start them, share the work and do not stumble."""
    command = [sys.executable, str(PROGRAM), str(tmp_path / "store"), "1", "slow_normal"]
    jobs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    texts = [job.communicate(timeout=60)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], texts
    assert EventStore(tmp_path / "store").load().same_as(whole)
