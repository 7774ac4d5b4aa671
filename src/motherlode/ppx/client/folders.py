"""Make private folders for sockets, locked while their owner lives, and remove those that killed owners left."""

import contextlib
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from filelock import lock_descriptor

from motherlode.ppx.errors import EndpointError

__all__ = ["SOCKET_PATH_LIMIT", "PrivateFolder"]

SOCKET_PATH_LIMIT = 107
PREFIX = "motherlode-"
STALE_AFTER = 10.0


class PrivateFolder:
    """Own a new folder that only this user can enter, with a path short enough for a socket ``s`` in it.

    The kernel drops the folder's lock when its owner ends in whatever way, so that the next owner knows it for a stale
    one. Our own front ends remove it themselves when their owner is gone.

    Raises
    ------
    EndpointError
        If no temporary folder has a short enough path (107 bytes with the socket's name).
    """

    def __init__(self) -> None:
        self.path = _new_folder()
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):
            lock_descriptor(self._lock, blocking=False)
        _sweep(self.path.parent)

    @property
    def endpoint(self) -> str:
        """Where a program may listen."""
        return f"ipc://{self.path}/s"

    def remove(self) -> None:
        """Remove the folder and what is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _new_folder() -> Path:
    for parent in (None, "/tmp"):  # noqa: S108
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if len(os.fsencode(folder / "s")) <= SOCKET_PATH_LIMIT:
            return folder
        shutil.rmtree(folder)
    raise EndpointError(f"ipc://{folder}/s", f"a socket's path may have {SOCKET_PATH_LIMIT} bytes")


def _sweep(parent: Path) -> None:
    """Remove folders of ours that nobody has locked and that hold nothing but a socket that nobody listens at."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > STALE_AFTER:
                _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if lock_descriptor(descriptor, blocking=False):
            _remove_dead(folder / "s")
            folder.rmdir()
    finally:
        os.close(descriptor)


def _remove_dead(path: Path) -> None:
    """Remove a socket that refuses connections."""
    if not path.exists():
        return
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
