import math

import numpy as np
import pytest

from motherlode.frontends.wrapping import wrap
from motherlode.gold import TrackingEnded
from motherlode.tracing import LeakError

FAR = 10**6 + 1
THETA = np.stack([np.linspace(0.2, 0.8, 60), np.linspace(0.5, 1.5, 60)], 1)
OTHERS = np.array([[0.5, 1.0], [0.3, 0.8], [0.7, 1.2]])


def operators(theta, rng):
    a, b = theta
    p = (1 + a * a - 2 * a) / (1.0 + abs(-b) ** 2) * 0.5 + a % 1 * 0.1
    return float(rng.random() < p) + rng.normal(a - b, 2 * b) + rng.poisson(b / a)


def functions(theta, rng):
    p = 1 / (1 + np.exp(-10 * theta[0] * 0.1)) + 0.0 * np.sqrt(theta[1]) + 0.0 * np.log(theta[0])
    return (
        float(rng.random() < p) + float(rng.random() * 1.0 > 0.3) + rng.exponential(theta[1]) + rng.gamma(2.0, theta[1])
    )


def narrowing(theta, rng):
    u = rng.random()
    if u < 0.4 * theta[0]:
        return 0
    if 1 - u > 1 - theta[0]:
        return 1
    return 2


def settled(theta, rng):
    u, v = rng.random(), rng.random()
    return float(v) + (u < theta[0]) + float(rng.uniform(2.0, 3.0))


def compared(theta, rng):
    """Control flow on θ that no point of most events changes: those it does are replayed."""
    if theta[0] > 0:
        return float(rng.random() < theta[0])
    return 0.0


@pytest.mark.parametrize("simulator", [operators, functions, narrowing, settled, compared])
def test_one_tracked_run_gives_the_gold_of_replay(simulator):
    bounds = (("a", "b"), (0.1, 0.4), (0.9, 1.6))
    tracked = wrap(simulator, *bounds, derivative="tracked")
    events = tracked.mine(THETA, OTHERS, seed=3, first=FAR, traces=True)
    expected = wrap(simulator, *bounds).mine(THETA, OTHERS, seed=3, first=FAR, traces=True)
    assert tracked.chosen == "tracked"
    np.testing.assert_array_equal(events.x, expected.x)
    np.testing.assert_allclose(events.joint_log_ratio, expected.joint_log_ratio, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(events.joint_score, expected.joint_score, rtol=1e-6, atol=1e-8)
    for mine, theirs in zip(events.traces, expected.traces, strict=True):
        assert mine.diverges_from(theirs) is None


UNTRACKED = [
    lambda theta, rng: float(rng.random() < math.exp(-theta[0])),
    lambda theta, rng: float(rng.random() < float(theta[0])),
    lambda theta, rng: float(np.sum(rng.random(3) < theta[0])),
    lambda theta, rng: float(rng.normal(theta * np.ones(2)).sum()),
    lambda theta, rng: float(rng.random() < np.exp(theta).sum() / 10),
]


@pytest.mark.parametrize("simulator", UNTRACKED)
def test_code_that_cannot_be_tracked_is_replayed_by_auto(simulator):
    auto = wrap(simulator, ("a", "b"), (0.1, 0.4), (0.9, 1.6), derivative="auto")
    events = auto.mine(THETA, OTHERS, seed=3, first=FAR)
    assert auto.chosen == "replay"
    expected = wrap(simulator, ("a", "b"), (0.1, 0.4), (0.9, 1.6)).mine(THETA, OTHERS, seed=3, first=FAR)
    assert events.same_as(expected)


def test_auto_tracks_what_it_can():
    auto = wrap(operators, ("a", "b"), (0.1, 0.4), (0.9, 1.6), derivative="auto")
    auto.mine(THETA, OTHERS)
    assert auto.chosen == "tracked"


@pytest.mark.parametrize("function", [math.exp, int, float, round, bool, math.floor])
def test_insisting_says_what_to_write_instead(function):
    simulator = wrap(lambda theta, rng: rng.normal(function(theta[0])), ("a",), derivative="tracked")
    with pytest.raises(TrackingEnded, match=r"np\.exp for math\.exp.*derivative='replay'"):
        simulator.mine([[0.5]], [[0.6]])


LEAKS = [
    lambda theta, rng: theta[0] + rng.normal(0.0, 1.0),
    lambda theta, rng: float(float(rng.random()) < theta[0]),
    lambda theta, rng: -np.log(float(rng.random())) / theta[0],
]


@pytest.mark.parametrize("simulator", LEAKS)
def test_leaks_are_caught_past_the_probed_events(simulator):
    simulator_ = wrap(simulator, ("a", "b"), (0.1, 0.4), (0.9, 1.6), derivative="auto")
    with pytest.raises(LeakError):
        simulator_.mine(THETA, OTHERS, first=FAR)


def swallows(theta, rng):
    try:
        p = math.sqrt(theta[0])
    except TrackingEnded:
        p = 0.1
    return float(rng.random() < p)


def tells_types(theta, rng):
    return float(rng.random() < (theta[0] if isinstance(theta[0], float) else 0.1))


def multiplies_a_uniform(theta, rng):
    return float(rng.random() * theta[0] < 0.1)


def overflows(theta, rng):
    return float(rng.random() < 1 / (1 + np.exp(-10000 * (theta[0] - 0.5))))


def divides_by_zero(theta, rng):
    return float(rng.random() < 1 / (1 + 1 / (theta[0] - 0.3)) / 10 + 0.1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("simulator", [swallows, tells_types, multiplies_a_uniform, overflows, divides_by_zero])
def test_what_upsets_a_tracked_run_is_replayed_or_refused_but_never_believed(simulator):
    theta, others = np.full((5, 1), 0.6), np.array([[0.3], [0.9]])
    gold = [
        wrap(simulator, ("a",), 0.1, 1.5, derivative=how).mine(theta, others, first=FAR) for how in ("replay", "auto")
    ]
    np.testing.assert_allclose(gold[0].joint_log_ratio, gold[1].joint_log_ratio, rtol=1e-9)
    with pytest.raises(TrackingEnded):
        wrap(simulator, ("a",), 0.1, 1.5, derivative="tracked").mine(theta, others, first=FAR)


def rarely_tells_types(theta, rng):
    late = rng.random() > 0.95
    return float(rng.random() < (0.1 if late and not isinstance(theta[0], float) else theta[0])) + 2 * late


def test_a_rare_way_through_the_program_is_compared_where_events_are_probed():
    simulator = wrap(rarely_tells_types, ("a",), 0.1, 0.9, derivative="auto")
    with pytest.raises(TrackingEnded, match="ordinary floats"):
        simulator.mine(np.full((400, 1), 0.6), [[0.3]])


def test_nan_at_an_alternative_fails_as_it_does_on_replay():
    def undefined(theta, rng):
        return float(rng.random() < theta[0]) + float(rng.random() < (theta[0] - 0.4) ** 0.5)

    events = []
    for how in ("replay", "tracked"):
        simulator = wrap(undefined, ("a",), 0.1, 0.9, derivative=how)
        with np.errstate(invalid="ignore"):
            events.append(simulator.mine([[0.6], [0.6]], [[[0.5]], [[0.2]]], first=FAR))
    assert [batch.event.tolist() for batch in events] == [[FAR], [FAR]]
    assert [len(batch.failures) for batch in events] == [1, 1]
