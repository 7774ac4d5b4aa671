"""Diagnostics pass what is right and name what is wrong, on posteriors known exactly."""

import numpy as np
import pytest
import torch
from scipy.stats import binom, kstest, norm

from motherlode import diagnostics
from motherlode.diagnostics import Replicas
from motherlode.inference import PosteriorSamples, WrongEstimator, posterior

ALPHA = 1e-3

D = torch.distributions
PRIOR = D.Normal(torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64))


class Gaussian:
    """x ~ N(θ, 1), with a likelihood whose width and centre may be wrong."""

    def __init__(self, sd=1.0, shift=0.0):
        self.sd, self.shift = sd, shift

    def log_prob(self, x, theta):
        return D.Normal(theta + self.shift, self.sd).log_prob(x).sum(-1)

    def simulate(self, theta, seed, first=0):
        return theta + np.random.default_rng([seed, first]).normal(size=theta.shape)


def exact_replicas(spread=1.0, shift=0.0, n=400, seed=0):
    """θ* and draws of N(x/2 + shift, spread²/2), which is the posterior for spread 1 and shift 0."""
    generator = np.random.default_rng(seed)
    theta = generator.normal(size=(n, 2))
    mean = (theta + generator.normal(size=(n, 2))) / 2 + shift
    draws = mean[:, None] + spread * np.sqrt(0.5) * generator.normal(size=(n, 99, 2))

    def log_prob(at):
        return -((at - (mean[:, None] if at.ndim == 3 else mean)) ** 2).sum(-1) / spread**2

    return Replicas(theta, draws, log_prob(draws), log_prob(theta), ("a", "b"))


CHECKS = [diagnostics.sbc, diagnostics.expected_coverage, diagnostics.tarp]


@pytest.mark.parametrize("check", CHECKS)
def test_exact_posteriors_pass(check):
    results = [check(exact_replicas(seed=seed)) for seed in range(60)]
    refused = sum(not result.ok for result in results)
    assert refused <= binom.isf(ALPHA, len(results), results[0].alpha)
    assert kstest(np.concatenate([result.p_values[:1] for result in results]), "uniform").pvalue > ALPHA
    assert "calibrated" in next(result for result in results if result.ok).verdict()


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(("spread", "word"), [(0.6, "overconfident"), (1.6, "underconfident")])
def test_wrong_widths_are_named(check, spread, word):
    result = check(exact_replicas(spread=spread, n=800))
    assert not result.ok
    if check is not diagnostics.tarp:
        assert word in result.verdict()


def test_bias_is_named_with_its_direction():
    assert "biased low" in diagnostics.sbc(exact_replicas(shift=-0.5)).verdict()
    assert not diagnostics.tarp(exact_replicas(shift=-0.7, n=800)).ok


def test_coverage_curve_of_an_exact_posterior_is_the_diagonal():
    levels = np.array([0.3, 0.5, 0.9])
    for check in CHECKS:
        covered = check(exact_replicas(n=2000)).coverage(levels)
        assert np.abs(covered - levels[:, None]).max() < 4.0 * 0.5 / np.sqrt(2000)


def test_uniformity_p_values_are_uniform_and_the_band_simultaneous():
    generator = np.random.default_rng(1)
    p = [diagnostics.p_value_uniform(generator.random(150)) for _ in range(300)]
    assert kstest(p, "uniform").pvalue > 1e-3
    z, low, high = diagnostics.band(150, 0.9)
    values = generator.random((1000, 150))
    share = (values[:, :, None] <= z).mean(axis=1)
    inside = ((share >= low) & (share <= high)).all(axis=1).sum()
    bands, of_band = 1000, 4000
    error = np.sqrt(0.9 * 0.1 * (1.0 / bands + 1.0 / of_band))
    assert abs(inside / bands - 0.9) < norm.isf(ALPHA / 2) * error + 1.0 / bands


@pytest.mark.parametrize(("estimator", "ok"), [(Gaussian(), True), (Gaussian(sd=0.5), False)])
def test_replicas_of_the_real_machinery(estimator, ok):
    made = diagnostics.replicate(
        lambda x: posterior(estimator, PRIOR, x), PRIOR, Gaussian(), events=3, replicas=120, draws=60, seed=1
    )
    assert diagnostics.sbc(made).ok == ok
    assert diagnostics.expected_coverage(made).ok == ok


def test_c2st_is_one_half_for_equal_samples_and_high_for_others():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 1500, 2))
    same = diagnostics.c2st(a, b)
    assert same.ok, same.verdict()
    other = diagnostics.c2st(a, b + 1.0)
    best = norm.cdf(np.sqrt(0.5))
    assert abs(other.statistic - best) < norm.isf(ALPHA / 2) * np.sqrt(best * (1.0 - best) / 3000)
    assert "differ" in other.verdict()


def test_critic_accepts_the_exact_ratio_and_refuses_a_wrong_one():
    generator = np.random.default_rng(0)
    top, bottom = generator.normal(0.5, 1.0, (4000, 1)), generator.normal(0.0, 1.0, (4000, 1))
    exact = 0.5 * bottom[:, 0] - 0.125
    assert diagnostics.critic(top, bottom, exact).ok
    assert not diagnostics.critic(top, bottom, 0.0 * exact).ok


def test_local_c2st_sees_a_wrong_posterior_at_the_observation():
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(2000, 1))
    x = theta + generator.normal(size=(2000, 1))
    for shift, ok in ((0.0, True), (0.5, False)):
        draws = x / 2 + shift + np.sqrt(0.5) * generator.normal(size=(2000, 1))
        at = 0.2 + shift + np.sqrt(0.5) * generator.normal(size=(500, 1))
        assert diagnostics.local_c2st(theta, x, draws, [0.4], at, trials=99).ok == ok


def posterior_of_the_mean(x, seed=1):
    draws = np.random.default_rng(seed).normal(x.mean(axis=0), len(x) ** -0.5, (1, 1000, x.shape[1]))
    names = tuple("abcd"[: x.shape[1]])
    return PosteriorSamples(draws, names, draws[..., 0], "exact", draws[..., 0] > 99.0, np.ones(1))


def test_predictive_check_notices_data_the_simulator_cannot_make():
    x = np.random.default_rng(0).normal(0.3, 1.0, (40, 2))
    bad = diagnostics.predictive_check(
        posterior_of_the_mean(x), Gaussian(), 3.0 * (x - x.mean(axis=0)) + x.mean(axis=0)
    )
    assert not bad.ok
    assert bad.p_value == pytest.approx(1.0 / 1001.0)
    assert "does not describe" in bad.verdict()


def test_predictive_check_refuses_good_data_no_more_often_than_it_says():
    refused, tries = 0, 150
    for seed in range(tries):
        x = np.random.default_rng(1000 + seed).normal(0.3, 1.0, (20, 2))
        refused += not diagnostics.predictive_check(
            posterior_of_the_mean(x, seed), Gaussian(), x, replicas=400, seed=seed
        ).ok
    assert refused <= binom.isf(ALPHA, tries, 0.01)


def test_predictive_p_values_of_a_fixed_parameter_are_uniform():
    p = []
    for seed in range(150):
        x = np.random.default_rng(1000 + seed).normal(0.0, 1.0, (20, 1))
        draws = np.zeros((1, 400, 1))
        known = PosteriorSamples(draws, ("a",), draws[..., 0], "exact", draws[..., 0] > 1.0, np.ones(1))
        p.append(diagnostics.predictive_check(known, Gaussian(), x, replicas=400, seed=seed).p_value)
    assert kstest(p, "uniform").pvalue > ALPHA


def test_events_outside_the_training_set_are_named():
    class Trained:
        x_low, x_high = torch.tensor([0.0, -1.0]).double(), torch.tensor([1.0, 1.0]).double()

    result = diagnostics.range_check(Trained(), [[0.5, 0.0], [0.5, 3.0], [0.9, -2.0]])
    assert not result.ok
    assert "2 of 3 observed events lie outside, component 1" in result.verdict()
    assert diagnostics.range_check(Trained(), [[0.5, 0.0]]).ok
    with pytest.raises(WrongEstimator, match="x_low"):
        diagnostics.range_check(Gaussian(), [[0.5, 0.0]])


@pytest.mark.slow
def test_separation_bands_hold_equal_samples_as_often_as_they_say():
    outside, tries = 0, 30
    for seed in range(tries):
        generator = np.random.default_rng(seed)
        x, theta, draws = generator.normal(size=(3, 200, 1))
        at = generator.normal(size=(50, 1))
        result = diagnostics.local_c2st(theta, x, draws, [0.0], at, trials=99, seed=seed)
        outside += not result.ok
        assert result.ok == (result.statistic <= result.band[1]) or result.p_value < 0.03
    assert outside <= binom.isf(ALPHA, tries, 0.01)


def test_the_mean_of_a_ratio_is_one_or_undecided():
    x = np.random.default_rng(0).normal(size=5000)
    assert diagnostics.ratio_expectation(0.5 * x - 0.125).ok
    wrong = diagnostics.ratio_expectation(0.5 * x)
    assert "biased" in wrong.verdict()
    assert wrong.p_value < 1e-3
    heavy = diagnostics.ratio_expectation(4.0 * x - 8.0)
    assert not heavy.ok
    assert "undecided" in heavy.verdict()
