"""One board, four ways: plain Python, Pyro, pyprob and C++ give the same draws, x and log-probs, or the same law.

Plain Python, pyprob and C++ read our stream event by event, so they agree draw by draw. Pyro draws blocks of events,
so it agrees in distribution; held against the others' draws its densities agree too.
"""

import importlib.util

import numpy as np
import pytest
from scipy import stats

from motherlode.core.paths import galton_dir
from motherlode.frontends.targets import open_target

ALPHA = 1e-4
"""Probability that a test of a distribution here fails for right boards."""

THETA = np.linspace(-0.98, -0.42, 300)[:, None]
ALTERNATIVES = [[-0.7], [-0.5]]
THROWN = -0.65


@pytest.fixture(scope="module")
def pyro_board():
    return open_target(f"{galton_dir() / 'pyro_model.py'}:galton")


@pytest.fixture(scope="module")
def pyprob_board():
    if importlib.util.find_spec("pyprob") is None:
        pytest.skip("pyprob has its own environment: tools/test_pyprob.sh")
    return open_target(f"{galton_dir() / 'pyprob_model.py'}:galton")


@pytest.fixture(params=["pyprob_board", pytest.param("cpp_board", marks=pytest.mark.cpp)])
def other(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["python_board", "pyro_board", "pyprob_board", pytest.param("cpp_board", marks=pytest.mark.cpp)])
def board(request):
    return request.getfixturevalue(request.param)


def test_same_stream_same_draws(python_board, other):
    ours = python_board.mine(THETA, ALTERNATIVES, seed=11, traces=True)
    theirs = other.mine(THETA, ALTERNATIVES, seed=11, traces=True)
    np.testing.assert_array_equal(ours.x, theirs.x)
    np.testing.assert_array_equal(ours.traces.value, theirs.traces.value)
    np.testing.assert_allclose(ours.traces.log_prob, theirs.traces.log_prob, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(ours.joint_log_ratio, theirs.joint_log_ratio, rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours.joint_score, theirs.joint_score, rtol=0, atol=1e-7)


def test_pyro_gives_the_densities_of_plain_python(plain, pyro_board):
    """Each Bernoulli of the Pyro board has the probability that plain Python computes on the same path."""
    for trace in list(pyro_board.mine(THETA[::30], ALTERNATIVES, seed=11, traces=True).traces):
        nail = plain.START
        for row, branching in enumerate(trace):
            here = np.array([plain.p_left(theta, row, nail) for theta in (trace.theta[0], *np.ravel(ALTERNATIVES))])
            with np.errstate(divide="ignore"):
                expected = np.log(here if branching.value else 1.0 - here)
            np.testing.assert_allclose(branching.log_prob, expected, rtol=1e-11, atol=1e-13)
            nail += -(row % 2) if branching.value else 1 - row % 2
        assert trace.x == nail


def test_same_law(board, exact):
    """Slots follow dynamic programming."""
    balls = 3000
    slots = board.simulate(np.full((balls, 1), THROWN), seed=5)
    expected = balls * exact.distribution([THROWN])[0][0]
    observed = np.array([(slots == slot).sum() for slot in exact.SLOTS])
    often = expected > 5
    pooled = np.append(observed[often], observed[~often].sum()), np.append(expected[often], expected[~often].sum())
    assert stats.chisquare(*pooled).pvalue > ALPHA


def test_same_gold_in_the_mean(board, exact):
    """E[r|x] and E[t|x] summed over all x: weighted with x, they give the exact expectation of r·x and t·x."""
    balls = 3000
    events = board.mine(np.full((balls, 1), THROWN), [[-0.6]], seed=6)
    probabilities, _ = exact.distribution([THROWN])
    ratio = np.exp(-events.joint_log_ratio[:, 0]) * events.x
    score = events.joint_score[:, 0] * events.x
    exact_ratio = exact.distribution([-0.6])[0][0] @ exact.SLOTS
    exact_score = (exact.score(THROWN) * probabilities[0]) @ exact.SLOTS
    threshold = stats.norm.isf(ALPHA / 4)
    for values, truth in ((ratio, exact_ratio), (score, exact_score)):
        assert abs(values.mean() - truth) < threshold * values.std(ddof=1) / np.sqrt(balls)
