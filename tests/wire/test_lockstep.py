"""Plain PPX 1.0.0 programs are mined over the wire, exactly."""

import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from motherlode.core import ParameterError, Parameters, philox_generator
from motherlode.frontends.remote import RemoteSimulator, launch
from motherlode.gold import mine
from motherlode.ppx.client.lockstep import Lockstep
from motherlode.ppx.client.pool import Options
from motherlode.ppx.client.session import Session
from motherlode.ppx.errors import ConditionedProgram, UnknownParameter
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged, record, seed

FAKE = Path(__file__).resolve().parents[1] / "faults" / "fake_peer.py"
THETA = np.linspace(-1, 1, 30)[:, None]
OTHERS = np.array([[0.5], [-1.5]])


def start(mode, parameters=("theta",), **options):
    return launch([sys.executable, str(FAKE), mode], parameters, **options)


@pytest.fixture(scope="module")
def plain():
    with start("plain") as simulator:
        yield simulator


def test_gold_equals_the_closed_form(plain):
    events = plain.mine(THETA, OTHERS, seed=3, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    wanted = 0.5 * (z[:, None] - OTHERS[:, 0]) ** 2 - 0.5 * (z[:, None] - THETA) ** 2
    np.testing.assert_allclose(events.joint_log_ratio, wanted, rtol=0, atol=1e-12)
    np.testing.assert_allclose(events.joint_score, z[:, None] - THETA, atol=1e-7)


def test_observed_site_is_x_and_marked(plain):
    events = plain.mine(THETA, seed=3, traces=True)
    for trace, x in zip(events.traces, events.x, strict=True):
        assert [branching.address for branching in trace] == ["z", "x"]
        assert [branching.observed for branching in trace] == [False, True]
        assert trace[1].value == x


def test_simulate_gives_the_x_that_is_mined(plain):
    np.testing.assert_array_equal(plain.simulate(THETA, seed=3), plain.mine(THETA, seed=3).x)


def test_row_depends_on_seed_and_index_only(plain):
    whole = plain.mine(THETA, OTHERS, seed=3)
    part = plain.mine(THETA[10:20], OTHERS, seed=3, first=10)
    assert part.same_as(whole[10:20])


def test_pickled_copy_starts_its_own_program(plain):
    with pickle.loads(pickle.dumps(plain)) as copy:  # noqa: S301
        assert copy.mine(THETA, OTHERS, seed=3).same_as(plain.mine(THETA, OTHERS, seed=3))
        assert copy._pool.session().program.pid != plain._pool.session().program.pid


def test_draws_with_control_false_are_counted(plain):
    program = Lockstep(plain._pool.session(), ("theta",))
    events = mine(program, plain.parameters, THETA[:4], np.empty((4, 0, 1)), root=0, first=5000)
    assert events.counts.draws == 8
    assert program.uncontrolled == program.draws / 2


def test_check(plain):
    assert plain.check(THETA, OTHERS).ok


def test_result_is_x_where_nothing_is_observed():
    with start("result") as simulator:
        assert simulator.simulate(THETA).shape == (30, 2)


def test_leak_is_found_over_the_wire_and_the_session_survives():
    with start("leaking") as simulator:
        for _ in range(2):
            with pytest.raises(LeakError, match="theta") as caught:
                simulator.mine(THETA, OTHERS)
            assert caught.value.address == "z"
        assert not simulator.check(THETA, OTHERS).ok


def test_divergence_is_found_over_the_wire_and_the_session_survives():
    with start("diverging") as simulator:
        for _ in range(2):
            with pytest.raises(ReplayDiverged):
                simulator.mine(THETA, OTHERS)
        assert simulator.simulate(THETA).shape == (30,)


def test_stock_program_by_the_address_of_its_parameter():
    with start("stock", ("[forward()+0x1a2]__Normal",)) as simulator:
        events = simulator.mine(THETA, OTHERS, seed=3, traces=True)
    assert events.x.shape == (30, 2)
    assert all(branching.observed for trace in events.traces for branching in trace)
    np.testing.assert_allclose(events.joint_score[:, 0], ((events.x - THETA) / 2).sum(axis=1), atol=1e-7)


def test_state_between_runs_is_hidden_randomness_unless_restarted():
    with start("stateful") as simulator, pytest.raises(HiddenRandomness):
        simulator.mine(THETA, OTHERS)
    with start("stateful", restart_per_event=True) as simulator:
        x = simulator.simulate(THETA[:2], seed=1)
        assert x[1] == simulator.simulate(THETA[1:2], seed=1, first=1)[0]


def test_conditioned_program_is_refused_or_redrawn():
    with start("conditioned") as simulator, pytest.raises(ConditionedProgram) as caught:
        simulator.mine(THETA)
    assert (caught.value.address, caught.value.value) == ("x", 3.0)
    with start("conditioned", redraw_observed=True) as simulator:
        events = simulator.mine(THETA, OTHERS, seed=2)
    assert len(set(events.x)) == len(events)
    np.testing.assert_allclose(events.joint_score, 4 * (events.x[:, None] - THETA), atol=1e-6)


def test_workers_do_not_matter(plain):
    with start("plain", workers=2) as pair:
        assert pair.mine(THETA, OTHERS, seed=3).same_as(plain.mine(THETA, OTHERS, seed=3))
        assert len(pair.mine(THETA[:1], OTHERS, seed=3)) == 1


def test_event_that_kills_the_program_is_a_failure_where_it_may_be_replaced():
    with start("killed_plain", respawns=3) as simulator:
        events = simulator.mine(THETA, OTHERS, seed=3)
    assert [failure.event for failure in events.failures] == [29]
    assert "killed by signal 9" in events.failures[0].reason
    assert len(events) == 29


def test_unknown_parameter_is_refused_with_the_sites_met():
    with start("plain", ("mass",)) as simulator, pytest.raises(UnknownParameter, match="theta, z") as caught:
        simulator.mine(THETA)
    assert caught.value.missing == ("mass",)


def test_plain_program_needs_parameter_names():
    with pytest.raises(ParameterError, match="parameters="):
        start("plain", None)


def test_bounds_are_kept():
    with start("plain", Parameters(("theta",), (-1.0,), (1.0,))) as simulator, pytest.raises(ParameterError):
        simulator.simulate([[1.5]])


@pytest.mark.cpp
def test_stock_lockstep_and_gold_blocks_of_the_board_agree(galton):
    theta = np.linspace(-1, -0.4, 40)[:, None]
    others = np.array([[-0.6], [-0.9]])
    with RemoteSimulator(Options(argv=(str(galton),))) as board:
        blocks = board.mine(theta, others, seed=5)
        parameters = board.parameters
    with Session.launch((str(galton),), 10.0) as session:
        program = Lockstep(session, parameters.names)
        wire = mine(program, parameters, theta, np.broadcast_to(others, (40, 2, 1)), root=5)
    np.testing.assert_array_equal(wire.x.reshape(-1), blocks.x.reshape(-1))
    np.testing.assert_allclose(wire.joint_log_ratio, blocks.joint_log_ratio, rtol=0, atol=1e-12)
    np.testing.assert_allclose(wire.joint_score, blocks.joint_score, rtol=0, atol=1e-7)


def test_program_runs_one_event_through_the_handlers(plain):
    with seed(philox_generator(3, 0)), record() as recorded:
        x = plain.program(THETA[0])
    assert x == plain.simulate(THETA[:1], seed=3)[0]
    assert [branching.address for branching in recorded.trace()] == ["z", "x"]
