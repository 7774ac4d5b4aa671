"""Bad input and bad simulators: each a clear error, failures on record, and the handler stack clean afterwards."""

import threading

import numpy as np
import pytest

import motherlode
from motherlode.core import ParameterError, Parameters
from motherlode.events import EventsError
from motherlode.frontends.errors import NotWrappable, OutputRefused
from motherlode.tracing import MissingRandomness, record, seed, stream

BOX = Parameters(("mu", "sigma"), (-1.0, 0.5), (1.0, 2.0))
THETA = np.array([[0.1, 1.0], [0.2, 1.5], [-0.3, 0.8]])
ALTERNATIVES = [[0.0, 1.0]]


def noise(theta, rng):
    return rng.normal(theta[0], theta[1])


@pytest.fixture
def simulator():
    return motherlode.wrap(noise, BOX)


def stack_is_clean():
    with pytest.raises(MissingRandomness):
        stream()
    return True


@pytest.mark.parametrize(
    ("theta", "words"),
    [
        ([[0.1]], r"shape \(1, 1\), but \(N, 2\)"),
        ([[0.1, 1.0, 2.0]], r"shape \(1, 3\), but \(N, 2\)"),
        ([], "is needed"),
        ([[0.1, np.nan]], r"sigma\) is nan"),
        ([[0.1, np.inf]], "must be finite"),
        ([[3.0, 1.0]], r"mu = 3, outside \[-1, 1\]"),
        ([["a", "b"]], "no array of numbers"),
        ([[0.1, 1.0], [0.2]], "no array of numbers"),
    ],
)
@pytest.mark.parametrize("use", ["simulate", "mine", "check"])
def test_theta_is_refused_before_anything_runs(simulator, use, theta, words):
    with pytest.raises(ParameterError, match=words):
        getattr(simulator, use)(theta)


@pytest.mark.parametrize(
    ("alternatives", "words"),
    [
        ([[0.0, 9.0]], r"sigma = 9, outside \[0.5, 2\]"),
        ([0.0, 1.0], "K alternatives for each event"),
        (np.zeros((2, 1, 2)), r"\(3, K, 2\)"),
        ([[0.0, 1.0, 1.0]], "is needed"),
    ],
)
def test_alternatives_are_refused_before_anything_runs(simulator, alternatives, words):
    with pytest.raises(ParameterError, match=words):
        simulator.mine(THETA, alternatives)


@pytest.mark.parametrize(
    ("names", "low", "high"),
    [
        (("a", "a"), None, None),
        ((), None, None),
        (("a",), [0.0], None),
        (("a",), [1.0], [0.0]),
        (("a",), [0, 1], [2, 3]),
    ],
)
def test_parameters_that_cannot_be(names, low, high):
    with pytest.raises(ParameterError):
        motherlode.wrap(noise, names, low, high)


def test_shape_of_x_that_changes():
    def ragged(theta, rng):
        return np.zeros(2 + int(rng.random() < 0.5))

    with pytest.raises(EventsError, match=r"x has shape \(\d,\) in event \d+ but \(\d,\) in event \d+"):
        motherlode.wrap(ragged, BOX).mine(np.repeat(THETA, 20, axis=0), ALTERNATIVES)
    report = motherlode.wrap(ragged, BOX).check(THETA, ALTERNATIVES)
    assert not report.ok
    assert "Return a fixed number of summaries" in report.findings[0]


def test_no_x_at_all():
    with pytest.raises(OutputRefused, match="text, such as 'red'"):
        motherlode.wrap(lambda theta, rng: "red", BOX).mine(THETA)


def test_events_that_raise_are_on_record(simulator):
    def picky(theta, rng):
        x = rng.normal(theta[0], theta[1])
        if theta[0] == 0.2:
            raise ZeroDivisionError("at this theta")
        return x

    events = motherlode.wrap(picky, BOX).mine(THETA, ALTERNATIVES, seed=4, first=10)
    (failure,) = events.failures
    assert (failure.event, failure.seed, failure.theta) == (11, 4, (0.2, 1.5))
    assert failure.reason == "ZeroDivisionError: at this theta"
    np.testing.assert_array_equal(events.event, [10, 12])
    others = simulator.mine(THETA, ALTERNATIVES, seed=4, first=10)
    np.testing.assert_array_equal(events.x, others.x[[0, 2]])
    assert stack_is_clean()


def test_an_interrupt_is_no_failure_and_leaves_the_stack_clean():
    def interrupted(theta, rng):
        rng.normal()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        motherlode.wrap(interrupted, BOX).mine(THETA)
    assert stack_is_clean()


def test_generators_reused_are_hidden_randomness():
    own = np.random.default_rng(1)

    def kept(theta, rng):
        return rng.normal(theta[0], theta[1]) + own.normal()

    with pytest.raises(motherlode.LeakError, match="random numbers that motherlode does not see"):
        motherlode.wrap(kept, BOX).mine(THETA)


def test_a_generator_kept_from_an_earlier_run_does_not_pass():
    kept = []

    def hoards(theta, rng):
        kept.append(rng)
        return float(kept[0].random() < 0.5 + theta[0] / 4)

    with pytest.raises(motherlode.LeakError):
        motherlode.wrap(hoards, BOX).mine(np.repeat(THETA, 20, axis=0), ALTERNATIVES)
    assert stack_is_clean()


def test_wrapping_twice_is_refused(simulator):
    with pytest.raises(NotWrappable, match="is a simulator already"):
        motherlode.wrap(simulator)


@pytest.mark.parametrize("thing", [3.0, None, "galton", [1, 2]])
def test_what_is_no_simulator_is_refused(thing):
    with pytest.raises(NotWrappable, match="cannot be called"):
        motherlode.wrap(thing)


def test_a_simulator_may_mine_another_one_inside(simulator):
    """Handlers of the inner mining do not see the outer draws, nor the other way round."""

    def outer(theta, rng):
        inner = simulator.mine([[0.0, 1.0]], ALTERNATIVES, seed=1)
        return rng.normal(theta[0], theta[1]) + 0.0 * inner.x[0]

    nested = motherlode.wrap(outer, BOX).mine(THETA, ALTERNATIVES, seed=9)
    alone = simulator.mine(THETA, ALTERNATIVES, seed=9)
    np.testing.assert_array_equal(nested.joint_log_ratio, alone.joint_log_ratio)
    assert nested.counts.draws == len(THETA)


def test_a_recorder_around_mining_sees_nothing_of_it(simulator):
    with seed(np.random.default_rng(0)), record() as outside:
        inside = simulator.mine(THETA, ALTERNATIVES, seed=9)
    alone = simulator.mine(THETA, ALTERNATIVES, seed=9)
    np.testing.assert_array_equal(inside.x, alone.x)
    np.testing.assert_array_equal(inside.joint_log_ratio, alone.joint_log_ratio)
    assert outside.draws == []


def test_threads_do_not_see_each_other(simulator):
    expected = [simulator.mine(np.repeat(THETA, 30, axis=0), ALTERNATIVES, seed=s) for s in range(4)]
    found = {}

    def work(s):
        found[s] = simulator.mine(np.repeat(THETA, 30, axis=0), ALTERNATIVES, seed=s)

    threads = [threading.Thread(target=work, args=(s,)) for s in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[s].same_as(expected[s]) for s in range(4))


def test_seeds_that_cannot_be(simulator):
    with pytest.raises(ValueError, match="seed"):
        simulator.mine(THETA, seed=-1)
    with pytest.raises(ValueError, match="negative"):
        simulator.mine(THETA, first=-1)
