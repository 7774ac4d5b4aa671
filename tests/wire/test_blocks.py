"""Gold peers: what comes back does not depend on how the request was cut, or on who ran it."""

import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from motherlode.core import ParameterError, Parameters
from motherlode.events import Simulator
from motherlode.frontends.remote import launch
from motherlode.ppx.client import workload
from motherlode.ppx.client.greeting import parameters_of
from motherlode.ppx.client.workload import BlockSize
from motherlode.ppx.errors import SimulatorDied
from motherlode.ppx.format.messages import Described, HandshakeResult
from motherlode.ppx.format.schema import Recorded, Tier

FAKE = Path(__file__).resolve().parents[1] / "faults" / "fake_peer.py"
LOW, HIGH = np.array([0.2, -np.inf]), np.array([np.inf, np.inf])
DESCRIBED = Described(("gold/1",), "1", ("sigma", "mu"), LOW, HIGH, Tier.REPLAY, 100, 0)
ARGV = [sys.executable, str(FAKE), "gold"]
THETA = np.linspace(-1, 1, 500)[:, None]
OTHERS = np.linspace(1, -1, 500).reshape(500, 1, 1)


@pytest.fixture(scope="module")
def peer():
    with launch(ARGV) as simulator:
        yield simulator


def test_is_a_simulator(peer):
    assert isinstance(peer, Simulator)
    assert peer.name == "fake model"
    assert peer.version.startswith("0.1+")
    assert peer.parameters == Parameters(("theta",), (-2.0,), (2.0,))


def test_cut_does_not_matter(peer, monkeypatch):
    whole = peer.mine(THETA, OTHERS, seed=4)
    monkeypatch.setattr(workload, "MAX_BLOCK_BYTES", 400)
    assert peer.mine(THETA, OTHERS, seed=4).same_as(whole)
    assert peer.mine(THETA[100:200], OTHERS[100:200], seed=4, first=100).same_as(whole[100:200])
    np.testing.assert_array_equal(peer.simulate(THETA, seed=4), whole.x)


def test_workers_do_not_matter(peer):
    with launch(ARGV, workers=2) as pair:
        assert pair.mine(THETA, OTHERS, seed=4).same_as(peer.mine(THETA, OTHERS, seed=4))


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_event_that_kills_the_program_is_a_failure_where_it_may_be_replaced(peer, workers):
    with launch([sys.executable, str(FAKE), "killed"], respawns=12, workers=workers) as mortal:
        events = mortal.mine(THETA, OTHERS, seed=4)
    whole = peer.mine(THETA, OTHERS, seed=4)
    assert [failure.event for failure in events.failures] == [300]
    assert "killed by signal 9" in events.failures[0].reason
    assert events.same_as(whole[np.delete(np.arange(500), 300)])


def test_program_is_not_replaced_for_ever(peer):
    with launch([sys.executable, str(FAKE), "killed"], respawns=1) as mortal, pytest.raises(SimulatorDied):
        mortal.mine(THETA, OTHERS, seed=4)


def test_shared_alternatives(peer):
    events = peer.mine(THETA, [[0.0], [0.5], [-0.5]], seed=4)
    assert events.joint_log_ratio.shape == (500, 3)


def mined(simulator):
    with simulator:
        return simulator.mine(THETA, OTHERS, seed=4)


def test_works_in_a_process_pool(peer):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(mined, peer).result(timeout=60).same_as(peer.mine(THETA, OTHERS, seed=4))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python warns of fork in a process with threads")
def test_forked_copy_leaves_the_parents_program_alone(peer):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        copy = pool.submit(mined, peer).result(timeout=60)
    assert copy.same_as(peer.mine(THETA, OTHERS, seed=4))


def test_errors_survive_the_way_back_from_a_worker():
    from motherlode.ppx import errors

    samples = [
        errors.ProtocolError("x"),
        errors.UnknownFamily(12, "a", 11),
        errors.PeerError(3, "text", "peer"),
        errors.PeerTimeout("waiting", 1.0, "ipc://s"),
        errors.SimulatorMissing("p", "why"),
        errors.SimulatorDied("p", -9, "running", "words"),
        errors.EndpointError("e", "why"),
        errors.HandshakeError("e", "why"),
        errors.ConnectionLost("e"),
        errors.EventFailed(3, (1.0,), "why"),
        errors.KeysError("p", "why"),
        errors.UnknownParameter(("a",), ("b",)),
        errors.ConditionedProgram("a", 1.0),
    ]
    for error in samples:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy) == vars(error)


def test_parameters_may_not_contradict_the_peer():
    with pytest.raises(ParameterError, match="mixed up"):
        launch(ARGV, ("mass",))


def test_narrower_bounds_may_be_given():
    with launch(ARGV, Parameters(("theta",), (-1.0,), (1.0,))) as peer, pytest.raises(ParameterError):
        peer.mine([[1.5]])


def test_half_bounded_parameters_are_probed_inside_their_bounds():
    theta = np.array([[0.5, 2.0], [1.5, 3.0]])
    parameters = parameters_of(HandshakeResult("", "", DESCRIBED), None)
    assert parameters == Parameters(("sigma", "mu"))
    (run,) = workload.Workload(Recorded.GOLD, theta, theta[:, None], parameters, 0, 0).runs(BlockSize(2), DESCRIBED)
    np.testing.assert_array_equal(run.probe_low, [0.2, 1.5])
    np.testing.assert_array_equal(run.probe_high, [2.0, 3.5])


@pytest.mark.cpp
def test_board_from_two_programs_equals_one(galton):
    theta = np.random.default_rng(1).uniform(-1, -0.4, (20_000, 1))
    with launch([galton]) as one, launch([galton, "{endpoint}"], workers=2) as two:
        assert two.mine(theta, theta[::-1, None], seed=1).same_as(one.mine(theta, theta[::-1, None], seed=1))


@pytest.mark.cpp
def test_board_brings_its_branchings(galton):
    theta = np.full((50, 1), -0.7)
    with launch([galton]) as board:
        events = board.mine(theta, [[-0.5]], seed=1, traces=True)
    assert {len(trace) for trace in events.traces} == {20}
    totals = np.array([trace.log_prob() for trace in events.traces])
    np.testing.assert_allclose(totals[:, 0] - totals[:, 1], events.joint_log_ratio[:, 0], rtol=0, atol=1e-12)


@pytest.mark.cpp
def test_traces_begin_with_small_blocks_after_large_ones(galton, monkeypatch):
    theta = np.full((30_000, 1), -0.7)
    asked = []
    original = workload.Workload._take
    with launch([galton]) as board:
        board.mine(theta, [[-0.5]], seed=1)
        monkeypatch.setattr(workload, "MAX_BLOCK_BYTES", 1 << 20)
        monkeypatch.setattr(workload.Workload, "_take", lambda self, n: asked.append(n) or original(self, n))
        traced = board.mine(theta, [[-0.5]], seed=1, traces=True)
    assert asked[0] == 1
    assert max(asked) < 2000
    assert len(traced.traces) == 30_000
