"""Say what went wrong between us and a peer: one class a cause, data as attributes."""

from motherlode.core import MotherlodeError
from motherlode.core.types import UserValue

__all__ = [
    "ConditionedProgram",
    "ConnectionLost",
    "EndpointError",
    "EventFailed",
    "HandshakeError",
    "KeysError",
    "PeerError",
    "PeerTimeout",
    "ProtocolError",
    "SimulatorDied",
    "SimulatorMissing",
    "UnknownFamily",
    "UnknownParameter",
    "WireError",
]


class WireError(MotherlodeError):
    """Be the base of all errors of the wire."""


def _quoted(stderr: str) -> str:
    return f" It wrote to stderr:\n{stderr.rstrip()}\n" if stderr.strip() else " It wrote nothing to stderr. "


class ProtocolError(WireError):
    """Report bytes that are no message, a message whose parts disagree, or one that may not come in this state.

    Attributes
    ----------
    reason
        What is wrong, naming the field.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The peer broke the protocol: {reason}. "
            "Numbers read from such a message would be meaningless, so nothing of it was kept. "
            "Check that a PPX program listens at this endpoint; `protocols/conformance` plays the protocol and says "
            "which step fails."
        )


class UnknownFamily(ProtocolError):
    """Refuse a draw from a probability family that the schema does not know.

    Attributes
    ----------
    number
        The family's number in the wire's ``Distribution`` union.
    address
        Where the draw is made.
    """

    def __init__(self, number: int, address: str, known: int) -> None:
        super().__init__(
            f"the draw at {address!r} asks for family number {number}, and only 1 to {known} are known; write it as a "
            "draw from a known family followed by arithmetic, or extend motherlode.families and ppx.fbs"
        )
        self.number, self.address = number, address


class PeerError(WireError):
    """Report a peer that refused a request with an ``Error`` message.

    Attributes
    ----------
    code
        An :class:`~motherlode.ppx.format.schema.ErrorCode`, or a bare number that this version does not know.
    text
        The peer's own words.
    """

    def __init__(self, code: int, text: str, peer: str = "") -> None:
        self.code, self.text, self.peer = code, text, peer
        super().__init__(
            f"The peer {peer or '(no name)'} refused the request with {getattr(code, 'name', code)}: "
            f"{text or '(no text)'}. Nothing was simulated by this request. "
            "Correct what the text names and ask again."
        )


class PeerTimeout(WireError, TimeoutError):
    """Report a peer that did not answer within its deadline.

    Attributes
    ----------
    doing, seconds, endpoint
        What was awaited, for how long, from where.
    stderr
        The last lines the program wrote, where it is ours.
    """

    def __init__(self, doing: str, seconds: float, endpoint: str, stderr: str = "") -> None:
        self.doing, self.seconds, self.endpoint, self.stderr = doing, seconds, endpoint, stderr
        super().__init__(
            f"No answer within {seconds:g} s at {endpoint} while {doing}. "
            "The program hangs, is slower than the deadline, or is no PPX program; the connection is closed because a "
            f"late answer could not be told from the next one.{_quoted(stderr) if stderr else ' '}"
            "Give timeout= more seconds if one run may take that long; else run the program by hand."
        )


class SimulatorMissing(WireError, FileNotFoundError):
    """Report a program that cannot be started.

    Attributes
    ----------
    program, reason
        What was to be started and why it could not be.
    """

    def __init__(self, program: str, reason: str) -> None:
        self.program, self.reason = program, reason
        super().__init__(
            f"The simulator {program} cannot be started: {reason}. "
            "Without it nothing can be simulated. "
            "Give the path of a built, executable program (`chmod +x`), or a name that is found on PATH."
        )


class SimulatorDied(WireError):
    """Report a program of ours that ended while it was needed.

    Attributes
    ----------
    program, status
        The program, and its exit status; negative: minus the signal that killed it.
    doing
        What was awaited.
    stderr
        The last lines it wrote.
    """

    def __init__(self, program: str, status: int, doing: str, stderr: str) -> None:
        self.program, self.status, self.doing, self.stderr = program, status, doing, stderr
        how = f"was killed by signal {-status}" if status < 0 else f"exited with status {status}"
        super().__init__(
            f"The simulator {program} {how} while {doing}.{_quoted(stderr)}"
            "What it was asked for is lost; everything received before is intact. "
            "Run the program by hand with the same parameters to see the fault."
        )


class EndpointError(WireError, ValueError):
    """Refuse an endpoint that cannot be used.

    Attributes
    ----------
    endpoint, reason
        The endpoint and what is wrong with it.
    """

    def __init__(self, endpoint: str, reason: str) -> None:
        self.endpoint, self.reason = endpoint, reason
        super().__init__(
            f"The endpoint {endpoint!r} cannot be used: {reason}. "
            "No connection was made. "
            "Use ipc://PATH with a short path, or tcp://HOST:PORT."
        )


class HandshakeError(WireError, ConnectionError):
    """Report that a peer is there but the ZeroMQ handshake with it fails.

    Attributes
    ----------
    endpoint, reason
        Where, and what the socket monitor saw.
    """

    def __init__(self, endpoint: str, reason: str) -> None:
        self.endpoint, self.reason = endpoint, reason
        super().__init__(
            f"Something listens at {endpoint} but the connection fails: {reason}. "
            "It is no ZeroMQ program (an HTTP server?), or its keys do not match ours. "
            "Check host and port, and that both sides use keys from `motherlode keys`, or neither does."
        )


class ConnectionLost(WireError, ConnectionError):
    """Report that an established connection ended while an answer was due.

    Attributes
    ----------
    endpoint
        Where the peer was.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        super().__init__(
            f"The connection to {endpoint} was lost while an answer was due: the peer ended, closed it, or a message "
            "was too large for one side. "
            "What it was asked for is lost; everything received before is intact. "
            "See what the program there says, start it again if it ended, and repeat the call."
        )


class EventFailed(WireError, RuntimeError):
    """Report an event that raised in the program, where there is no place for a missing row.

    Attributes
    ----------
    event, theta, reason
        Its index, its parameters with shape (D,), and the program's words.
    """

    def __init__(self, event: int, theta: tuple[float, ...], reason: str) -> None:
        self.event, self.theta, self.reason = event, theta, reason
        super().__init__(
            f"Event {event} failed in the program at theta={list(theta)}: {reason}. "
            "simulate() returns one row for each theta and cannot leave one out. "
            "Mend the program or leave this theta out; mine() keeps the other rows and lists the failures."
        )


class KeysError(WireError, ValueError):
    """Refuse a folder or file of keys.

    Attributes
    ----------
    path, reason
        The folder or file and what is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The keys at {path} cannot be used: {reason}. "
            "Without matching keys on both sides no connection over a network is made. "
            "Make a new pair with `motherlode keys DIR`; DIR/server stays with the simulator, DIR/client is for you."
        )


class UnknownParameter(WireError, ValueError):
    """Refuse a declared parameter that the program never asks for.

    Attributes
    ----------
    missing, seen
        Declared names that were not met; names and addresses of the Sample requests that were.
    """

    def __init__(self, missing: tuple[str, ...], seen: tuple[str, ...]) -> None:
        self.missing, self.seen = missing, seen
        super().__init__(
            f"The program never asked for {', '.join(missing)}. "
            "These values of theta would have no effect, so every ratio in them would be 1. "
            f"Declare parameters= by name or address of a Sample request; it made: {', '.join(seen[:20]) or 'none'}."
        )


class ConditionedProgram(WireError):
    """Refuse a program whose Observe requests bring their own data.

    Attributes
    ----------
    address, value
        The request and the data in it.
    """

    def __init__(self, address: str, value: UserValue) -> None:
        self.address, self.value = address, value
        super().__init__(
            f"The program conditions on data: its Observe at {address} brings the value {value}. "
            "x would then be that constant and not a draw, and nothing could be learned from it. "
            "Let the program send Observe without a value, or pass redraw_observed=True to draw x from the "
            "distribution it names."
        )
