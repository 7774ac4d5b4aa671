"""Keep the sessions of one remote simulator: open them when needed, share rows among them, replace those that died."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

from motherlode.core.types import Array
from motherlode.events import Events
from motherlode.ppx.client.lockstep import Lockstep
from motherlode.ppx.client.session import Session
from motherlode.ppx.client.workload import BlockSize, Workload, events_of, join, lost
from motherlode.ppx.errors import PeerTimeout, SimulatorDied
from motherlode.ppx.format.messages import GoldRun
from motherlode.ppx.format.schema import Recorded
from motherlode.ppx.keys import client_keys

__all__ = ["Options", "Pool"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Options:
    """Keep all that is needed to reach the program again, from this process or from another.

    Attributes
    ----------
    argv, endpoint
        A program to start, or an endpoint to connect to; the other is empty.
    timeout
        Seconds that any one answer may take, a draw or a block; a whole run in lockstep may take ten times as long.
    workers
        Copies of the program that run at once (programs of ours only).
    respawns
        How often a program of ours that died or hangs is replaced; the event that does it becomes a failure record.
        To find it in a block takes about log2(events in the block) deaths.
    restart_per_event
        Start a plain program anew for every run, because it keeps state between runs.
    redraw_observed
        Draw x anew where a plain program conditions on data.
    keys
        A client's folder of keys, or empty.
    """

    argv: tuple[str, ...] = ()
    endpoint: str = ""
    timeout: float = 30.0
    workers: int = 1
    respawns: int = 0
    restart_per_event: bool = False
    redraw_observed: bool = False
    keys: str = ""

    def open(self) -> Session:
        """Start or reach the program."""
        if self.argv:
            return Session.launch(self.argv, self.timeout)
        return Session(self.endpoint, self.timeout, keys=client_keys(self.keys) if self.keys else None)


def _nothing() -> None:
    """Have nothing to stop."""


class Pool:
    """Hold one session a worker; a copy in another process holds none and opens its own.

    Parameters
    ----------
    options
        How to reach the program.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._reset()

    def _reset(self) -> None:
        self._sessions: list[Session] = []
        self._sizes: dict[tuple[int, Recorded], BlockSize] = {}
        self._programs: dict[int, Callable[[Array], Array]] = {}
        self._deaths = 0
        self._lock = threading.Lock()

    def session(self, worker: int = 0) -> Session:
        """Return the session of a worker, opened anew where there is none or the last one failed."""
        while len(self._sessions) <= worker:
            self._sessions.append(self.options.open())
        if self._sessions[worker].closed:
            self._sessions[worker] = self.options.open()
        return self._sessions[worker]

    def map(self, function: Callable[[int], Result], most: int, stop: Callable[[], None] = _nothing) -> list[Result]:
        """Return ``function(worker)`` of at most `most` workers, run at once; `stop` is called when one has failed."""
        self._deaths = 0
        workers = range(min(most, self.options.workers))
        for worker in workers:
            self.session(worker)
        if len(workers) == 1:
            return [function(0)]
        contexts = [copy_context() for _ in workers]
        with ThreadPoolExecutor(len(workers)) as threads:
            try:
                return list(threads.map(lambda worker, context: context.run(function, worker), workers, contexts))
            except KeyboardInterrupt:
                stop()
                self._kill()
                raise
            finally:
                stop()

    def _kill(self) -> None:
        """End our programs from outside of the threads that talk to them, which then find them dead."""
        for session in self._sessions:
            if session.program is not None:
                session.program.close()

    def run(self, request: Workload) -> Events:
        """Have gold peers run every event of a request.

        Raises
        ------
        LeakError, PeerError, WireError
            As :meth:`Session.blocks`; no worker asks for more then.
        """
        parts = self.map(lambda worker: self._serve(request, worker), len(request.theta), request.stop)
        return join([events for part in parts for events in part])

    def _serve(self, request: Workload, worker: int) -> list[Events]:
        """Have one worker run rows until none are left; if it fails for good, the others stop too."""
        batches: list[Events] = []
        try:
            while request.unfinished:
                self._stream(request, worker, batches)
        finally:
            request.stop()
        return batches

    def _stream(self, request: Workload, worker: int, batches: list[Events]) -> None:
        """Run rows until none are left or the program dies; the rows it took with it are asked for again."""
        session, fresh = self.session(worker), BlockSize(timeout=self.options.timeout)
        size = self._sizes.setdefault((worker, request.record), fresh)
        waiting: deque[GoldRun] = deque()
        size.restart()
        try:
            for block in session.blocks(request.runs(size, session.described), waiting, request.is_suspect):
                size.learn(block)
                batches.append(events_of(block, request))
        except (SimulatorDied, PeerTimeout) as death:
            if not self._may_respawn():
                raise
            if len(waiting) == 1 and waiting[0].count == 1 and request.is_suspect(waiting[0]):
                batches.append(lost(waiting.popleft(), request, str(death)))
            request.give_back(waiting)

    def _may_respawn(self) -> bool:
        with self._lock:
            self._deaths += 1
            return bool(self.options.argv) and self._deaths <= self.options.respawns

    def program(self, names: tuple[str, ...], worker: int = 0) -> Callable[[Array], Array]:
        """Return a worker's plain program as a function of θ with shape (D,), the same one at each call."""
        if worker not in self._programs:
            self._programs[worker] = self._program(names, worker)
        return self._programs[worker]

    def _program(self, names: tuple[str, ...], worker: int) -> Callable[[Array], Array]:
        options = self.options
        driver: Lockstep | None = None

        def program(theta: Array) -> Array:
            nonlocal driver
            if options.restart_per_event:
                with options.open() as session:
                    return Lockstep(session, names, options.redraw_observed)(theta)
            if driver is None or driver.session.closed:
                driver = Lockstep(self.session(worker), names, options.redraw_observed)
            return driver(theta)

        return program

    def mended(self, program: Callable[[Array], Array]) -> Callable[[Array], Array]:
        """Return a program whose death, where it may be replaced, is an event's failure and no end of the campaign."""

        def mended(theta: Array) -> Array:
            try:
                return program(theta)
            except (SimulatorDied, PeerTimeout) as death:
                if not self._may_respawn():
                    raise
                raise ChildProcessError(str(death)) from death

        return mended

    def close(self) -> None:
        """End the programs that are ours and close every connection."""
        for session in self._sessions:
            session.close()
        self._sessions.clear()

    def __getstate__(self) -> dict[str, Options]:
        return {"options": self.options}

    def __setstate__(self, state: dict[str, Options]) -> None:
        self.options = state["options"]
        self._reset()
