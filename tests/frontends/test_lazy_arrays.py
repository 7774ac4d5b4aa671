import bisect

import numpy as np
import pytest
from scipy import stats

from motherlode.frontends.wrapping import wrap
from motherlode.tracing import LeakError

ALPHA = 1e-4
P, Q = 0.4, 0.5


def compared(theta, rng):
    return np.sum(rng.random(8) < theta[0])


def reversed_order(theta, rng):
    return np.sum(theta[0] > rng.random((2, 4)))


def selected(theta, rng):
    return np.where(rng.random(8) < theta[0], 1.0, 0.0).sum()


def affine(theta, rng):
    return np.sum(1 - rng.random(8) >= 1 - theta[0])


def scaled(theta, rng):
    return np.sum(100 * rng.uniform(0.0, 2.0, 8) / 2 < 100 * theta[0])


def viewed(theta, rng):
    u = rng.random((4, 2))
    return np.sum(u[:, 0] < theta[0]) + sum(bool(v < theta[0]) for v in u[:, 1])


def per_lane(theta, rng):
    return np.sum(rng.random(8) < np.full(8, theta[0]))


def twice(theta, rng):
    """The second comparison is decided by the first, or refines it."""
    u = rng.random(8)
    below_half = u < theta[0] / 2
    below = u < theta[0]
    return np.sum(below_half & below) + np.sum(below & ~below_half)


def located(theta, rng):
    return np.sum(np.searchsorted([theta[0]], rng.random(8)) == 0)


def digitized(theta, rng):
    return np.sum(np.digitize(rng.random(8), [theta[0] / 2, theta[0]]) < 2)


def searched_from_the_right(theta, rng):
    edges = [theta[0] / 2, theta[0]]
    scalars = sum(int(np.searchsorted(edges, rng.random(), "right")) < 2 for _ in range(4))
    return scalars + np.sum(np.searchsorted(edges, rng.random(4), side="right") < 2)


def bisected(theta, rng):
    return sum(bisect.bisect([theta[0] / 2, theta[0]], rng.random()) < 2 for _ in range(8))


def scalar_located(theta, rng):
    cumulative = np.cumsum([theta[0] / 2, theta[0] / 2, 1 - theta[0]])
    return sum(int(np.searchsorted(cumulative, rng.random())) < 2 for _ in range(8))


def against_an_array(theta, rng):
    return sum(int((rng.random() < np.array([theta[0]])).sum()) for _ in range(8))


BINOMIAL = [
    compared, reversed_order, selected, affine, scaled, viewed, per_lane, twice, located, digitized, bisected,
    searched_from_the_right,
    scalar_located, against_an_array,
]  # fmt: skip


@pytest.mark.parametrize("simulator", BINOMIAL)
def test_every_idiom_gives_the_gold_of_its_binomial(simulator):
    wrapped = wrap(simulator, ("p",), 0.1, 0.9)
    theta = np.full((400, 1), P)
    events = wrapped.mine(theta, [[Q]], seed=5)
    np.testing.assert_array_equal(events.x, wrapped.simulate(theta, seed=5))
    log_r = events.x * np.log(P / Q) + (8 - events.x) * np.log((1 - P) / (1 - Q))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.joint_score[:, 0], events.x / P - (8 - events.x) / (1 - P), rtol=1e-6, atol=1e-6)


def refined(theta, rng):
    """Two thresholds: x tells the middle third apart, so branchings refine an interval."""
    u = rng.random(40)
    return np.sum((theta[0] / 2 < u) & (u < theta[0]))


def test_conditional_identities_hold_where_intervals_narrow():
    events = wrap(refined, ("p",), 0.1, 0.9).mine(np.full((4000, 1), P), [[Q]], seed=6)
    here, there = stats.binom(40, P / 2), stats.binom(40, Q / 2)
    weight = np.exp(-events.joint_log_ratio[:, 0]) - np.exp(there.logpmf(events.x) - here.logpmf(events.x))
    score = events.joint_score[:, 0] - (events.x / P - (40 - events.x) / 2 / (1 - P / 2))
    for feature in (np.ones(4000), events.x, events.x > 8):
        for values in (weight * feature, score * feature):
            assert abs(values.mean()) < stats.norm.isf(ALPHA / 12) * values.std() / np.sqrt(4000)


def categories(theta, rng):
    cumulative = np.cumsum([theta[0], (1 - theta[0]) / 2, (1 - theta[0]) / 2])
    return np.bincount(np.searchsorted(cumulative, rng.random(30)), minlength=3)


def test_inverse_cumulative_sampling_is_categorical():
    events = wrap(categories, ("p",), 0.1, 0.9).mine(np.full((50, 1), P), [[Q]], seed=7, traces=True)
    n = events.x[:, 0]
    log_r = n * np.log(P / Q) + (30 - n) * np.log((1 - P) / (1 - Q))
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r, rtol=1e-9)
    assert {branching.family for branching in events.traces[0]} == {"Categorical"}


def numbers(theta, rng):
    u = rng.random(5)
    return np.concatenate([u, np.sqrt(u), u[2:] + 1, [u.mean(), np.sum(u), u @ u, len(u)]])


def test_used_as_numbers_they_settle_once_to_the_plain_values():
    wrapped = wrap(numbers, ("p",), 0.1, 0.9)
    events = wrapped.mine([[P]], seed=8, traces=True)
    np.testing.assert_array_equal(events.x, wrapped.simulate([[P]], seed=8))
    assert [branching.family for branching in events.traces[0]] == ["Uniform"] * 5


@pytest.mark.parametrize(
    "simulator",
    [
        lambda theta, rng: np.sum(np.sqrt(rng.random(8)) < theta[0]),
        lambda theta, rng: np.sum(np.array(rng.random(8)) < theta[0]),
        lambda theta, rng: np.sum(rng.random(8) * theta),
        lambda theta, rng: np.sum(rng.random(8) ** 2 < theta[0]),
    ],
)
def test_theta_met_after_settling_is_a_leak(simulator):
    with pytest.raises(LeakError):
        wrap(simulator, ("p",), 0.1, 0.9).mine(np.full((50, 1), P))


def test_a_support_that_a_branch_moved_has_no_score():
    def narrowed(theta, rng):
        u = rng.random(4)
        return np.sum(u < theta[0]) + float(np.sum(np.sort(u)))

    events = wrap(narrowed, ("p",), 0.1, 0.9).mine(np.full((20, 1), P), [[Q]])
    assert np.all(np.isnan(events.joint_score))
    assert not np.any(np.isnan(events.joint_log_ratio))
