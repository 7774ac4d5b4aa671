"""One process at a time changes a folder, and the lock ends with its owner."""

import errno
import os
import signal
import threading
import time

import pytest

from motherlode.core import WriteError
from motherlode.core.locks import locked


def test_one_at_a_time_changes_a_folder(tmp_path):
    inside, most = [], []

    def work():
        with locked(tmp_path):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_the_lock_of_a_killed_process_is_gone(tmp_path):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with locked(tmp_path):
            os.write(writing, b"locked")
            time.sleep(60)
        os._exit(0)
    assert os.read(reading, 6) == b"locked"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with locked(tmp_path):
        pass


def test_a_file_system_without_locks_is_told_once(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    told = r"cannot be locked: No locks available.*one campaign at a time"
    with pytest.warns(RuntimeWarning, match=told), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(WriteError, match="could not be written"), locked(tmp_path / "nowhere"):
        pass
