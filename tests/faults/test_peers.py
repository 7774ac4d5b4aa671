"""Whatever is wrong with a simulator is a clear error within its deadline, and leaves nothing behind."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from peers import FAKE, children, folders, start

from motherlode.core import ParameterError
from motherlode.frontends.remote import connect, launch
from motherlode.ppx.client.folders import PrivateFolder
from motherlode.ppx.client.process import Program
from motherlode.ppx.errors import (
    ConnectionLost,
    EndpointError,
    EventFailed,
    HandshakeError,
    PeerError,
    PeerTimeout,
    ProtocolError,
    SimulatorDied,
    SimulatorMissing,
)
from motherlode.tracing import LeakError, SimulatorFailed

THETA = np.linspace(-1, 1, 60)[:, None]


@contextmanager
def within(seconds):
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds


def test_missing_program():
    with pytest.raises(SimulatorMissing, match="no such program") as caught:
        launch(["./no-such-simulator"])
    assert caught.value.program == "./no-such-simulator"


def test_program_that_is_not_executable(tmp_path):
    (tmp_path / "simulator").write_text("text")
    with pytest.raises(SimulatorMissing, match="not executable"):
        launch([tmp_path / "simulator"])


def test_program_of_another_format(tmp_path):
    program = tmp_path / "simulator"
    program.write_text("no shebang, no ELF")
    program.chmod(0o755)
    with pytest.raises(SimulatorMissing, match="cannot be started"):
        launch([program])


def test_empty_argv():
    with pytest.raises(SimulatorMissing):
        launch([])


def test_program_that_exits_at_once_is_quoted():
    with within(5), pytest.raises(SimulatorDied, match=r"cannot read detector.cfg") as caught:
        start("exits")
    assert caught.value.status == 3


def test_program_that_never_listens():
    with within(5), pytest.raises(PeerTimeout, match="nothing listens") as caught:
        start("silent", timeout=0.5)
    assert caught.value.seconds == 0.5


@pytest.mark.parametrize("mode", ["garbage", "noise", "shifted"])
def test_nonsense_from_the_peer(mode):
    with within(5), pytest.raises(ProtocolError), start(mode) as simulator:
        simulator.mine(THETA, THETA[:1])


def test_hang_in_a_block():
    with start("hangs", timeout=3.0) as simulator, within(8), pytest.raises(PeerTimeout, match="running events"):
        simulator.mine(THETA)


@pytest.mark.slow
def test_event_that_hangs_is_a_failure_where_the_program_may_be_replaced():
    with start("hangs_at", timeout=2.0, respawns=8) as simulator:
        events = simulator.mine(THETA)
    assert [failure.event for failure in events.failures] == [30]
    assert "No answer within 2 s" in events.failures[0].reason
    assert len(events) == len(THETA) - 1


def test_run_that_never_ends(monkeypatch):
    monkeypatch.setattr("motherlode.ppx.client.lockstep.RUN_TIMEOUTS", 0.1)
    simulator = start("endless", parameters=("theta",), timeout=5.0)
    with simulator, within(5), pytest.raises(PeerTimeout, match="running one event"):
        simulator.simulate(THETA)


def test_message_that_is_too_large(monkeypatch):
    monkeypatch.setattr("motherlode.ppx.client.sockets.MAX_MESSAGE_SIZE", 64)
    with within(5), pytest.raises(ConnectionLost, match="too large"):
        start("gold")


def test_kill_in_a_block_names_signal_and_last_words():
    with start("dies") as simulator, within(5), pytest.raises(SimulatorDied, match="about to fail") as caught:
        simulator.mine(THETA)
    assert caught.value.status == -signal.SIGKILL


def test_kill_from_outside_then_use_again():
    before = children()
    with start("gold") as simulator:
        expected = simulator.mine(THETA, THETA[:1]).x
        (pid,) = children() - before
        os.kill(pid, signal.SIGKILL)
        with within(5), pytest.raises(SimulatorDied):
            simulator.mine(THETA)
        np.testing.assert_array_equal(simulator.mine(THETA, THETA[:1]).x, expected)


def test_program_that_ignores_sigterm_is_killed():
    simulator = start("stubborn")
    with within(5):
        simulator.close()


def test_refusal_names_the_peer_and_leaves_the_session_usable():
    with start("refuses") as simulator:
        with pytest.raises(PeerError, match="not this one") as caught:
            simulator.mine(THETA)
        assert caught.value.code.name == "BAD_REQUEST"
        assert len(simulator.mine(THETA, first=100)) == len(THETA)


def test_leak_in_the_peer_is_our_leak_error():
    with start("leaks") as simulator, pytest.raises(LeakError) as caught:
        simulator.mine(THETA, first=40)
    error = caught.value
    assert (error.event, error.address, error.theta.tolist(), error.probe.tolist()) == (40, "z", [-1.0], [0.5])
    assert (error.expected.tolist(), error.found.tolist()) == ([1.0], [2.0])


def test_failed_events_are_listed_with_theta_and_seed():
    with start("failing") as simulator:
        events = simulator.mine(THETA, seed=9)
    assert [failure.event for failure in events.failures] == [3, 7]
    assert events.failures[1].theta == (THETA[7, 0],)
    assert events.failures[1].seed == 9
    assert len(events) == len(THETA) - 2
    assert 3 not in events.event


def test_all_events_failed():
    with start("all_failing") as simulator, pytest.raises(SimulatorFailed):
        simulator.mine(THETA)


@pytest.mark.parametrize("theta", [[[np.nan]], [[3.0]], [[0.0, 1.0]], [[[0.0]]]])
def test_bad_theta_runs_nothing(theta):
    with start("dies") as simulator, pytest.raises(ParameterError):
        simulator.mine(np.repeat(theta, 50, axis=0))


class Pages(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        """Stay quiet."""


def test_http_server_at_the_endpoint():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            with within(5), pytest.raises(HandshakeError, match="does not speak ZMTP"):
                connect(f"tcp://127.0.0.1:{server.server_port}", timeout=2.0)
        finally:
            server.shutdown()
            thread.join()


def test_mute_server_at_the_endpoint():
    with socket.create_server(("127.0.0.1", 0)) as server, within(5), pytest.raises(HandshakeError):
        connect(f"tcp://127.0.0.1:{server.getsockname()[1]}", timeout=1.0)


def test_nobody_at_the_endpoint():
    with within(5), pytest.raises(PeerTimeout, match="nothing listens"):
        connect("tcp://127.0.0.1:9", timeout=0.5)


@pytest.mark.parametrize("endpoint", ["udp://somewhere", "tcp://", "galton", "tcp://localhost", f"ipc:///{'a' * 120}"])
def test_endpoint_that_cannot_be_used(endpoint):
    with pytest.raises(EndpointError) as caught:
        connect(endpoint, timeout=0.5)
    assert caught.value.endpoint == endpoint


def test_folders_of_killed_processes_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = ("empty", "dead", "alive", "full", "young")
    old = {name: tmp_path / f"motherlode-{name}" for name in names}
    for folder in old.values():
        folder.mkdir()
    (old["full"] / "data").touch()
    listeners = [socket.socket(socket.AF_UNIX) for _ in range(2)]
    for listener, name in zip(listeners, ("dead", "alive"), strict=True):
        listener.bind(str(old[name] / "s"))
        listener.listen()
    listeners[0].close()
    for name in names[:-1]:
        os.utime(old[name], (0, 0))
    new = PrivateFolder()
    listeners[1].close()
    assert {path.name for path in tmp_path.iterdir()} == {new.path.name, *(f"motherlode-{name}" for name in names[2:])}
    new.remove()


def test_a_folder_is_kept_while_its_owner_lives_and_removed_by_the_next_one_after_a_kill(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    script = (
        "import time\n"
        "from motherlode.ppx.client.folders import PrivateFolder\n"
        "kept = PrivateFolder()\n"
        "print(kept.path, flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
    ) as owner:
        theirs = Path(owner.stdout.readline().strip())
        os.utime(theirs, (0, 0))
        PrivateFolder().remove()
        assert theirs.is_dir()
        owner.kill()
        owner.wait()
        PrivateFolder().remove()
    assert not list(tmp_path.iterdir())


def test_long_temporary_folder(tmp_path, monkeypatch):
    long = tmp_path / ("d" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with start("gold") as simulator:
        assert len(simulator.mine(THETA)) == len(THETA)
    assert not list(long.iterdir())


def test_interruption_leaves_nothing(monkeypatch):
    with pytest.raises(KeyboardInterrupt), start("gold"):
        raise KeyboardInterrupt


def test_interrupted_block_ends_the_program():
    with start("hangs") as simulator:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with within(5), pytest.raises(KeyboardInterrupt):
            simulator.mine(THETA)
        timer.join()
        assert simulator._pool.session().gold


def test_interrupted_run_is_not_taken_up_by_the_next():
    with start("slow", parameters=("theta",)) as simulator:
        expected = simulator.simulate(THETA[:5])
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with within(5), pytest.raises(KeyboardInterrupt):
            simulator.simulate([[1.0]])
        timer.join()
        np.testing.assert_array_equal(simulator.simulate(THETA[:5]), expected)


@pytest.mark.slow
def test_interruption_of_several_workers_ends_their_programs():
    before = children()
    with start("hangs", workers=2) as simulator:
        timer = threading.Timer(2.0, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with within(8), pytest.raises(KeyboardInterrupt):
            simulator.mine(THETA)
        timer.join()
    assert not children() - before


def test_connected_peer_that_dies():
    program = Program((sys.executable, str(FAKE), "gold"))
    with connect(program.endpoint) as simulator:
        expected = simulator.mine(THETA, THETA[:1])
        os.kill(program.pid, signal.SIGKILL)
        with within(5), pytest.raises(ConnectionLost):
            simulator.mine(THETA)
    program.close()
    assert len(expected) == len(THETA)


def test_failed_event_has_no_place_in_simulate():
    with start("failing") as simulator, pytest.raises(EventFailed, match="no") as caught:
        simulator.simulate(THETA)
    assert (caught.value.event, caught.value.theta) == (3, (THETA[3, 0],))


def test_forgotten_simulator_is_ended():
    before = children()
    simulator = start("gold")
    assert children() - before
    del simulator


SCRIPT = """
import sys
sys.path[:0] = [{folder!r}]
from peers import start
simulator = start("gold")
print(simulator._pool.session().program.pid, flush=True)
{ending}
"""


@pytest.mark.parametrize("ending", ["", "raise SystemExit(2)", "1/0"])
def test_interpreter_exit_ends_the_program(ending):
    before = folders()
    script = SCRIPT.format(folder=str(FAKE.parent), ending=ending)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=20)
    pid = int(result.stdout)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert folders() == before
