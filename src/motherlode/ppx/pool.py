"""Keep the sessions of one remote simulator: open them when needed, share a request's rows among them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from motherlode.events import Events
from motherlode.ppx.requests import BlockSize, Request, events_of
from motherlode.ppx.session import Session

__all__ = ["Options", "Pool"]


@dataclass(frozen=True)
class Options:
    """Keep all that is needed to reach the program again, from this process or from another.

    Attributes
    ----------
    argv, endpoint
        A program to start, or an endpoint to connect to; the other is empty.
    timeout
        Seconds that any one answer may take.
    workers
        Copies of the program that run at once (programs of ours only).
    restart_per_event
        Start a plain program anew for every run, because it keeps state between runs.
    redraw_observed
        Draw x anew where a plain program conditions on data.
    """

    argv: tuple[str, ...] = ()
    endpoint: str = ""
    timeout: float = 30.0
    workers: int = 1
    restart_per_event: bool = False
    redraw_observed: bool = False

    def open(self) -> Session:
        """Start or reach the program."""
        if self.argv:
            return Session.launch(self.argv, self.timeout)
        return Session(self.endpoint, self.timeout)


class Pool:
    """Hold one session a worker; a copy in another process holds none and opens its own.

    Parameters
    ----------
    options
        How to reach the program.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self._sessions: list[Session] = []
        self._sizes = [BlockSize() for _ in range(options.workers)]

    def session(self, worker: int = 0) -> Session:
        """Return the session of a worker, opened anew where there is none or the last one failed."""
        while len(self._sessions) <= worker:
            self._sessions.append(self.options.open())
        if self._sessions[worker].closed:
            self._sessions[worker] = self.options.open()
        return self._sessions[worker]

    def run(self, request: Request) -> Events:
        """Have every event of a request run, by all workers at once.

        Raises
        ------
        LeakError, PeerError, WireError
            As :meth:`Session.blocks`; no worker asks for more then.
        """
        workers = range(self.options.workers)
        sessions = [self.session(worker) for worker in workers]
        if len(sessions) == 1:
            return _join(self._serve(request, 0, sessions[0]))
        with ThreadPoolExecutor(len(sessions)) as threads:
            try:
                parts = list(threads.map(lambda worker: self._serve(request, worker, sessions[worker]), workers))
            finally:
                request.stop()
        return _join([events for part in parts for events in part])

    def _serve(self, request: Request, worker: int, session: Session) -> list[Events]:
        """Have one worker run rows until none are left; if it fails, the others stop too."""
        try:
            return list(self._batches(request, self._sizes[worker], session))
        finally:
            request.stop()

    def _batches(self, request: Request, size: BlockSize, session: Session) -> Iterator[Events]:
        size.restart()
        for block in session.blocks(request.runs(size, session.described)):
            size.learn(block)
            yield events_of(block, request)

    def close(self) -> None:
        """End the programs that are ours and close every connection."""
        for session in self._sessions:
            session.close()
        self._sessions.clear()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_sessions": []}


def _join(batches: list[Events]) -> Events:
    """Join blocks in order of event, whoever ran them; blocks in which every event failed bring failures only."""
    filled = sorted((batch for batch in batches if len(batch)), key=lambda batch: int(batch.event[0]))
    failures = sorted((failure for batch in batches for failure in batch.failures), key=lambda failure: failure.event)
    return replace(Events.concatenate(filled or batches[:1]), failures=tuple(failures))
