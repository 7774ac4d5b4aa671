"""Ties, constants and few values: where a check must neither condemn nor fail."""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from motherlode import diagnostics
from motherlode.diagnostics import Replicas

ALPHA = 1e-3
CHECKS = [diagnostics.sbc, diagnostics.expected_coverage, diagnostics.tarp]


def discrete(n, seed, values=4, wrong=False):
    """Truths and draws of one law on few values, of which x tells nothing; all densities that are equal tie."""
    generator = np.random.default_rng(seed)
    share = np.array([0.4, 0.2, 0.2, 0.2])
    theta = generator.choice(values, (n, 1), p=share).astype(float)
    draws = generator.choice(values, (n, 50, 1), p=share[::-1] if wrong else share).astype(float)
    density = np.log(share)
    return Replicas(theta, draws, density[draws[..., 0].astype(int)], density[theta[:, 0].astype(int)], ("a",))


def flat(n, seed):
    """An exact posterior that is its prior, uniform: every density ties."""
    generator = np.random.default_rng(seed)
    return Replicas(generator.random((n, 1)), generator.random((n, 50, 1)), np.zeros((n, 50)), np.zeros(n), ("a",))


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("made", [discrete, flat])
def test_ties_do_not_condemn_an_exact_posterior(check, made):
    results = [check(made(200, seed), seed=seed) for seed in range(40)]
    assert sum(not result.ok for result in results) <= binom.isf(ALPHA, len(results), 0.01)
    assert kstest(np.concatenate([result.values[:, 0] for result in results]), "uniform").pvalue > ALPHA


@pytest.mark.parametrize("check", CHECKS)
def test_a_wrong_discrete_posterior_is_still_condemned(check):
    assert not check(discrete(3000, 0, wrong=True)).ok


def test_a_point_is_never_near_its_own_truth_only():
    """Two truths, each with draws a step towards the other: seen from there, all of them are nearer than the truth."""
    theta = np.array([[0.0], [1.0]])
    draws = theta[:, None] + np.array([1e-3, -1e-3])[:, None, None] * np.ones((2, 50, 1))
    for seed in range(20):
        assert diagnostics.tarp(Replicas(theta, draws, draws[..., 0], theta[:, 0], ("a",)), seed).values.min() > 50 / 51


def test_constant_ratios_of_one_pass_and_others_do_not():
    assert "as it must be" in diagnostics.ratio_expectation(np.zeros(100)).verdict()
    assert diagnostics.ratio_expectation(np.zeros(100)).ok
    wrong = diagnostics.ratio_expectation(np.full(100, 0.1))
    assert not wrong.ok
    assert "biased" in wrong.verdict()


@pytest.mark.parametrize("count", [1, 2, 24])
def test_few_ratios_decide_nothing(count):
    result = diagnostics.ratio_expectation(np.linspace(-1.0, 3.0, count))
    assert result.undecided
    assert not result.ok
    assert np.isnan(result.p_value)
    assert "undecided: fewer than 25 values" in result.verdict()


def test_no_ratio_at_all_is_refused():
    with pytest.raises(ValueError, match="holds no value"):
        diagnostics.ratio_expectation([])
