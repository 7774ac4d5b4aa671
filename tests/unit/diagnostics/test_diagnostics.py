"""Diagnostics pass what is right and name what is wrong, on posteriors known exactly."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from motherlode import diagnostics
from motherlode.diagnostics import Replicas
from motherlode.inference import PosteriorSamples, posterior

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
    passed = [check(exact_replicas(seed=seed)).ok for seed in range(20)]
    assert sum(passed) >= 18
    assert "calibrated" in check(exact_replicas()).verdict()


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
    inside = ((share >= low) & (share <= high)).all(axis=1).mean()
    assert abs(inside - 0.9) < 0.04


@pytest.mark.parametrize(("estimator", "ok"), [(Gaussian(), True), (Gaussian(sd=0.5), False)])
def test_replicas_of_the_real_machinery(estimator, ok):
    made = diagnostics.replicate(
        lambda x: posterior(estimator, PRIOR, x), PRIOR, Gaussian(), events=3, replicas=120, draws=60, seed=1
    )
    assert diagnostics.sbc(made).ok == ok
    assert diagnostics.expected_coverage(made).ok == ok


@pytest.mark.slow
@pytest.mark.parametrize("method", ["nuts", "chees", "pyro-nuts"])
def test_sbc_of_every_sampler(method):
    def sampler(problem, seed):
        chains, samples = (1, 240) if method.startswith("pyro") else (20, 100)
        return problem.mcmc(method, chains=chains, samples=samples, warmup=100, seed=seed)

    with pytest.warns() as _:
        made = diagnostics.replicate(
            lambda x: posterior(Gaussian(), PRIOR, x), PRIOR, Gaussian(), 2, replicas=60, draws=40, sampler=sampler
        )
    assert diagnostics.sbc(made).ok


def test_c2st_is_one_half_for_equal_samples_and_high_for_others():
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 1500, 2))
    same = diagnostics.c2st(a, b)
    assert same.ok, same.verdict()
    other = diagnostics.c2st(a, b + 1.0)
    assert other.statistic == pytest.approx(0.76, abs=0.03)
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


def test_predictive_check_notices_data_the_simulator_cannot_make():
    x = np.random.default_rng(0).normal(0.3, 1.0, (40, 2))
    draws = np.random.default_rng(1).normal(x.mean(axis=0), 40**-0.5, (1, 1000, 2))
    result = PosteriorSamples(draws, ("a", "b"), draws[..., 0], "exact", draws[..., 0] > 99.0, np.ones(1))
    assert diagnostics.predictive_check(result, Gaussian(), x).ok
    bad = diagnostics.predictive_check(result, Gaussian(), 5.0 * (x - x.mean(axis=0)) + x.mean(axis=0))
    assert not bad.ok
    assert "does not describe" in bad.verdict()


def test_the_mean_of_a_ratio_is_one_or_undecided():
    x = np.random.default_rng(0).normal(size=5000)
    assert diagnostics.ratio_expectation(0.5 * x - 0.125).ok
    wrong = diagnostics.ratio_expectation(0.5 * x)
    assert "biased" in wrong.verdict()
    heavy = diagnostics.ratio_expectation(4.0 * x - 8.0)
    assert not heavy.ok
    assert "undecided" in heavy.verdict()
