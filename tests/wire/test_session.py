"""A session turns whatever a peer answers into a message or an error, in time."""

import threading
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import zmq
from golden import frame
from test_fuzz import assert_sound, mutate
from test_golden import asked

from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import PeerError, ProtocolError, WireError
from motherlode.ppx.format.codec import encode
from motherlode.ppx.format.messages import Error, HandshakeResult, RunResult, Sample
from motherlode.ppx.format.schema import ErrorCode
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged

GREETING = frame("accepted", "handshake_result_gold")


@pytest.fixture
def answering(tmp_path):
    """Serve a list of frames in order: ``endpoint, frames = answering``; frames may be changed at any time."""
    endpoint, frames, stop = f"ipc://{tmp_path}/s", [], threading.Event()
    with zmq.Context() as context, context.socket(zmq.REP) as socket:
        socket.linger = 0
        socket.bind(endpoint)
        thread = threading.Thread(target=answer, args=(socket, frames, stop))
        thread.start()
        yield endpoint, frames
        stop.set()
        thread.join()


def answer(socket, frames, stop):
    while not stop.is_set():
        if socket.poll(20):
            socket.recv()
            socket.send(frames.pop(0) if frames else encode(Error(ErrorCode.UNSUPPORTED, "no frame left")))


def test_mutated_blocks_are_sound_or_refused_in_time(answering):
    endpoint, frames = answering
    generator = np.random.default_rng(5)
    accepted = refused = 0
    for _ in range(60):
        frames[:] = [GREETING, bytes(mutate(generator, frame("accepted", "run_result_traces")))]
        with Session(endpoint, 3.0) as session:
            try:
                (block,) = session.blocks([asked("traces")])
            except (WireError, LeakError):
                refused += 1
                continue
            accepted += 1
            assert_sound(RunResult(block=block), asked("traces"))
    assert accepted
    assert refused


def test_mutated_greetings_are_refused_in_time(answering):
    endpoint, frames = answering
    generator = np.random.default_rng(6)
    refused = 0
    for _ in range(40):
        frames[:] = [bytes(mutate(generator, GREETING))]
        try:
            Session(endpoint, 3.0).close()
        except WireError:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.LEAK, LeakError),
        (ErrorCode.LIVE_TANGENT, LeakError),
        (ErrorCode.HIDDEN_RANDOMNESS, HiddenRandomness),
        (ErrorCode.REPLAY_DIVERGED, ReplayDiverged),
        (ErrorCode.BUSY, PeerError),
        (ErrorCode.PROTOCOL, PeerError),
        (77, PeerError),
    ],
)
def test_error_of_the_peer_is_our_exception(answering, code, kind):
    endpoint, frames = answering
    told = Error(code, "what, why, what to do", 12, "a.cpp:f:3", np.array([1.0]), np.array([2.0]), np.array([3.0]))
    frames[:] = [GREETING, encode(told), frame("accepted", "run_result_gold")]
    with Session(endpoint, 3.0) as session:
        with pytest.raises(kind, match="what, why, what to do") as caught:
            list(session.blocks([asked("gold")]))
        (block,) = session.blocks([asked("gold")])
    assert type(caught.value) is kind
    assert len(block.x) == 2
    if kind is not PeerError:
        assert (caught.value.event, caught.value.address) == (12, "a.cpp:f:3")
        assert (caught.value.theta, caught.value.probe) == ([1.0], [2.0])


@pytest.mark.parametrize("first", [Sample("a", "", "Bernoulli", (np.array(0.5),)), RunResult(np.array(1.0))])
def test_answer_of_the_wrong_kind_closes_the_session(answering, first):
    endpoint, frames = answering
    frames[:] = [encode(first)]
    with pytest.raises(ProtocolError, match="not a HandshakeResult"):
        Session(endpoint, 3.0)
    frames[:] = [GREETING, encode(first)]
    session = Session(endpoint, 3.0)
    with pytest.raises(ProtocolError):
        list(session.blocks([asked("gold")]))
    assert session.closed


def test_plain_peer_cannot_be_asked_for_gold(answering):
    endpoint, frames = answering
    frames[:] = [encode(HandshakeResult("stock", "stock"))]
    with Session(endpoint, 3.0) as session:
        assert not session.gold
        with pytest.raises(ProtocolError, match="no gold extension"):
            session.described


def test_a_suspect_is_on_its_way_alone(monkeypatch):
    """A program that dies may take the answer before the one that killed it: blame needs a request of its own."""
    log, waiting = [], deque()
    session = Session.__new__(Session)
    monkeypatch.setattr(session, "send", lambda frame: log.append("send"), raising=False)
    monkeypatch.setattr(session, "_block", lambda held: log.append(f"answer of {held.popleft().first}"))
    runs = [replace(asked("gold"), first=first) for first in (0, 1, 2, 3)]
    list(session.blocks(runs, waiting, alone=lambda run: run.first == 2))
    assert log == ["send", "send", "answer of 0", "answer of 1", "send", "answer of 2", "send", "answer of 3"]
