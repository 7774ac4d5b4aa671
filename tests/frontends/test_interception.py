import pickle
import random
import threading

import numpy as np
import pytest
from scipy import stats

import motherlode
from motherlode.frontends.errors import NotInstrumented, NotWrappable
from motherlode.tracing import HiddenRandomness

THETA = np.linspace(0.2, 0.8, 40)[:, None]
ORIGINALS = (random.gauss, np.random.normal, np.random.rand, stats.rv_continuous.rvs)


def by_random(theta):
    return random.gauss(theta[0], 1.0) + (random.random() < theta[0])


def by_numpy(theta):
    return np.random.normal(theta[0], 1.0) + np.sum(np.random.rand(3) < theta[0]) + np.random.randint(5)  # noqa: NPY002


def by_default_rng(theta):
    rng = np.random.default_rng()
    return rng.normal(theta[0], 1.0) + np.sum(rng.random(3) < theta[0]) + rng.integers(5)


def by_scipy(theta):
    return stats.norm(theta[0], 1.0).rvs() + stats.poisson.rvs(theta[0]) + stats.expon(scale=2.0).rvs()


def with_rng(theta, rng):
    return rng.gauss(theta[0], 1.0) + (rng.random() < theta[0])


CASES = [(by_random, "random"), (by_numpy, "numpy.random"), (by_default_rng, "numpy.random"), (by_scipy, "scipy.stats")]


def assert_restored():
    assert (random.gauss, np.random.normal, np.random.rand, stats.rv_continuous.rvs) == ORIGINALS


@pytest.mark.parametrize(("function", "module"), CASES)
def test_module_level_randomness_is_mined(function, module):
    simulator = motherlode.wrap(motherlode.intercept(module)(function), ("theta",), 0.0, 1.0)
    events = simulator.mine(THETA, [[0.5]], seed=3, traces=True)
    np.testing.assert_array_equal(events.x, simulator.simulate(THETA, seed=3))
    assert np.all(np.isfinite(events.joint_score))
    assert np.any(events.joint_score != 0)
    for branching in events.traces[0]:
        assert f"test_interception.py:{function.__name__}:" in branching.address
    assert_restored()


def test_it_gives_the_gold_of_a_function_that_takes_the_generator():
    intercepted = motherlode.wrap(motherlode.intercept("random")(by_random), ("theta",), 0.0, 1.0)
    events = intercepted.mine(THETA, [[0.5]], seed=3)
    direct = motherlode.wrap(with_rng, ("theta",), 0.0, 1.0).mine(THETA, [[0.5]], seed=3)
    assert events.same_as(direct)


def test_a_scope_inside_the_function():
    def simulator(theta, rng):
        with motherlode.intercept("random", "numpy.random"):
            return by_random(theta) + by_numpy(theta)

    wrapped = motherlode.wrap(simulator, ("theta",), 0.0, 1.0)
    np.testing.assert_array_equal(wrapped.mine(THETA, seed=1).x, wrapped.simulate(THETA, seed=1))
    assert_restored()


def test_randomness_outside_the_named_modules_is_still_caught():
    with pytest.raises(HiddenRandomness):
        motherlode.wrap(motherlode.intercept("random")(by_numpy), ("theta",), 0.0, 1.0).mine(THETA)
    assert_restored()


def test_names_are_restored_when_the_function_raises():
    def broken(theta):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        motherlode.wrap(motherlode.intercept("random")(broken), ("theta",)).simulate(THETA)
    assert_restored()


def test_nested_scopes_restore_at_the_last_exit():
    with motherlode.intercept("random"):
        with motherlode.intercept("random", "numpy.random"):
            pass
        assert random.gauss is not ORIGINALS[0]
        assert np.random.normal == ORIGINALS[1]
    assert_restored()


def test_outside_a_run_the_modules_are_themselves():
    with motherlode.intercept("random", "numpy.random", "scipy.stats"):
        random.seed(1)
        found = [random.random(), random.gauss(0, 1)]
        assert stats.norm.rvs(size=3, random_state=1).shape == (3,)
    random.seed(1)
    assert found == [random.random(), random.gauss(0, 1)]


def test_threads_do_not_see_each_others_runs():
    results = {}

    def work(key):
        simulator = motherlode.wrap(motherlode.intercept("random")(by_random), ("theta",), 0.0, 1.0)
        results[key] = simulator.mine(THETA, [[0.5]], seed=key)

    threads = [threading.Thread(target=work, args=(key,)) for key in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key in range(4):
        alone = motherlode.wrap(with_rng, ("theta",), 0.0, 1.0).mine(THETA, [[0.5]], seed=key)
        assert results[key].same_as(alone)
    assert_restored()


@pytest.mark.parametrize("name", ["seed", "getstate"])
def test_moving_the_shared_state_is_refused(name):
    def moving(theta):
        getattr(random, name)()
        return random.gauss(theta[0], 1.0)

    with pytest.raises(NotInstrumented, match=name):
        motherlode.wrap(motherlode.intercept("random")(moving), ("theta",)).simulate(THETA)


def test_an_unknown_distribution_is_refused_by_name():
    with pytest.raises(NotInstrumented, match="skewnorm"):
        motherlode.wrap(motherlode.intercept("scipy.stats")(lambda t: stats.skewnorm(4).rvs()), ("theta",)).simulate(
            THETA
        )


def test_an_unknown_module_is_refused():
    with pytest.raises(NotWrappable, match="secrets"):
        motherlode.intercept("secrets")


def test_intercepted_functions_travel_to_workers():
    simulator = motherlode.wrap(motherlode.intercept("random")(by_random), ("theta",), 0.0, 1.0)
    assert simulator.version == motherlode.wrap(motherlode.intercept("random")(by_random), ("theta",)).version
    there = pickle.loads(pickle.dumps(simulator))  # noqa: S301
    np.testing.assert_array_equal(there.simulate(THETA), simulator.simulate(THETA))


def test_random_triangular_takes_low_high_mode():
    """The density is 2x/m below the mode m, and 2(1-x)/(1-m) above."""
    program = motherlode.intercept("random")(lambda theta: random.triangular(0, 1, theta[0]))
    simulator = motherlode.wrap(program, ("mode",), 0.05, 0.95)
    events = simulator.mine(np.full((40, 1), 0.3), [[0.6]], seed=2)
    here, there = (np.where(events.x < m, 2 * events.x / m, 2 * (1 - events.x) / (1 - m)) for m in (0.3, 0.6))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], np.log(here / there), atol=1e-12)


def test_tracked_numbers_pass_through_intercepted_functions():
    gold = [
        motherlode.wrap(motherlode.intercept("random")(by_random), ("theta",), 0.0, 1.0, derivative=how).mine(
            THETA, [[0.5]], seed=3, first=10**6 + 1
        )
        for how in ("replay", "tracked")
    ]
    np.testing.assert_array_equal(gold[0].x, gold[1].x)
    np.testing.assert_allclose(gold[0].joint_log_ratio, gold[1].joint_log_ratio, rtol=1e-9)
    np.testing.assert_allclose(gold[0].joint_score, gold[1].joint_score, rtol=1e-6)


def test_a_function_that_is_inherited_is_inherited_again_afterwards():
    with motherlode.intercept("scipy.stats"):
        assert "rvs" in vars(stats.rv_continuous)
    assert "rvs" not in vars(stats.rv_continuous)
