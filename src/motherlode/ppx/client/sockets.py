"""Connect to a simulator with ZeroMQ: one socket, and its monitor."""

import os
from types import TracebackType
from typing import Self

import zmq
from zmq.utils.monitor import recv_monitor_message

from motherlode.ppx.client.folders import SOCKET_PATH_LIMIT
from motherlode.ppx.errors import ConnectionLost, EndpointError, HandshakeError, ProtocolError
from motherlode.ppx.format.schema import MAX_MESSAGE_SIZE
from motherlode.ppx.keys import ClientKeys

__all__ = ["Link"]

TICK = 0.05
FAILURES: dict[int, str] = {
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "it does not speak ZMTP, or closes the connection during the greeting",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "it does not speak ZMTP",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "it refuses our keys",
}
WATCHED = (
    zmq.EVENT_CONNECTED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
)


def _tick(timeout: float) -> float:
    """Return how long a receive blocks before it looks whether the peer still lives, in seconds."""
    return min(TICK, timeout)


def _check_endpoint(endpoint: str) -> None:
    transport, _, address = endpoint.partition("://")
    if transport not in ("ipc", "tcp") or not address:
        raise EndpointError(endpoint, "it is neither ipc://PATH nor tcp://HOST:PORT")
    if transport == "ipc" and len(os.fsencode(address)) > SOCKET_PATH_LIMIT:
        raise EndpointError(endpoint, f"its path has {len(os.fsencode(address))} bytes of at most {SOCKET_PATH_LIMIT}")


class Link:
    """Hold a DEALER socket that a REP simulator takes for a REQ client, and watch its connection.

    Parameters
    ----------
    endpoint
        ``ipc://PATH`` or ``tcp://HOST:PORT``.
    timeout
        Seconds that a handshake may take.
    keys
        As :func:`motherlode.ppx.keys.client_keys` reads them, or None.

    Raises
    ------
    EndpointError
        If the endpoint cannot be parsed or its path is too long.
    """

    def __init__(self, endpoint: str, timeout: float, keys: ClientKeys | None = None) -> None:
        _check_endpoint(endpoint)
        self.endpoint = endpoint
        self.established = False
        self.connected = False
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self._monitor: zmq.Socket[bytes] = self.socket.get_monitor_socket(WATCHED)
        self._monitor.setsockopt(zmq.LINGER, 0)
        options: dict[int, int] = {
            zmq.LINGER: 0,
            zmq.MAXMSGSIZE: MAX_MESSAGE_SIZE,
            zmq.RCVTIMEO: max(1, round(1000 * _tick(timeout))),
            zmq.SNDTIMEO: max(1, round(1000 * _tick(timeout))),
            zmq.RECONNECT_IVL: 10,
            zmq.RECONNECT_IVL_MAX: 200,
            zmq.HANDSHAKE_IVL: max(1, round(1000 * min(timeout / 2, 5.0))),
        }
        if endpoint.startswith("tcp"):
            options |= {zmq.HEARTBEAT_IVL: 2000, zmq.HEARTBEAT_TIMEOUT: 10000}
        for option, value in options.items():
            self.socket.setsockopt(option, value)
        if keys is not None:
            for option, key in zip((zmq.CURVE_PUBLICKEY, zmq.CURVE_SECRETKEY, zmq.CURVE_SERVERKEY), keys, strict=True):
                self.socket.setsockopt(option, key)
        self._connect()

    def _connect(self) -> None:
        try:
            self.socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise EndpointError(self.endpoint, str(error)) from error

    def send(self, frame: bytes) -> bool:
        """Send one request; return whether it could be handed over within one tick."""
        try:
            self.socket.send(b"", zmq.SNDMORE)
        except zmq.Again:
            return False
        self.socket.send(frame)
        return True

    def receive(self) -> bytes | None:
        """Return the next answer, or None if none came within one tick.

        Raises
        ------
        ProtocolError
            If it is not an empty delimiter followed by one frame.
        """
        try:
            delimiter = self.socket.recv()
        except zmq.Again:
            return None
        try:
            frame: bytes = self.socket.recv()
        except zmq.Again:
            frame = b""
        if delimiter or not frame:
            raise ProtocolError("an answer is not an empty delimiter followed by one frame")
        return frame

    def check(self) -> None:
        """Look at what the connection did since the last call.

        Raises
        ------
        HandshakeError
            If the peer cannot be talked to.
        ConnectionLost
            If an established connection has ended.
        """
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            self.connected |= event == zmq.EVENT_CONNECTED
            self.established |= event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            if event in FAILURES:
                raise HandshakeError(self.endpoint, FAILURES[event])
            if event == zmq.EVENT_DISCONNECTED and self.established:
                raise ConnectionLost(self.endpoint)
            if event == zmq.EVENT_DISCONNECTED:
                raise HandshakeError(self.endpoint, "the peer closed it during the greeting")

    def close(self) -> None:
        """Close socket and monitor; nothing lingers."""
        self.socket.disable_monitor()
        self._monitor.close(0)
        self.socket.close(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
