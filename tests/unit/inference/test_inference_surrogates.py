"""Inference takes motherlode's own estimators by protocol, and refuses those without a likelihood."""

import numpy as np
import pytest
import torch

import motherlode
from motherlode.estimators.protocols import DirectPosterior
from motherlode.inference import Baselines, WrongEstimator
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.fisher import fisher
from motherlode.inference.histograms import HistogramLikelihood
from motherlode.training import calibrate

PRIOR = torch.distributions.Uniform(-torch.ones(2), torch.ones(2))


def test_a_ratio_is_asked_for_its_potential_which_differs_by_a_function_of_x():
    ratio = motherlode.RatioEstimator(2, (3,)).eval()
    theta, x = torch.rand(5, 2).double(), torch.rand(1, 3).double().expand(5, 3)
    difference = log_likelihood_of(ratio)(theta, x) - ratio.log_ratio(theta, x)
    assert torch.allclose(difference, difference[0].expand(5), atol=1e-6)


@pytest.mark.parametrize("method", ["mcmc", "sample"])
def test_ratio_and_likelihood_estimators_give_posteriors(method):
    x = np.random.default_rng(0).normal(size=(3, 2))
    for estimator in (motherlode.RatioEstimator(2, (2,)), motherlode.LikelihoodEstimator(2, (2,))):
        problem = motherlode.posterior(estimator.eval(), PRIOR, x)
        result = problem.mcmc(chains=8, samples=400, warmup=100) if method == "mcmc" else problem.sample(300)
        assert result.samples.shape[2] == 2
        assert np.isfinite(result.log_prob).all()


def test_a_posterior_estimator_samples_directly():
    estimator = motherlode.PosteriorEstimator(2, (3,)).eval()
    assert isinstance(estimator, DirectPosterior)
    wide = torch.distributions.Uniform(-50 * torch.ones(2), 50 * torch.ones(2))
    result = motherlode.posterior(estimator, wide, np.zeros((1, 3))).sample(200)
    assert result.method == "direct"
    assert result.samples.shape == (1, 200, 2)


def test_a_score_estimator_says_what_it_can_do_instead():
    with pytest.raises(WrongEstimator, match="optimal observables"):
        motherlode.posterior(motherlode.ScoreEstimator(2, (3,)), PRIOR, np.zeros((1, 3)))


def test_limits_take_a_ratio():
    ratio = motherlode.RatioEstimator(1, (1,)).eval()
    region = motherlode.limits(ratio, np.zeros((4, 1)), {"theta": (-1.0, 1.0)}).wilks(points=5)
    assert np.isfinite(region.statistic).all()


def test_a_ratio_calibrated_by_toys_sets_limits_whose_statistic_is_closer_to_the_truth():
    class Half(motherlode.RatioEstimator):
        """The ratio of N(θ, 1) with every logarithm doubled: overconfident."""

        def _potential(self, theta, x):
            return 2.0 * (theta[..., 0] * x[..., 0] - 0.5 * theta[..., 0] ** 2)

    generator = np.random.default_rng(0)
    theta, alternatives = generator.uniform(-1.0, 1.0, (2, 20_000, 1))
    x = generator.normal(theta, 1.0)
    joint = (theta - alternatives) * (x - 0.5 * (theta + alternatives))
    events = motherlode.Events(theta, alternatives[:, None], x, joint, np.full_like(theta, np.nan))
    bad = Half(1, (1,)).eval()
    observed = generator.normal(0.3, 1.0, (20, 1))
    statistics = [
        motherlode.limits(one, observed, {"theta": (-1.0, 1.0)}).wilks(points=11).statistic
        for one in (bad, calibrate(bad, events, cells=8))
    ]
    step = np.linspace(-1.0, 1.0, 11) - observed.mean()
    exact = 20.0 * step**2
    errors = [np.abs(statistic - exact + exact.min()).mean() for statistic in statistics]
    assert errors[1] < 0.5 * errors[0]


def test_a_score_estimator_does_what_its_refusal_says():
    class Shifted:
        def simulate(self, theta, seed, first=0):
            return theta + np.random.default_rng([seed, first]).normal(size=theta.shape)

    torch.manual_seed(0)
    score, bounds = motherlode.ScoreEstimator(1, (1,)).eval(), {"theta": (-1.0, 1.0)}
    likelihood = HistogramLikelihood(score.score, Shifted(), bounds, points=3, bins=8, events=500)
    x = np.linspace(-1.0, 1.5, 6)[:, None]
    alone = motherlode.limits(likelihood, x, bounds).wilks(points=9)
    settings = Baselines(score=score, nodes=3, bins=8, events=500, simulations=0)
    found = motherlode.limits(likelihood, x, bounds).compare(Shifted(), points=9, baselines=settings)
    assert list(found) == ["learned", "histogram", "SALLY", "SALLINO"]
    assert found["SALLY"].statistic == pytest.approx(alone.statistic, abs=1e-6)
    assert fisher(score, [0.0], x).matrix.shape == (1, 1)
