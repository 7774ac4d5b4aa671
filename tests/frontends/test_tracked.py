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
