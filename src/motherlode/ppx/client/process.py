"""Own a simulator program: start it on a private endpoint, notice its death, and never leave it behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from motherlode.ppx.client.folders import PrivateFolder
from motherlode.ppx.errors import SimulatorDied, SimulatorMissing

__all__ = ["Program", "find_program"]

GRACE = 2.0
QUOTED_BYTES = 2000
KEPT_BYTES = 16 << 20


def find_program(argv: Sequence[str]) -> tuple[str, ...]:
    """Return `argv` with the program's absolute path.

    Raises
    ------
    SimulatorMissing
        If there is no such file, or it may not be executed.
    """
    if not argv:
        raise SimulatorMissing("(nothing)", "argv is empty")
    name, *rest = (os.fspath(part) for part in argv)
    found = shutil.which(name)
    if found is None:
        path = Path(name)
        raise SimulatorMissing(name, "it is not executable" if path.is_file() else "there is no such program")
    return str(Path(found).absolute()), *rest


def _with_endpoint(argv: Sequence[str], endpoint: str) -> list[str]:
    """Replace ``{endpoint}``; append the endpoint where no argument names it."""
    if any("{endpoint}" in part for part in argv):
        return [part.replace("{endpoint}", endpoint) for part in argv]
    return [*argv, endpoint]


def _stop(child: "subprocess.Popen[bytes]", folder: PrivateFolder, output: BinaryIO, owner: int) -> None:
    """End the child and its descendants and remove its folder; a forked copy of us leaves both alone."""
    if os.getpid() != owner:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
    folder.remove()
    output.close()


class Program:
    """Run a simulator as a child process that serves a private ipc endpoint.

    The endpoint replaces ``{endpoint}`` in the arguments, is appended where no argument has it, and is also set as
    ``MOTHERLODE_ENDPOINT``. Our own front ends see that and end with their parent, or with the process whose number
    is in ``MOTHERLODE_OWNER``: this one.

    Parameters
    ----------
    argv
        Program and arguments, as :func:`find_program` returns them.

    Raises
    ------
    SimulatorMissing
        If the operating system cannot start it.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self.name = Path(argv[0]).name
        self.folder = PrivateFolder()
        self.endpoint = self.folder.endpoint
        self._output = tempfile.TemporaryFile("ab")  # noqa: SIM115
        self._child = self._start(argv)
        self._close = weakref.finalize(self, _stop, self._child, self.folder, self._output, os.getpid())

    def _start(self, argv: Sequence[str]) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                _with_endpoint(argv, self.endpoint),
                env=os.environ | {"MOTHERLODE_ENDPOINT": self.endpoint, "MOTHERLODE_OWNER": str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self.folder.remove()
            self._output.close()
            raise SimulatorMissing(argv[0], error.strerror or str(error)) from error

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._child.pid

    def output(self) -> str:
        """Return the last lines that the program wrote to stdout and stderr."""
        if self._output.closed:
            return ""
        descriptor = self._output.fileno()
        size = os.fstat(descriptor).st_size
        return os.pread(descriptor, QUOTED_BYTES, max(0, size - QUOTED_BYTES)).decode(errors="replace")

    def check(self, doing: str, patience: float = 0.0) -> None:
        """Raise if the program has ended; also keep what it wrote from filling the disk.

        Parameters
        ----------
        doing
            What is awaited, for the error message.
        patience
            Seconds to wait for its end, where its connection has ended already.

        Raises
        ------
        SimulatorDied
            With its exit status and last lines.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(patience)
        if self._child.returncode is not None:
            raise SimulatorDied(self.name, self._child.returncode, doing, self.output())
        if os.fstat(self._output.fileno()).st_size > KEPT_BYTES:
            os.ftruncate(self._output.fileno(), 0)

    def close(self) -> None:
        """End the program: ask, wait, kill; remove its folder. Closing twice is fine."""
        self._close()
