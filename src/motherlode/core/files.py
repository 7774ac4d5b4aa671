"""Write files so that a reader sees either all of a file or none of it."""

import contextlib
import errno
import fcntl
import functools
import os
import secrets
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from motherlode.core.errors import WriteError

__all__ = ["create_text", "locked", "sweep", "write_atomically", "write_text"]

_STALE_AFTER = 3600.0
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_CLAIM = 5.0


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, flush it to the disk and rename it.

    Raises
    ------
    WriteError
        If the disk is full or the folder cannot be written; the temporary file is removed.
    """
    _put(path, write, lambda temporary: temporary.replace(path))


def create_text(path: Path, text: str) -> bool:
    """Write a new text file atomically and return True, or leave the one that is there and return False.

    Of several writers one wins, by a hard link or, where the file system has none, by a claim made with O_EXCL.

    Raises
    ------
    WriteError
        As :func:`write_atomically` does.
    """
    try:
        _put(path, lambda temporary: _write_text(temporary, text), lambda temporary: _link(temporary, path))
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


def _put(path: Path, write: Callable[[Path], None], move: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, flush it to the disk and let `move` put it there."""
    temporary = path.parent / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(temporary)
        _flush(temporary)
        move(temporary)
        _flush(path.parent)
    except OSError as error:
        raise WriteError(path, error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def sweep(folder: Path) -> None:
    """Remove temporary files below `folder` that a killed writer left more than an hour ago."""
    for temporary in folder.rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > _STALE_AFTER:
                temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically; see :func:`write_atomically`."""
    write_atomically(path, lambda temporary: _write_text(temporary, text))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change what is in `folder`; warn once where its file system knows no locks.

    The lock is on a file opened for writing: NFS grants no exclusive one otherwise.

    Raises
    ------
    WriteError
        If the lock file cannot be made.
    """
    path = folder / ".lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise WriteError(path, error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            _warn_unlocked(folder, error.strerror or str(error))
        yield
    finally:
        os.close(handle)


@functools.cache
def _warn_unlocked(folder: Path, reason: str) -> None:
    text = (
        f"{folder} cannot be locked: {reason}. Two processes that write overlapping events at once would both succeed "
        "there, and reading would refuse them. Run one campaign at a time in this store, or keep it elsewhere."
    )
    warnings.warn(text, RuntimeWarning, stacklevel=2)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
