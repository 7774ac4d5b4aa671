"""Identities that hold for every simulator, event by event: r(θ,θ)=1, chain rule, score as derivative, cut, store."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import motherlode
from motherlode.events import Events
from motherlode.frontends.python.simulator import PythonSimulator
from motherlode.store import EventStore


def scalar(theta, rng):
    return rng.normal(theta[0], np.exp(theta[1]))


def branches(theta, rng):
    """Walk until a lazy uniform says stop; every step's law hangs on the path."""
    position, steps = 0.0, 0
    while rng.random() > 0.2 + 0.1 * theta[0] and steps < 30:
        position += rng.exponential(1 + theta[1] ** 2) if rng.random() < 0.5 + 0.2 * theta[1] else -1.0
        steps += 1
    return [position, steps]


def families(theta, rng):
    a, b = np.exp(theta[0]), np.exp(theta[1])
    return [
        rng.poisson(a), rng.binomial(7, 1 / (1 + b)), rng.gamma(a, b), rng.beta(a, b), rng.lognormal(a, b),
        rng.weibull(b), rng.choice(3, p=np.array([a, b, 1.0]) / (a + b + 1)), rng.standard_gamma(a), rng.integers(4),
    ]  # fmt: skip


def arrays(theta, rng):
    z = rng.normal(theta[0] * np.arange(4.0), np.exp(theta[1]), size=(3, 4))
    z *= 2.0
    n = rng.poisson(np.exp(theta), size=2)
    return np.concatenate([z.sum(axis=0), n, rng.random(2)])


def in_place(theta, rng):
    state = np.zeros(2)
    for _ in range(5):
        state += rng.normal(theta * state + theta, 1.0)
    return state


def settles(theta, rng):
    u = rng.random()
    if 3 * u - 1 < 0.5 * theta[0]:
        return [1.0, rng.normal(theta[1], 1.0)]
    return [0.0, rng.normal(rng.uniform(-1, 1), 1.0 + theta[1] ** 2)]


SIMULATORS = [scalar, branches, families, arrays, in_place, settles]
BOUNDS = (-1.0, -1.0), (1.0, 1.0)


@pytest.fixture(params=SIMULATORS, ids=lambda f: f.__name__)
def simulator(request):
    return motherlode.wrap(request.param, ("a", "b"), *BOUNDS)


def points(n, k=1, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.9, 0.9, (n, 2)), rng.uniform(-0.9, 0.9, (n, k, 2))


def test_simulate_is_mines_x(simulator):
    theta, others = points(60)
    events = simulator.mine(theta, others, seed=5, first=7)
    np.testing.assert_array_equal(simulator.simulate(theta, seed=5, first=7), events.x)
    assert not events.failures


def test_ratio_to_itself_is_one(simulator):
    theta, _ = points(60)
    events = simulator.mine(theta, theta[:, None], seed=1)
    np.testing.assert_array_equal(events.joint_log_ratio, 0.0)


def test_chain_rule(simulator):
    """r(a,b) r(b,c) = r(a,c) on one trace: log p differences at a, b and c."""
    theta, others = points(60, k=2)
    events = simulator.mine(theta, others, seed=1, traces=True)
    for i, trace in enumerate(events.traces):
        a, b, c = trace.log_prob()
        assert a - b == pytest.approx(events.joint_log_ratio[i, 0], abs=1e-9)
        assert (a - b) + (b - c) == pytest.approx(events.joint_log_ratio[i, 1], abs=1e-9)


def test_more_alternatives_do_not_change_the_others(simulator):
    theta, others = points(40, k=3)
    whole = simulator.mine(theta, others, seed=1)
    for k in range(3):
        single = simulator.mine(theta, others[:, k : k + 1], seed=1)
        np.testing.assert_array_equal(single.joint_log_ratio[:, 0], whole.joint_log_ratio[:, k])
    np.testing.assert_array_equal(simulator.mine(theta, seed=1).joint_score, whole.joint_score)


def test_score_is_the_derivative_of_the_ratio(simulator):
    """t = d log r / dθ0 at θ0 = θ1, by a fourth-order formula with a step of its own."""
    theta, _ = points(60)
    h, weights = 1e-3, (-1 / 12, 2 / 3, -2 / 3, 1 / 12)
    score = simulator.mine(theta, seed=1).joint_score
    for d in range(2):
        shifts = np.array([2, 1, -1, -2])[None, :, None] * h * np.eye(2)[d]
        ratios = simulator.mine(theta, theta[:, None] + shifts, seed=1).joint_log_ratio
        numeric = -(ratios * weights).sum(axis=1) / h
        np.testing.assert_allclose(score[:, d], numeric, rtol=2e-6, atol=2e-6)


def test_rows_do_not_depend_on_chunks(simulator):
    theta, others = points(530)
    whole = simulator.mine(theta, others, seed=9, first=990)
    cuts = [0, 1, 3, 512, 530]
    parts = [simulator.mine(theta[a:b], others[a:b], seed=9, first=990 + a) for a, b in itertools.pairwise(cuts)]
    assert Events.concatenate(parts).same_as(whole)
    assert whole.counts.probed == 10 + sum(990 + i >= 1000 and (990 + i) % 100 == 0 for i in range(530))


def test_gold_is_right_on_average(simulator):
    theta, others = np.full((2000, 2), 0.3), np.full((2000, 1, 2), 0.35)
    found = simulator.mine(theta, others, seed=2).audit()
    assert found.ok, str(found)
    assert all(check.verdict == "passed" for check in found.ratios)


def test_a_round_trip_through_the_store(simulator, tmp_path):
    theta, others = points(30, k=2)
    events = simulator.mine(theta, others, seed=1, traces=True)
    store = EventStore(tmp_path)
    store.append(events[:10])
    store.append(events[10:])
    loaded = store.load()
    assert loaded.same_as(events)
    for mine, theirs in zip(events.traces, loaded.traces, strict=True):
        assert mine.diverges_from(theirs) is None
        np.testing.assert_array_equal(mine.log_prob(), theirs.log_prob())


CONSTANTS = st.floats(-3, 3).filter(lambda c: abs(c) > 1e-3)
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["+", "-", "*", "/", "r+", "r-", "r*", "neg", "np*", "np+"]), CONSTANTS), max_size=4
)
USES = st.lists(
    st.tuples(
        OPERATIONS,
        st.sampled_from(["<", "<=", ">", ">=", "r<", "r>", "np<", "np>", "chain", "value", "round", "min", "array"]),
        st.floats(-3, 3),
    ),
    min_size=1,
    max_size=4,
)


def worked(u, operations):
    for name, c in operations:
        u = {
            "+": lambda u, c: u + c, "-": lambda u, c: u - c, "*": lambda u, c: u * c, "/": lambda u, c: u / c,
            "r+": lambda u, c: c + u, "r-": lambda u, c: c - u, "r*": lambda u, c: c * u, "neg": lambda u, c: -u,
            "np*": lambda u, c: np.float64(c) * u, "np+": lambda u, c: u + np.float64(c),
        }[name](u, c)  # fmt: skip
    return u


def used(v, use, t):
    if use == "chain":
        return float(t - 1 < v < t)
    if use == "array":
        return float(np.sum(np.array([t - 0.5, t, t + 0.5]) < v))
    return {
        "<": lambda: float(v < t), "<=": lambda: float(v <= t), ">": lambda: float(v > t), ">=": lambda: float(v >= t),
        "r<": lambda: float(t < v), "r>": lambda: float(t > v), "np<": lambda: float(np.float64(t) < v),
        "np>": lambda: float(~(np.float64(t) > v)), "value": lambda: float(v), "round": lambda: float(math.floor(v)),
        "min": lambda: float(min(v, t)),
    }[use]()  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(USES, st.integers(0, 2**32))
def test_a_lazy_uniform_is_the_plain_programs_number(uses, seed):
    """For random expressions the mined x is the bare program's, bit for bit, and the density is never undefined."""

    def program(theta, rng):
        u = rng.random()
        return [used(worked(u, operations), use, t) for operations, use, t in uses]

    simulator = PythonSimulator(program, motherlode.Parameters(("theta",), (0.0,), (1.0,)))
    theta = np.full((5, 1), 0.5)
    events = simulator.mine(theta, [[0.25]], seed=seed, traces=True)
    assert not events.failures
    np.testing.assert_array_equal(events.x, simulator.simulate(theta, seed=seed))
    assert not events.joint_log_ratio.any()
    for trace in events.traces:
        assert np.isfinite(trace.log_prob()).all()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5), st.integers(0, 2**32))
def test_the_interval_of_a_lazy_uniform_keeps_the_whole_probability(thresholds, seed):
    """Any chain of comparisons multiplies to the length of the interval that they leave, and settling to density 1."""

    def program(theta, rng):
        u = rng.random()
        outcomes = [u < t for t in thresholds]
        return [*outcomes, float(u)]

    simulator = PythonSimulator(program, motherlode.Parameters(("theta",), (0.0,), (1.0,)))
    for trace in simulator.mine([[0.5]], seed=seed, traces=True).traces:
        assert trace.log_prob()[0] == pytest.approx(0.0, abs=1e-9)
        u = trace.x[-1]
        np.testing.assert_array_equal(trace.x[:-1], [u < t for t in thresholds])
