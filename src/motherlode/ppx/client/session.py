"""Talk to one simulator as its client: handshake, gold runs, lockstep messages, each with a deadline.

The state table is in ``protocols/PPX.md``. A session that met an error of the wire is closed: a late answer could
not be told from the next one.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from motherlode.ppx.client.process import Program
from motherlode.ppx.client.sockets import Link
from motherlode.ppx.errors import ConnectionLost, HandshakeError, PeerError, PeerTimeout, ProtocolError, WireError
from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.failures import failure_of
from motherlode.ppx.format.messages import (
    Body,
    Described,
    Error,
    GoldBlock,
    GoldRun,
    Handshake,
    HandshakeResult,
    Run,
    RunResult,
)
from motherlode.ppx.format.schema import GOLD
from motherlode.ppx.keys import ClientKeys
from motherlode.tracing import LeakError

__all__ = ["Session"]

IN_FLIGHT = 2


class Session:
    """Drive one simulator.

    Parameters
    ----------
    endpoint
        Where it listens.
    timeout
        Seconds any one answer may take.
    program
        The child that serves the endpoint, where it is ours; it ends with the session.
    keys
        CURVE keys, see :class:`~motherlode.ppx.client.sockets.Link`.

    Raises
    ------
    WireError
        If nothing that speaks PPX answers the handshake in time.
    """

    def __init__(
        self,
        endpoint: str,
        timeout: float,
        program: Program | None = None,
        keys: ClientKeys | None = None,
    ) -> None:
        self.timeout, self.program, self.closed = timeout, program, True
        self.link = Link(endpoint, timeout, keys)
        self.closed = False
        try:
            self.peer = self._greet()
        except BaseException:
            self.close()
            raise

    @classmethod
    def launch(cls, argv: tuple[str, ...], timeout: float) -> "Session":
        """Start a program of our own and greet it."""
        program = Program(argv)
        try:
            return cls(program.endpoint, timeout, program)
        except BaseException:
            program.close()
            raise

    @property
    def gold(self) -> bool:
        """Whether the simulator runs blocks of events and makes gold itself."""
        return self.peer.simulator is not None and GOLD in self.peer.simulator.extensions

    @property
    def described(self) -> Described:
        """What a gold peer said of itself.

        Raises
        ------
        ProtocolError
            If it is a plain peer.
        """
        if self.peer.simulator is None:
            raise ProtocolError("a gold run was to be asked of a peer that announced no gold extension")
        return self.peer.simulator

    def _greet(self) -> HandshakeResult:
        self.send(encode(Handshake("motherlode", (GOLD,))))
        answer = self.receive("shaking hands")
        if not isinstance(answer, HandshakeResult):
            raise ProtocolError(f"the answer to Handshake is a {type(answer).__name__}, not a HandshakeResult")
        return answer

    def send(self, frame: bytes) -> None:
        """Send one frame.

        Raises
        ------
        WireError
            If the peer takes nothing more within the timeout, died, or refuses the connection; the session is then
            closed.
        """
        if self.link.send(frame):
            return
        deadline = time.monotonic() + self.timeout
        try:
            while not self.link.send(frame):
                self._look("sending a request")
                if time.monotonic() > deadline:
                    self.give_up("sending a request", 1)
        except WireError:
            self.close()
            raise

    def receive(self, doing: str, asked: GoldRun | None = None) -> Body:
        """Return the next message, waiting no longer than the timeout.

        Raises
        ------
        PeerError, LeakError, ReplayDiverged, HiddenRandomness
            If the peer answers with an ``Error``.
        WireError
            If it does not answer, died, or answers nonsense; the session is then closed.
        """
        return self.interpret(self.frame(doing), asked)

    def interpret(self, frame: bytes, asked: GoldRun | None = None) -> Body:
        """Return the message in a frame; the session is closed if there is none.

        Raises
        ------
        PeerError, LeakError, ReplayDiverged, HiddenRandomness, ProtocolError
            As :meth:`receive`.
        """
        try:
            message = decode(frame, asked)
        except WireError:
            self.close()
            raise
        if isinstance(message, Error):
            raise failure_of(message, self.link.endpoint)
        return message

    def frame(self, doing: str) -> bytes:
        """Return the next frame, waiting no longer than the timeout.

        Raises
        ------
        WireError
            If none comes, or the peer died; the session is then closed.
        """
        try:
            return self.link.receive() or self._wait(doing)
        except WireError:
            self.close()
            raise

    def _wait(self, doing: str) -> bytes:
        deadline = time.monotonic() + self.timeout
        frame = None
        while frame is None:
            self._look(doing)
            if time.monotonic() > deadline:
                where = doing if self.link.connected else f"{doing} (nothing listens there)"
                raise PeerTimeout(where, self.timeout, self.link.endpoint, self._output())
            frame = self.link.receive()
        return frame

    def _look(self, doing: str) -> None:
        """Raise if the program has ended or the connection has failed; a dead program explains a lost connection."""
        if self.program is not None:
            self.program.check(doing)
        try:
            self.link.check()
        except (ConnectionLost, HandshakeError):
            if self.program is not None:
                self.program.check(doing, patience=1.0)
            raise

    def give_up(self, doing: str, timeouts: float) -> None:
        """Close the session because something took longer than so many timeouts.

        Raises
        ------
        PeerTimeout
            Always.
        """
        output = self._output()
        self.close()
        raise PeerTimeout(doing, timeouts * self.timeout, self.link.endpoint, output)

    def _output(self) -> str:
        return "" if self.program is None else self.program.output()

    def blocks(
        self,
        runs: Iterable[GoldRun],
        waiting: deque[GoldRun] | None = None,
        alone: Callable[[GoldRun], bool] = lambda run: False,
    ) -> Iterator[GoldBlock]:
        """Yield the block of each request in order, two requests ahead so that the simulator never waits for us.

        Parameters
        ----------
        runs
            Requests; asked for one by one, so their size may follow how long earlier ones took.
        waiting
            Where to keep the requests that are not answered yet, for a caller who wants to know them after an error.
        alone
            Which requests are sent with no other on its way.

        Raises
        ------
        LeakError, PeerError, WireError
            As :meth:`receive`. After a peer's ``Error`` the session can still be used.
        """
        waiting = deque() if waiting is None else waiting
        try:
            for run in runs:
                ahead = 1 if alone(run) else IN_FLIGHT
                while len(waiting) >= ahead:
                    yield self._block(waiting)
                self.send(encode(Run(run)))
                waiting.append(run)
                if len(waiting) == ahead:
                    yield self._block(waiting)
            while waiting:
                yield self._block(waiting)
        finally:
            if waiting:
                self.close()

    def _block(self, waiting: deque[GoldRun]) -> GoldBlock:
        run = waiting[0]
        try:
            answer = self.receive(f"running events {run.first} to {run.first + run.count - 1}", run)
        except (PeerError, LeakError):
            waiting.popleft()
            self._discard(waiting)
            raise
        waiting.popleft()
        if not isinstance(answer, RunResult) or answer.block is None:
            self.close()
            raise ProtocolError(f"the answer to a gold Run is a {type(answer).__name__}, not a RunResult with a block")
        return answer.block

    def _discard(self, waiting: deque[GoldRun]) -> None:
        """Take answers that nobody wants, so that the next request is answered by its own."""
        try:
            while waiting:
                self.frame("giving up a run")
                waiting.popleft()
        except WireError:
            self.close()

    def close(self) -> None:
        """Close the connection and end the program if it is ours. Closing twice is fine."""
        if self.closed:
            return
        self.closed = True
        self.link.close()
        if self.program is not None:
            self.program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            self.close()
