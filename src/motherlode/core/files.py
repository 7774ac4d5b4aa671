"""Write files so that a reader sees either all of a file or none of it."""

import contextlib
import errno
import glob
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from motherlode.core.errors import WriteError

__all__ = ["create_text", "remove_unfinished", "replacing", "sweep", "write_text"]

_STALE_AFTER = 3600.0
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_CLAIM = 5.0


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; where the block ends well, flush it to the disk and rename it.

    Raises
    ------
    WriteError
        If the disk is full or the folder cannot be written; the temporary file is removed.
    """
    with _placed(path, lambda temporary: temporary.replace(path)) as stream:
        yield stream


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically; see :func:`replacing`."""
    with replacing(path) as stream:
        stream.write(text.encode())


def create_text(path: Path, text: str) -> bool:
    """Write a new text file atomically and return True, or leave the one that is there and return False.

    Of several writers one wins, by a hard link or, where the file system has none, by a claim made with O_EXCL.

    Raises
    ------
    WriteError
        As :func:`replacing` does.
    """
    try:
        with _placed(path, lambda temporary: _link(temporary, path)) as stream:
            stream.write(text.encode())
    except WriteError as error:
        if isinstance(error.__cause__, FileExistsError):
            return False
        raise
    return True


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with _claimed(path):
            temporary.replace(path)


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """Let one process at a time make `path`, and only if it is not there, on a file system without hard links."""
    claim = path.parent / f".{path.name}.claim.tmp"
    deadline = time.monotonic() + _CLAIM
    while True:
        try:
            claim.open("xb").close()
            break
        except FileExistsError:
            if path.exists():
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(
                    errno.ETIMEDOUT, f"another writer holds {claim}; delete it if none is left"
                ) from None
            time.sleep(0.02)
    try:
        if path.exists():
            raise FileExistsError(errno.EEXIST, "it is there already", str(path))
        yield
    finally:
        claim.unlink()


@contextlib.contextmanager
def _placed(path: Path, place: Callable[[Path], object]) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, flush it to the disk and let `place` put it there."""
    temporary = path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        place(temporary)
        _flush(path.parent)
    except OSError as error:
        raise WriteError(path, error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(path: Path) -> None:
    """Remove the temporary files that killed writers of `path` left; nobody may be writing it."""
    for temporary in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove temporary files below `folder` that a killed writer left more than an hour ago."""
    for temporary in folder.rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > _STALE_AFTER:
                temporary.unlink()
