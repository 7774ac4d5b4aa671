"""Let one process at a time change a folder that many may see."""

import contextlib
import functools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import lock_descriptor

from motherlode.core.errors import WriteError

__all__ = ["locked"]

_POLL = 0.01


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change what is in `folder`; warn once where its file system knows no locks.

    The lock is on a file opened for writing: NFS grants no exclusive one otherwise. The kernel drops it when its owner
    ends in whatever way.

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
            lock_descriptor(handle, poll_interval=_POLL)
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
