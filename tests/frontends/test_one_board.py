"""One board, two ways: plain Python and C++ agree draw by draw, and both with dynamic programming."""

import numpy as np
import pytest
from scipy import stats

from motherlode.core import philox_generator
from motherlode.families import FAMILIES

ALPHA = 1e-4
"""Probability that one of this file's statistical tests fails for a right board (Bonferroni over its bins)."""

THETA0, THETA1 = -0.8, -0.6
ENOUGH = 1000
BALLS = 250_000

TABLE_RATIO = [
    0.74360, 0.65368, 0.54481, 0.41876, 0.28013, 0.13621, -0.00370, -0.12897, -0.22831, -0.29093, -0.30899,
    -0.28041, -0.20961, -0.10560, 0.02078, 0.15859, 0.29752, 0.42857, 0.54496, 0.64286, 0.72135,
]  # fmt: skip
TABLE_SCORE = [
    -2.91062, -2.58951, -2.18048, -1.68391, -1.11345, -0.49701, 0.12519, 0.70277, 1.17612, 1.48173, 1.56958,
    1.42612, 1.08121, 0.59118, 0.01684, -0.58678, -1.17207, -1.70073, -2.14768, -2.50293, -2.76964,
]  # fmt: skip


def test_dynamic_programming_gives_the_published_numbers(exact):
    np.testing.assert_allclose(exact.log_ratio(THETA0, THETA1), TABLE_RATIO, rtol=0, atol=6e-6)
    np.testing.assert_allclose(exact.score(THETA0), TABLE_SCORE, rtol=0, atol=6e-6)


def test_dynamic_programming_sums_to_one(exact):
    p, dp = exact.distribution(np.linspace(-1.0, -0.4, 13))
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(dp.sum(axis=1), 0.0, atol=1e-13)


def test_the_exact_score_is_the_derivative(exact):
    h = 1e-5
    numeric = (exact.log_ratio(THETA0 + h, THETA0 - h)) / (2 * h)
    np.testing.assert_allclose(exact.score(THETA0), numeric, rtol=0, atol=1e-8)


def test_the_exact_posterior(exact):
    grid, density = exact.posterior([9, 12, 15, 15, 20])
    assert np.trapezoid(density, grid) == pytest.approx(1.0)
    mean, deviation = exact.moments([9, 12, 15, 15, 20])
    assert -1 < mean < -0.4
    assert 0 < deviation < 0.6 / np.sqrt(12) * 1.1


def test_walls(plain, exact):
    left, slope = exact.p_left([-0.7], 3)
    assert (left[0, 0], left[0, 31]) == (0.0, 1.0) == (plain.p_left(-0.7, 3, 0), plain.p_left(-0.7, 3, 31))
    assert slope[0, 0] == slope[0, 31] == 0.0
    for row, nail in ((0, 15), (7, 3), (12, 28), (19, 20)):
        assert exact.p_left([-0.7], row)[0][0, nail] == pytest.approx(plain.p_left(-0.7, row, nail), rel=1e-14)


def mined(board, n=1500, seed=3):
    rng = np.random.default_rng(0)
    theta = rng.uniform(-1.0, -0.4, (n, 1))
    return board.mine(theta, rng.uniform(-1.0, -0.4, (n, 2, 1)), seed=seed, traces=True)


@pytest.fixture(scope="module")
def python_events(python_board):
    return mined(python_board)


def test_a_board_is_its_stream(plain, python_events):
    """The draws are u < p on Philox (seed, event), so a ball can be thrown by hand."""
    for event in (0, 7, 1400):
        trace = python_events.traces[event]
        uniforms = philox_generator(3, event).random(len(trace))
        probs = np.array([branching.parameters[0] for branching in trace])
        np.testing.assert_array_equal([branching.value for branching in trace], uniforms < probs)
        assert plain.galton(python_events.theta[event], philox_generator(3, event)) == python_events.x[event]


@pytest.mark.cpp
def test_the_same_seed_gives_the_same_board(python_events, cpp_board):
    other = mined(cpp_board)
    np.testing.assert_array_equal(python_events.x, other.x)
    np.testing.assert_array_equal(python_events.event, other.event)
    assert python_events.counts.draws == other.counts.draws
    assert python_events.counts.probed == other.counts.probed
    np.testing.assert_array_equal(python_events.traces.offsets, other.traces.offsets)
    np.testing.assert_array_equal(python_events.traces.value, other.traces.value)
    np.testing.assert_allclose(python_events.traces.parameters, other.traces.parameters, rtol=1e-14, atol=0)
    np.testing.assert_allclose(python_events.traces.log_prob, other.traces.log_prob, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(python_events.joint_log_ratio, other.joint_log_ratio, rtol=0, atol=1e-12)
    np.testing.assert_allclose(python_events.joint_score, other.joint_score, rtol=0, atol=1e-7)


@pytest.mark.cpp
@pytest.mark.parametrize(("seed", "first"), [(0, 0), (17, 12_345), (2**63, 2**33)])
def test_bare_runs_agree_too(python_board, cpp_board, seed, first):
    theta = np.linspace(-1.0, -0.4, 500)[:, None]
    ours = python_board.simulate(theta, seed=seed, first=first)
    np.testing.assert_array_equal(ours, cpp_board.simulate(theta, seed=seed, first=first))
    np.testing.assert_array_equal(ours, cpp_board.mine(theta, seed=seed, first=first).x)


def test_simulate_is_mine(python_board, python_events):
    np.testing.assert_array_equal(python_board.simulate(python_events.theta, seed=3), python_events.x)


def test_log_probs_are_those_of_the_densities(python_events):
    for trace in list(python_events.traces)[:50]:
        for branching in trace:
            expected = FAMILIES[branching.family].log_prob(branching.value, *branching.parameters)
            assert branching.log_prob[0] == expected


def z_scores(values, slots, truth, exact, enough=ENOUGH):
    """Return (mean - truth)/error of `values` in each bin of at least `enough` balls."""
    found = []
    for slot, value in zip(exact.SLOTS, truth, strict=True):
        inside = values[slots == slot]
        if len(inside) >= enough:
            found.append((inside.mean() - value) / (inside.std(ddof=1) / np.sqrt(len(inside))))
    return np.array(found)


def check_against_exact(board, exact, balls):
    """Compare E[r|x] and E[t|x] with dynamic programming, and x with p(x|θ), over `balls` at each of two θ."""
    at_theta1 = board.mine(np.full((balls, 1), THETA1), [[THETA0]], seed=11)
    at_theta0 = board.mine(np.full((balls, 1), THETA0), seed=12)
    ratio = z_scores(
        np.exp(-at_theta1.joint_log_ratio[:, 0]), at_theta1.x, np.exp(exact.log_ratio(THETA0, THETA1)), exact
    )
    score = z_scores(at_theta0.joint_score[:, 0], at_theta0.x, exact.score(THETA0), exact)
    assert min(len(ratio), len(score)) >= 15
    threshold = stats.norm.isf(ALPHA / (2 * (len(ratio) + len(score))))
    assert np.abs(ratio).max() < threshold
    assert np.abs(score).max() < threshold
    for events, theta in ((at_theta0, THETA0), (at_theta1, THETA1)):
        counts = np.array([(events.x == slot).sum() for slot in exact.SLOTS])
        assert counts.sum() == balls
        assert stats.chisquare(counts, exact.distribution([theta])[0][0] * balls).pvalue > ALPHA
        assert events.audit().ok
        assert events.counts.score_discrepancy < 1e-6


@pytest.mark.cpp
def test_cpp_board_against_the_exact_answer(cpp_board, exact):
    check_against_exact(cpp_board, exact, BALLS)


def test_the_comparison_can_fail(python_board, exact):
    """The score at another θ, 0.1 off, is refused already with 6,000 balls; the right one is not."""
    events = python_board.mine(np.full((6000, 1), THETA0), seed=12)
    threshold = stats.norm.isf(ALPHA / 42)
    for theta, right in ((THETA0, True), (THETA0 + 0.1, False)):
        z = z_scores(events.joint_score[:, 0], events.x, exact.score(theta), exact, enough=200)
        assert (np.abs(z).max() < threshold) == right


@pytest.mark.slow
def test_python_board_against_the_exact_answer(python_board, exact):
    check_against_exact(python_board, exact, 100_000)
