"""Importance resampling, variational inference, direct posteriors and Pyro models, each on a closed form."""

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from closed_forms import ALPHA_Z, Bimodal, GaussianLocation, GaussianRatio, truncated_normal_moments
from pyro.infer.autoguide import AutoIAFNormal

from motherlode.inference import (
    ConvergenceWarning,
    ManyChains,
    OutOfRangeWarning,
    Prior,
    UnnormalizedPriorWarning,
    UnusableObservation,
    posterior,
)
from motherlode.inference.amortized import amortize
from motherlode.inference.convergence import ess_mean
from motherlode.inference.many_chains import NotVectorizable
from motherlode.inference.normalization import normalization

D = torch.distributions


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


GAUSSIAN = GaussianLocation(torch.eye(2, dtype=torch.float64))
STANDARD = D.Normal(vector(0.0, 0.0), vector(1.0, 1.0))


@pytest.mark.parametrize("seed", range(4))
def test_importance_draws_and_evidence_are_exact_for_a_gaussian(seed):
    x = GAUSSIAN.sample(vector(1.0, -1.0), 30, seed=seed)
    result = posterior(GAUSSIAN, STANDARD, x).sample(4000, seed=seed)
    mean, covariance = GAUSSIAN.posterior(torch.eye(2, dtype=torch.float64), x)
    sd = covariance.diagonal().sqrt().numpy()
    effective = 1.0 / (1.0 / result.info["effective_draws"] + 1.0 / len(result))
    assert (np.abs(result.mean - mean.numpy()) < ALPHA_Z * sd / np.sqrt(effective)).all()
    assert (np.abs(result.sd - sd) < ALPHA_Z * sd / np.sqrt(2.0 * effective)).all()
    exact = GAUSSIAN.log_evidence(torch.eye(2, dtype=torch.float64), x)
    assert abs(result.info["log_evidence"] - exact) < ALPHA_Z * result.info["log_evidence_error"]
    assert result.k_hat < 0.7


def test_importance_keeps_both_modes_and_the_bounds():
    both = posterior(Bimodal(0.2), D.Uniform(-3.0, 3.0), [[1.0]]).sample(4000, seed=0)
    assert abs((both.samples > 0).mean() - 0.5) < ALPHA_Z * 0.5 / np.sqrt(both.info["effective_draws"] / 2)
    cut = posterior(GaussianRatio(), D.Uniform(-0.5, 0.9), [[0.4], [1.6]]).sample(4000, seed=0)
    mean, sd = truncated_normal_moments(1.0, 0.5**0.5, -0.5, 0.9)
    assert abs(cut.mean[0] - mean) < ALPHA_Z * sd / np.sqrt(2000)


def test_importance_warns_where_nothing_fits():
    class Needle:
        def log_ratio(self, theta, x):
            return -1e3 * (theta**2).sum(-1).pow(0.1) - 300.0 * (theta[..., 0] * theta[..., 1]).abs().sqrt()

    prior = D.Uniform(-torch.ones(8, dtype=torch.float64), torch.ones(8, dtype=torch.float64))
    with pytest.warns(ConvergenceWarning, match="k-hat"):
        posterior(Needle(), prior, [[0.0]]).sample(100, seed=0)


@pytest.mark.parametrize("guide", ["multivariate_normal", pytest.param("flow", marks=pytest.mark.slow)])
def test_variational_gaussian(guide):
    x = GAUSSIAN.sample(vector(1.0, -1.0), 10, seed=0)
    result = posterior(GAUSSIAN, STANDARD, x).vi(guide, steps=1500, seed=0)
    mean, covariance = GAUSSIAN.posterior(torch.eye(2, dtype=torch.float64), x)
    sd = covariance.diagonal().sqrt().numpy()
    assert (np.abs(result.mean - mean.numpy()) < 0.15 * sd).all()
    assert (np.abs(result.sd / sd - 1.0) < 0.12).all()
    assert result.k_hat < 0.7
    assert result.info["kl"] < 0.1
    assert result.info["elbo"][-50:].mean() < GAUSSIAN.log_evidence(torch.eye(2, dtype=torch.float64), x) + 0.05


def test_any_autoguide_of_pyro_is_taken():
    result = posterior(GAUSSIAN, STANDARD, [[0.5, 1.0]]).vi(AutoIAFNormal, steps=600, seed=0, particles=8)
    assert result.samples.shape == (1, 4000, 2)


def test_a_missed_mode_is_noticed():
    with pytest.warns(ConvergenceWarning) as caught:
        posterior(Bimodal(0.3), D.Normal(vector(0.0), vector(1.0)), [[1.0]]).vi("low_rank", steps=600, seed=0)
    assert any("mode" in str(warning.message) for warning in caught)


class ExactPosterior:
    """q(θ|x) of x ~ N(θ, 1), θ ~ N(0, 1), optionally for sets of several events."""

    def __init__(self, shape):
        self.shape = shape

    def _law(self, x):
        total = x.reshape(*x.shape[: x.dim() - len(self.shape)], -1)
        return D.Normal(total.sum(-1, keepdim=True) / (1 + total.shape[-1]), (1 + total.shape[-1]) ** -0.5)

    def log_prob(self, theta, x):
        return self._law(x).log_prob(theta).sum(-1)

    def sample(self, shape, x):
        return self._law(x).sample(shape)


@pytest.mark.parametrize("method", ["sample", "mcmc"])
@pytest.mark.parametrize("events", [1, 4])
def test_direct_posteriors(method, events):
    x = np.linspace(0.5, 1.5, events)[:, None]
    problem = posterior(ExactPosterior((1,) if events == 1 else (events, 1)), D.Normal(vector(0.0), vector(1.0)), x)
    result = problem.sample(4000, seed=0) if method == "sample" else problem.mcmc(samples=300, seed=0)
    mean, sd = x.sum() / (1 + events), (1 + events) ** -0.5
    assert abs(result.mean[0] - mean) < ALPHA_Z * sd / np.sqrt(ess_mean(result.samples[..., 0]))


def test_a_posterior_of_single_events_refuses_several():
    with pytest.raises(UnusableObservation, match="do not multiply"):
        posterior(ExactPosterior((1,)), D.Normal(0.0, 1.0), [[0.1], [0.2]])


def test_a_direct_posterior_is_cut_at_the_prior():
    result = posterior(ExactPosterior((1,)), D.Uniform(0.0, 3.0), [[0.1]]).sample(500, seed=1)
    assert (result.samples > 0.0).all()


def test_questions_outside_the_training_range_warn():
    class Trained(GaussianRatio):
        theta_low, theta_high = vector(-1.0), vector(1.0)
        x_low, x_high = vector(-3.0), vector(3.0)

    with pytest.warns(OutOfRangeWarning, match=r"of the prior lies outside"):
        posterior(Trained(), D.Uniform(-2.0, 1.0), [[0.0]])
    with pytest.warns(OutOfRangeWarning, match=r"50.0% of the observed events"):
        posterior(Trained(), D.Uniform(-1.0, 1.0), [[0.0], [9.0]])


def schools(y, sd):
    mean = pyro.sample("mean", dist.Normal(0.0, 5.0))
    spread = pyro.sample("spread", dist.HalfNormal(5.0))
    with pyro.plate("schools", len(y)):
        effect = pyro.sample("effect", dist.Normal(0.0, 1.0))
        pyro.sample("y", dist.Normal(mean + spread * effect, sd), obs=y)


@pytest.mark.parametrize("kernel", [pytest.param("nuts", marks=pytest.mark.slow), "chees"])
def test_a_hierarchical_pyro_model_runs_as_many_chains(kernel):
    y, sd = torch.tensor([28.0, 8.0, -3.0, 7.0]), torch.tensor([15.0, 10.0, 16.0, 11.0])
    chains = ManyChains(schools, num_samples=300, warmup_steps=150, num_chains=10, kernel=kernel, target_accept=0.9)
    chains.run(y, sd)
    spread = np.linspace(1e-3, 30.0, 2000)
    variance = sd.numpy()[:, None].astype(float) ** 2 + spread**2
    weight = (1.0 / variance).sum(axis=0) + 1.0 / 25.0
    centre = (y.numpy()[:, None] / variance).sum(axis=0) / weight
    log_p = -0.5 * (np.log(variance) + y.numpy()[:, None] ** 2 / variance).sum(axis=0)
    log_p += 0.5 * weight * centre**2 - 0.5 * np.log(weight) - 0.5 * (spread / 5.0) ** 2
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    for name, exact in (("mean", p @ centre), ("spread", p @ spread)):
        draws = chains.get_samples(group_by_chain=True)[name].double().numpy()
        assert abs(draws.mean() - exact) < ALPHA_Z * draws.std() / np.sqrt(ess_mean(draws)), name
    report = chains.diagnostics()
    assert report["effect"]["r_hat"].shape == (4,)
    assert chains.get_samples(num_samples=7)["effect"].shape == (7, 4)
    chains.summary()


def test_models_that_branch_on_values_are_refused_with_the_reason():
    def model():
        z = pyro.sample("z", dist.Normal(0.0, 1.0))
        pyro.sample("x", dist.Normal(z if z > 0 else 0.0, 1.0), obs=torch.tensor(1.0))

    with pytest.raises(NotVectorizable, match="data-dependent control flow"):
        ManyChains(model, num_samples=10, warmup_steps=10, num_chains=3).run()


def test_models_without_continuous_latents_are_refused():
    def model():
        pyro.sample("z", dist.Bernoulli(0.5))

    with pytest.raises(NotVectorizable, match="no continuous latent"):
        ManyChains(model, num_samples=10, num_chains=2).run()


@pytest.mark.parametrize("events", [pytest.param(1, marks=pytest.mark.slow), 5])
def test_amortized_guides_fit_every_observation(events):
    model = GaussianLocation(torch.eye(1, dtype=torch.float64))
    prior = D.Normal(vector(0.0), vector(1.0))
    generator = np.random.default_rng(0)
    theta = generator.normal(size=(2000, 1, 1))
    guide = amortize(model, prior, theta + generator.normal(size=(2000, events, 1)), steps=300, seed=1)
    for centre in (-1.0, 0.8):
        x = np.full((events, 1), centre)
        result = posterior(guide, prior, x).sample(2000, seed=0)
        sd = (1 + events) ** -0.5
        assert result.method == "direct"
        assert abs(result.mean[0] - centre * events / (1 + events)) < 0.15 * sd
        assert result.sd[0] == pytest.approx(sd, rel=0.12)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_priors_of_ones_own_must_integrate_to_one(factor):
    class Own(D.Normal):
        def log_prob(self, value):
            return super().log_prob(value) + np.log(factor)

    prior = Prior(Own(vector(0.3, 1.0), vector(0.2, 2.0)))
    total, error = normalization(prior)
    assert abs(total - factor**2) < ALPHA_Z * error
    if factor == 1.0:
        posterior(GAUSSIAN, prior.factors[0], [[0.5, 1.0]])
    else:
        with pytest.warns(UnnormalizedPriorWarning, match=r"integrates to (3\.9|4)"):
            posterior(GAUSSIAN, prior.factors[0], [[0.5, 1.0]])
