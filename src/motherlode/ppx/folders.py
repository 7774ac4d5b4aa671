"""Make private folders for sockets, and remove those that killed processes left."""

import contextlib
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path

from motherlode.ppx.errors import EndpointError

__all__ = ["SOCKET_PATH_LIMIT", "private_folder"]

SOCKET_PATH_LIMIT = 107
PREFIX = "motherlode-"
STALE_AFTER = 3600.0


def private_folder() -> Path:
    """Return a new folder that only this user can enter, with a path short enough for a socket ``s`` in it.

    Raises
    ------
    EndpointError
        If no temporary folder has a short enough path (107 bytes with the socket's name).
    """
    for parent in (None, "/tmp"):  # noqa: S108
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if len(os.fsencode(folder / "s")) <= SOCKET_PATH_LIMIT:
            _sweep(folder.parent)
            return folder
        shutil.rmtree(folder)
    raise EndpointError(f"ipc://{folder}/s", f"a socket's path may have {SOCKET_PATH_LIMIT} bytes")


def _sweep(parent: Path) -> None:
    """Remove folders of ours that are an hour old and hold nothing but a socket that nobody listens at."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > STALE_AFTER:
                _remove_dead(folder / "s")
                folder.rmdir()


def _remove_dead(path: Path) -> None:
    """Remove a socket that refuses connections."""
    if not path.exists():
        return
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
