"""A reader sees all of a file or none of it, whoever writes."""

import errno
import os
import threading

import pytest

from motherlode.core import WriteError
from motherlode.core.files import create_text, remove_unfinished, replacing, write_text


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "folder" / "file"
    write_text(path, "old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(path.parent) == ["file"]


def test_a_writer_that_raises_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as stream:
        stream.write(b"half")
        _ = 1 / 0
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_an_error_of_the_disk_names_the_file(tmp_path):
    told = r"file could not be written: No space left.*no half-written file"
    with pytest.raises(WriteError, match=told) as raised, replacing(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert raised.value.path == tmp_path / "file"
    assert names(tmp_path) == []


@pytest.mark.parametrize("links", [True, False])
def test_of_two_that_create_a_file_one_wins(tmp_path, monkeypatch, links):
    def no_links(*_):
        raise OSError(errno.EPERM, "no hard links here")

    if not links:
        monkeypatch.setattr(os, "link", no_links)
    start, made = threading.Barrier(8), []

    def work(number):
        start.wait()
        if create_text(tmp_path / "file", str(number)):
            made.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / "file").read_text()] == [str(number) for number in made]
    assert not create_text(tmp_path / "file", "late")
    assert names(tmp_path) == ["file"]


def test_what_a_killed_writer_left_can_be_removed(tmp_path):
    path, other = tmp_path / "a[1]", tmp_path / "b"
    for file in (path, other):
        (tmp_path / f".{file.name}.1-ab.tmp").touch()
    remove_unfinished(path)
    assert names(tmp_path) == [".b.1-ab.tmp"]
