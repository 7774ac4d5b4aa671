"""Send a leak that one side found as an ``Error`` message, and raise on the other side what the message stands for."""

from motherlode.core import MotherlodeError
from motherlode.ppx.errors import PeerError
from motherlode.ppx.format.messages import Error
from motherlode.ppx.format.schema import ErrorCode
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged

__all__ = ["error_of", "failure_of"]


def error_of(leak: LeakError) -> Error:
    """Return the ``Error`` that a client turns back into the same leak."""
    codes = {ReplayDiverged: ErrorCode.REPLAY_DIVERGED, HiddenRandomness: ErrorCode.HIDDEN_RANDOMNESS}
    code = codes.get(type(leak), ErrorCode.LEAK)
    return Error(code, str(leak), leak.event or 0, leak.address, leak.theta, leak.probe, leak.expected, leak.found)


def failure_of(error: Error, peer: str) -> MotherlodeError:
    """Return the exception that an ``Error`` stands for; for a leak that of the Python replay, in the peer's words."""
    failure = _leak(error)
    if failure is None:
        return PeerError(error.code, error.text, peer)
    if error.text:
        failure.args = (error.text,)
    return failure


def _leak(error: Error) -> LeakError | None:
    at = (error.event, error.theta, error.probe)
    if error.code == ErrorCode.REPLAY_DIVERGED:
        return ReplayDiverged(-1, error.address, None, None, *at)
    if error.code == ErrorCode.HIDDEN_RANDOMNESS:
        return HiddenRandomness(error.address, *at, error.expected, error.found)
    if error.code in (ErrorCode.LEAK, ErrorCode.LIVE_TANGENT):
        return LeakError(error.address, *at, error.expected, error.found)
    return None
