"""Serve a simulator of ours to PPX clients: blocks of events to those who know the gold extension, lockstep to all.

A ROUTER answers REQ and DEALER clients as REP would and knows who is who: a second client is told that we are busy
and can never answer the draws of another client's run.
"""

import os
from collections.abc import Callable

import numpy as np
import zmq
from numpy.typing import ArrayLike
from zmq.auth.thread import ThreadAuthenticator

from motherlode.core import ParameterError, philox_generator
from motherlode.core.types import Array
from motherlode.events import Simulator
from motherlode.gold.guards.probes import PROBE_EVENTS, PROBE_EVERY
from motherlode.ppx.errors import EndpointError, ProtocolError
from motherlode.ppx.format import messages
from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.failures import error_of
from motherlode.ppx.format.messages import Body, Error, GoldRun
from motherlode.ppx.format.schema import GOLD, MAX_MESSAGE_SIZE, ErrorCode, Recorded, Tier
from motherlode.ppx.keys import server_keys
from motherlode.ppx.server.answers import block_of, simulated, unanswered
from motherlode.tracing import Draw, Handler, LeakError, SimulatorFailed, seed

__all__ = ["Server", "serve"]

Program = Callable[[Array], ArrayLike]
"""A simulator as a function of θ with shape (D,), run draw by draw."""

MAX_EVENTS = 65536
WAIT = 0.2
LOCAL = ("ipc://", "tcp://127.0.0.1:", "tcp://localhost:", "tcp://[::1]:")


class Stopped(Exception):
    """End the server from within a run."""


class Unsupported(Exception):
    """Refuse what this server cannot do."""


class Abandoned(Exception):
    """End a run that its client gave up."""


class _Remote(Handler):
    """Let a client answer every draw of a run."""

    def __init__(self, ask: Callable[[Body], Array]) -> None:
        self.ask = ask

    def process(self, draw: Draw) -> None:
        """Send the draw as a Sample and take the answer."""
        if draw.value is None and draw.family.number is None:
            raise Unsupported(
                f"The draw at {draw.address} is from {draw.family.name}, which the wire has no number for, so a "
                "client cannot answer it. Mine with gold runs, or draw from a family of ppx.fbs."
            )
        if draw.value is None:
            shape, vector = draw.shape, draw.family.vector
            law = tuple(_spread(parameter, shape, vector) for parameter in draw.parameters)
            value = self.ask(messages.Sample(draw.address, draw.address, draw.family.name, law))
            draw.value = value.reshape(shape) if shape else float(value.reshape(-1)[0])


def _spread(parameter: ArrayLike, shape: tuple[int, ...], vector: bool) -> Array:
    """Return a parameter with the shape of the value that is asked for, and its own last axis if it is a vector."""
    array = np.asarray(parameter, np.float64)
    return np.broadcast_to(array, (*shape, *array.shape[-1:]) if vector else shape)


class Server:
    """Answer clients until told to stop.

    Parameters
    ----------
    simulator
        What is served.
    endpoint
        Where to bind; other than ipc and loopback addresses need `keys`.
    program
        The simulator as a function of θ whose draws pass through the handlers; without it there is no lockstep.
    keys
        The ``server`` folder that ``motherlode keys`` made.

    Raises
    ------
    EndpointError
        If it cannot be bound, or would let strangers in.
    """

    def __init__(
        self,
        simulator: Simulator,
        endpoint: str,
        program: Program | None = None,
        keys: str | os.PathLike[str] | None = None,
    ) -> None:
        if keys is None and not endpoint.startswith(LOCAL):
            raise EndpointError(endpoint, "it can be reached from the network, and no keys are given")
        self.simulator, self.program = simulator, program
        self.stopping = False
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_SIZE)
        self._authenticator = None if keys is None else self._lock(keys)
        self._bind(endpoint)
        self._client: list[bytes] = []

    def _lock(self, keys: str | os.PathLike[str]) -> ThreadAuthenticator:
        """Admit only the clients whose keys we know."""
        public, secret, admitted = server_keys(keys)
        authenticator = ThreadAuthenticator(self._context)
        authenticator.start()
        authenticator.configure_curve_callback(credentials_provider=_Admitted(admitted))
        self._socket.curve_server, self._socket.curve_publickey, self._socket.curve_secretkey = True, public, secret
        return authenticator

    def _bind(self, endpoint: str) -> None:
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise EndpointError(endpoint, str(error)) from error

    @property
    def endpoint(self) -> str:
        """Where clients connect; a wildcard port is resolved."""
        return self._socket.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def run(self) -> None:
        """Answer requests until :attr:`stopping` is set; no request is fatal."""
        while not self.stopping:
            try:
                self._client, frame = self._wait()
                self._reply(self._answer(decode(frame)))
            except Stopped:
                return
            except Abandoned:
                self._reply(messages.Reset())
            except LeakError as leak:
                self._reply(error_of(leak))
            except Unsupported as error:
                self._reply(Error(ErrorCode.UNSUPPORTED, str(error)))
            except ParameterError as error:
                self._reply(Error(ErrorCode.BAD_REQUEST, str(error)))
            except ProtocolError as error:
                self._reply(Error(ErrorCode.PROTOCOL, str(error)))
            except Exception as error:  # noqa: BLE001 - whatever a simulator raises is reported, and the server goes on
                self._reply(Error(ErrorCode.SIMULATOR_FAILED, f"{type(error).__name__}: {error}"))

    def _wait(self) -> tuple[list[bytes], bytes]:
        """Return the next request and its envelope; what has no empty delimiter is dropped, as REP drops it."""
        while not self.stopping:
            if self._socket.poll(round(1000 * WAIT)):
                *envelope, frame = self._socket.recv_multipart()
                if b"" in envelope[1:]:
                    return envelope, frame
        raise Stopped

    def _reply(self, message: Body) -> None:
        self._socket.send_multipart([*self._client, encode(message)])

    def _answer(self, message: Body) -> Body:
        if isinstance(message, messages.Handshake):
            return self._greeting()
        if isinstance(message, messages.Run):
            return self._lockstep() if message.gold is None else messages.RunResult(block=self._gold(message.gold))
        if isinstance(message, messages.Reset):
            return messages.Reset()
        raise ProtocolError(f"a {type(message).__name__} came while no run is under way")

    def _greeting(self) -> messages.HandshakeResult:
        parameters, simulator = self.simulator.parameters, self.simulator
        low, high = (None if side is None else np.array(side) for side in (parameters.low, parameters.high))
        described = messages.Described(
            (GOLD,), simulator.version, parameters.names, low, high, Tier.REPLAY, MAX_EVENTS, MAX_MESSAGE_SIZE
        )
        return messages.HandshakeResult("motherlode", simulator.name, described)

    def _gold(self, asked: GoldRun) -> messages.GoldBlock:
        if asked.count > MAX_EVENTS:
            raise ParameterError(f"count is {asked.count}, and at most {MAX_EVENTS} events are run at once.")
        if (asked.probe_events, asked.probe_every) != (PROBE_EVENTS, PROBE_EVERY):
            raise Unsupported(f"Probes are made of the first {PROBE_EVENTS} events and every {PROBE_EVERY}th only.")
        if asked.record is Recorded.SIMULATE:
            return simulated(self.simulator.simulate(asked.theta, seed=asked.seed, first=asked.first), asked)
        stream = {"seed": asked.seed, "first": asked.first}
        try:
            traces = asked.record is Recorded.TRACES
            return block_of(self.simulator.mine(asked.theta, asked.alternatives, traces=traces, **stream), asked)
        except SimulatorFailed as failed:
            return unanswered(asked, failed.reason)

    def _lockstep(self) -> messages.RunResult:
        declared = self.simulator.parameters
        if self.program is None or declared.low is None or declared.high is None:
            raise Unsupported("Lockstep is not offered here: there is no program, or no bounds to draw theta from.")
        bounds = zip(declared.names, declared.low, declared.high, strict=True)
        theta = np.array([self._ask_parameter(*parameter) for parameter in bounds])
        with seed(philox_generator(0, 0)), _Remote(self._ask):
            return messages.RunResult(np.array(self.program(theta), np.float64))

    def _ask_parameter(self, name: str, low: float, high: float) -> float:
        value = self._ask(messages.Sample(name, name, "Uniform", (np.array(low), np.array(high)), control=False))
        return float(value.reshape(-1)[0])

    def _ask(self, question: Body) -> Array:
        """Send a request of the run to its client and return what it answers; others are told that we are busy."""
        self._reply(question)
        while True:
            envelope, frame = self._wait()
            if envelope == self._client:
                break
            busy = Error(ErrorCode.BUSY, "Another client is in the middle of a run. Wait until it has ended.")
            self._socket.send_multipart([*envelope, encode(busy)])
        answer = decode(frame)
        if isinstance(answer, messages.Reset):
            raise Abandoned
        if not isinstance(answer, messages.SampleResult):
            raise ProtocolError(f"a {type(answer).__name__} came where a SampleResult is due")
        return answer.result

    def close(self) -> None:
        """Close the socket; nothing lingers."""
        self.stopping = True
        self._socket.close(0)
        if self._authenticator is not None:
            self._authenticator.stop()
        self._context.term()


class _Admitted:
    """Hold the public keys of the clients that may connect."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self.keys = keys

    def callback(self, domain: str, key: bytes) -> bool:
        """Say whether a client may connect, in the form pyzmq asks for."""
        return key in self.keys


def serve(
    simulator: Simulator, endpoint: str, program: Program | None = None, keys: str | os.PathLike[str] | None = None
) -> None:
    """Serve a simulator until interrupted; the arguments are those of :class:`Server`."""
    server = Server(simulator, endpoint, program, keys)
    try:
        server.run()
    finally:
        server.close()
