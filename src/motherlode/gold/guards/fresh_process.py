"""Run a function in a process where nothing ran before, with a hash seed of its own.

The process is a new interpreter that imports what the function needs, so module variables have their first values.
From there each piece of work runs in a fork, and leaves no trace for the next one.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import cloudpickle

from motherlode.core import MotherlodeError
from motherlode.core.types import Foreign

__all__ = ["FreshProcess", "InFork", "NotSent", "available"]

Result = TypeVar("Result")
Answer = TypeVar("Answer")


class NotSent(MotherlodeError, RuntimeError):
    """Report work that did not come back from a fresh process: it cannot be pickled there, or took too long."""


class InFork:
    """Run work in a fork of this process."""

    def __call__(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returns; what it raises is raised here.

        Raises
        ------
        NotSent
            If the fork died.
        """
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _answer(work, reading, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        os.waitpid(child, 0)
        return _returned(told)


Work: TypeAlias = Callable[[InFork], Result]
"""Work for a fresh process, which is handed a way to run parts of it in forks."""


def _answer(work: Callable[[], Result], reading: int, writing: int) -> None:
    """Write the outcome of `work` into a pipe, and end this process."""
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(_told(work))
    os._exit(0)


def _told(work: Callable[[], Result]) -> bytes:
    try:
        return cloudpickle.dumps((True, work()))
    except Exception as error:  # noqa: BLE001 - a user's simulator may raise anything
        return cloudpickle.dumps((False, f"{type(error).__name__}: {error}"))


def _returned(told: bytes) -> Foreign:
    if not told:
        raise NotSent("The fresh process ended without an answer.")
    load: Callable[[bytes], tuple[bool, Foreign]] = cloudpickle.loads
    done, result = load(told)
    if not done:
        raise NotSent(str(result))
    return result


def available() -> bool:
    """Return whether this system can fork."""
    return hasattr(os, "fork")


class FreshProcess(Generic[Answer]):
    """Start a new interpreter that does some work, and wait for it later.

    Parameters
    ----------
    work
        Called there with an :class:`InFork`; what it returns must pickle.
    hash_seed
        PYTHONHASHSEED there.
    seconds
        How long to wait at most, from the call of :meth:`result` on.

    Raises
    ------
    NotSent
        If the work cannot be pickled.
    """

    def __init__(self, work: Work[Answer], hash_seed: int, seconds: float = 60.0) -> None:
        self._seconds = seconds
        try:
            sent = cloudpickle.dumps(work)
        except Exception as error:  # a user's object may refuse to be pickled in any way
            raise NotSent(f"It cannot be sent to another process: {error}.") from error
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(sent)
        self._process.stdin = None

    def result(self) -> Answer:
        """Wait and return what the work returned.

        Raises
        ------
        NotSent
            If it raised, died, or took too long.
        """
        try:
            return _returned(self._process.communicate(timeout=self._seconds)[0])
        except subprocess.TimeoutExpired as error:
            raise NotSent(f"The fresh process gave no answer in {self._seconds:g} s.") from error
        finally:
            self.close()

    def close(self) -> None:
        """End the process if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def serve() -> None:
    """Do the work that comes in by standard input and answer by standard output, which the work itself cannot reach."""
    sent = sys.stdin.buffer.read()
    with os.fdopen(os.dup(1), "wb") as answer, Path(os.devnull).open("r+b") as nowhere:
        for descriptor in (0, 1):
            os.dup2(nowhere.fileno(), descriptor)
        answer.write(_told(partial(_loaded, sent)))


def _loaded(sent: bytes) -> Foreign:
    work: Work[Foreign] = cloudpickle.loads(sent)
    return work(InFork())
