"""A Python simulator can be served to any PPX client, and both our servers keep what PPX.md promises."""

import json
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import zmq
from golden import PROTOCOLS

from motherlode.core import Parameters
from motherlode.frontends.python.simulator import PythonSimulator
from motherlode.frontends.remote import RemoteSimulator, connect
from motherlode.gold import mine
from motherlode.ppx.client.folders import PrivateFolder
from motherlode.ppx.client.lockstep import Lockstep
from motherlode.ppx.client.pool import Options
from motherlode.ppx.client.process import Program
from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import EndpointError, HandshakeError, PeerError
from motherlode.ppx.format.codec import decode, encode
from motherlode.ppx.format.messages import Handshake, HandshakeResult, Run, RunResult, SampleResult
from motherlode.ppx.keys import client_keys, create_keys
from motherlode.ppx.server import Server
from motherlode.tracing import LeakError

PARAMETERS = Parameters(("mu",), (-2.0,), (2.0,))
THETA = np.linspace(-1, 1, 40)[:, None]
OTHERS = np.array([[0.5], [-1.5]])


def walk(theta, rng):
    z = rng.normal(theta[0], 1.0)
    steps = 0
    while rng.random() < 0.5 and steps < 5:
        steps += 1
    return np.array([rng.normal(z, 0.5), steps])


def leaking(theta, rng):
    return theta[0] + rng.normal()


def failing(theta, rng):
    if rng.random() < 0.2:
        raise ArithmeticError("negative energy")
    return rng.normal(theta[0], 1.0)


@contextmanager
def serving(function, program=True, **options):
    simulator = PythonSimulator(function, PARAMETERS)
    folder = PrivateFolder()
    endpoint = options.pop("endpoint", folder.endpoint)
    server = Server(simulator, endpoint, simulator.program if program else None, **options)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.endpoint, simulator
    finally:
        server.stopping = True
        thread.join()
        server.close()
        folder.remove()


def test_blocks_are_those_of_the_simulator():
    with serving(walk) as (endpoint, simulator), connect(endpoint) as remote:
        assert remote.parameters == PARAMETERS
        found = remote.mine(THETA, OTHERS, seed=3, traces=True)
        wanted = simulator.mine(THETA, OTHERS, seed=3, traces=True)
        np.testing.assert_array_equal(remote.simulate(THETA, seed=3), wanted.x)
    assert found.same_as(wanted)
    for one, other in zip(found.traces, wanted.traces, strict=True):
        assert one.diverges_from(other) is None
        np.testing.assert_array_equal(one.log_prob(), other.log_prob())


def test_lockstep_client_gets_the_same_gold():
    with serving(walk) as (endpoint, _), Session(endpoint, 5.0) as session:
        program = Lockstep(session, PARAMETERS.names)
        others = np.broadcast_to(OTHERS, (40, 2, 1))
        found = mine(program, PARAMETERS, THETA, others, root=3)
        assert program.draws > 0
    z = found.x[:, 0]
    assert np.isfinite(found.joint_log_ratio).all()
    assert len(set(z)) == 40


def gaussians(theta, rng):
    return rng.normal(theta[0], 1.0, size=3)


def test_draws_of_arrays_in_lockstep():
    with serving(gaussians) as (endpoint, _), Session(endpoint, 5.0) as session:
        program = Lockstep(session, PARAMETERS.names)
        found = mine(program, PARAMETERS, THETA, np.broadcast_to(OTHERS, (40, 2, 1)), root=3)
    wanted = (found.x - THETA).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.joint_score, wanted, atol=1e-6)


def stripped(message):
    frame = bytearray(encode(message))
    frame[4:8] = bytes(4)
    return bytes(frame)


@pytest.mark.cpp
def test_stock_client_drives_the_board(galton):
    """As pyprob does: REQ, no identifier, no extension, values with shape [1]."""
    program = Program((str(galton),))
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.rcvtimeo = 5000
        socket.connect(program.endpoint)
        requests, reply = [], Handshake("pyprob 1.5.0")
        while not (requests and isinstance(requests[-1], RunResult)):
            socket.send(stripped(reply))
            requests.append(decode(socket.recv()))
            value = -0.7 if getattr(requests[-1], "name", "") == "theta" else 1.0
            reply = Run() if isinstance(requests[-1], HandshakeResult) else SampleResult(np.array([value]))
    program.close()
    assert [request.family for request in requests[1:-1]] == ["Uniform"] + 20 * ["Bernoulli"]
    assert requests[-1].result == 5.0


@pytest.mark.cpp
def test_two_clients_of_one_board_do_not_mix(galton):
    program = Program((str(galton),))
    theta = np.full((3000, 1), -0.7)
    with connect(program.endpoint) as one, connect(program.endpoint) as other:
        with ThreadPoolExecutor(2) as threads:
            first = threads.submit(one.mine, theta, [[-0.5]], seed=1)
            second = threads.submit(other.mine, theta, [[-0.5]], seed=2)
        assert first.result().same_as(one.mine(theta, [[-0.5]], seed=1))
        assert second.result().same_as(one.mine(theta, [[-0.5]], seed=2))
    program.close()


def test_leak_of_a_served_simulator():
    with serving(leaking) as (endpoint, _), connect(endpoint) as remote, pytest.raises(LeakError) as caught:
        remote.mine(THETA, OTHERS)
    assert caught.value.event == 0


def test_failures_of_a_served_simulator():
    with serving(failing) as (endpoint, simulator), connect(endpoint) as remote:
        found, wanted = remote.mine(THETA, OTHERS), simulator.mine(THETA, OTHERS)
    assert found.same_as(wanted)
    assert found.failures == wanted.failures


def test_lockstep_is_refused_where_it_is_not_offered():
    with serving(walk, program=False) as (endpoint, _), Session(endpoint, 5.0) as session:
        program = Lockstep(session, PARAMETERS.names)
        with pytest.raises(PeerError, match="not offered"):
            program(np.zeros(1))


def test_network_needs_keys(tmp_path):
    with pytest.raises(EndpointError, match="no keys"):
        Server(PythonSimulator(walk, PARAMETERS), "tcp://*:*")
    create_keys(tmp_path)
    with serving(walk, endpoint="tcp://127.0.0.1:*", keys=tmp_path / "server") as (endpoint, _):
        with connect(endpoint, keys=tmp_path / "client") as remote:
            assert remote.simulate(THETA).shape == (40, 2)
        with pytest.raises(HandshakeError, match="keys"):
            Session(endpoint, 5.0)
        create_keys(tmp_path / "other")
        with pytest.raises(HandshakeError, match="keys"):
            Session(endpoint, 5.0, keys=client_keys(tmp_path / "other/client"))


def conformance(endpoint, *options):
    command = [sys.executable, PROTOCOLS / "conformance", endpoint, "--json", "--timeout", "5", *options]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout, result.stderr
    return result.returncode, {entry["step"]: entry for entry in json.loads(result.stdout)}


def test_python_server_keeps_the_protocol():
    with serving(walk) as (endpoint, _):
        status, outcomes = conformance(endpoint, "--fuzz", "300")
    assert [entry for entry in outcomes.values() if entry["outcome"] != "ok"] == []
    assert status == 0


@pytest.mark.cpp
def test_cpp_server_keeps_the_protocol(galton):
    program = Program((str(galton),))
    status, outcomes = conformance(program.endpoint, "--fuzz", "1000")
    program.check("being played with")
    program.close()
    assert [entry for entry in outcomes.values() if entry["outcome"] != "ok"] == []
    assert status == 0


def test_conformance_finds_a_broken_peer():
    with serving(leaking, program=False) as (endpoint, _):
        status, outcomes = conformance(endpoint, "--fuzz", "0")
    assert status == 1
    assert outcomes["A run in lockstep ends with a RunResult"]["outcome"] == "FAILED"
    assert outcomes["Reset is answered with Reset"]["outcome"] == "ok"


def test_remote_of_a_remote_is_the_same():
    with serving(walk) as (endpoint, simulator), RemoteSimulator(Options(endpoint=endpoint)) as remote:
        assert remote.check(THETA, OTHERS).ok == simulator.check(THETA, OTHERS).ok


@pytest.mark.cpp
def test_board_over_tcp_equals_the_board_over_ipc(galton, cpp_board):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    theta = np.full((2000, 1), -0.7)
    child = subprocess.Popen([galton, f"tcp://127.0.0.1:{port}"])
    try:
        with connect(f"tcp://127.0.0.1:{port}") as board:
            assert board.mine(theta, [[-0.5]], seed=1).same_as(cpp_board.mine(theta, [[-0.5]], seed=1))
    finally:
        child.terminate()
        child.wait(5)


@pytest.mark.cpp
def test_board_refuses_the_network(galton):
    result = subprocess.run([galton, "tcp://*:5555"], capture_output=True, text=True, check=False, timeout=10)
    assert result.returncode != 0
    assert "anyone on the network" in result.stderr


@pytest.mark.parametrize(("room", "others"), [("client", "server"), ("server", "client"), ("format", "client|server")])
def test_client_and_server_know_nothing_of_each_other(root, room, others):
    for path in (root / "src/motherlode/ppx" / room).glob("*.py"):
        assert not re.search(rf"motherlode\.ppx\.({others})", path.read_text()), path
