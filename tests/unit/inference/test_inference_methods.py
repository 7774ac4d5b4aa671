"""Importance resampling, variational inference, direct posteriors and Pyro models, each on a closed form."""

import warnings

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from closed_forms import (
    ALPHA_Z,
    Banana,
    Bimodal,
    GaussianLocation,
    GaussianRatio,
    assert_within_nats,
    truncated_normal_moments,
)
from pyro.infer.autoguide import AutoIAFNormal

from motherlode.estimators import OutOfRangeWarning
from motherlode.inference import (
    ConvergenceWarning,
    DirectPosterior,
    ManyChains,
    Prior,
    UnnormalizedPriorWarning,
    UnusableObservation,
    posterior,
)
from motherlode.inference.convergence import ess_mean
from motherlode.inference.importance import normalization
from motherlode.inference.mcmc.many_chains import NotVectorizable
from motherlode.inference.variational.amortized import amortize

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
    result = posterior(GAUSSIAN, STANDARD, x).vi(guide, steps=1500, samples=50_000, seed=0)
    mean, covariance = GAUSSIAN.posterior(torch.eye(2, dtype=torch.float64), x)
    sd = covariance.diagonal().sqrt().numpy()
    assert_within_nats(result, mean.numpy(), sd, nats=0.008)
    assert result.k_hat < 0.7
    assert result.info["kl"] < 0.1
    last = result.info["elbo"][-50:]
    evidence = GAUSSIAN.log_evidence(torch.eye(2, dtype=torch.float64), x)
    assert last.mean() < evidence + ALPHA_Z * last.std(ddof=1) / np.sqrt(50)


def test_any_autoguide_of_pyro_is_taken():
    result = posterior(GAUSSIAN, STANDARD, [[0.5, 1.0]]).vi(AutoIAFNormal, steps=600, seed=0, particles=8)
    assert result.samples.shape == (1, 4000, 2)


def test_a_missed_mode_is_noticed():
    with pytest.warns(ConvergenceWarning) as caught:
        posterior(Bimodal(0.3), D.Normal(vector(0.0), vector(1.0)), [[1.0]]).vi("low_rank", steps=600, seed=0)
    assert any("mode" in str(warning.message) for warning in caught)


class ExactPosterior(DirectPosterior):
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

    with pytest.raises(NotVectorizable, match="branches on values"):
        ManyChains(model, num_samples=10, warmup_steps=10, num_chains=3).run()


def test_nested_discrete_latents_are_summed_out():
    first, second = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.1, 0.5, 0.9])

    def model():
        a = pyro.sample("a", dist.Normal(0.0, 1.0))
        k = pyro.sample("k", dist.Categorical(first))
        j = pyro.sample("j", dist.Bernoulli(second[k]))
        pyro.sample("x", dist.Normal(a + k + j, 1.0), obs=torch.tensor(1.0))

    chains = ManyChains(model, num_samples=500, warmup_steps=150, num_chains=8)
    chains.run()
    draws = chains.get_samples(group_by_chain=True)["a"].double().numpy()
    grid = np.linspace(-6.0, 6.0, 2001)
    terms = [
        first[k].item() * abs(1 - j - second[k].item()) * np.exp(-0.5 * (1.0 - grid - k - j) ** 2)
        for k in range(3)
        for j in range(2)
    ]
    weight = np.sum(terms, axis=0) * np.exp(-0.5 * grid**2)
    exact = weight @ grid / weight.sum()
    assert abs(draws.mean() - exact) < ALPHA_Z * draws.std() / np.sqrt(ess_mean(draws))
    assert set(chains.get_samples()) == {"a"}


def test_infinite_discrete_latents_are_refused():
    def model():
        k = pyro.sample("k", dist.Poisson(2.0))
        pyro.sample("x", dist.Normal(pyro.sample("z", dist.Normal(k, 1.0)), 1.0), obs=torch.tensor(1.0))

    with pytest.raises(NotVectorizable, match="discrete sample site 'k'"):
        ManyChains(model, num_samples=10, num_chains=2).run()


def test_subsampled_plates_are_refused():
    def model():
        z = pyro.sample("z", dist.Normal(0.0, 1.0))
        with pyro.plate("events", 20, subsample_size=2):
            pyro.sample("x", dist.Normal(z, 1.0), obs=torch.zeros(2))

    with pytest.raises(NotVectorizable, match="subsample sites"):
        ManyChains(model, num_samples=10, num_chains=2).run()


def test_models_without_continuous_latents_are_refused():
    def model():
        pyro.sample("z", dist.Bernoulli(0.5))

    with pytest.raises(NotVectorizable, match="no continuous latent"):
        ManyChains(model, num_samples=10, num_chains=2).run()


def correlated(dimension):
    """Prior and likelihood covariances that are neither diagonal nor alike."""
    root = np.random.default_rng(dimension).normal(size=(dimension, dimension))
    covariance = root @ root.T / dimension + 0.3 * np.eye(dimension)
    return torch.from_numpy(covariance), torch.full((dimension, dimension), 0.5).double().fill_diagonal_(1.0)


@pytest.mark.parametrize(
    ("dimension", "events", "steps"),
    [
        (1, 5, 250),
        pytest.param(1, 1, 300, marks=pytest.mark.slow),
        pytest.param(2, 3, 400, marks=pytest.mark.slow),
        pytest.param(3, 3, 500, marks=pytest.mark.slow),
        pytest.param(4, 2, 1000, marks=pytest.mark.slow),
    ],
)
def test_amortized_guides_are_within_a_twentieth_nat_of_every_conjugate_posterior(dimension, events, steps):
    covariance, wide = correlated(dimension)
    model = GaussianLocation(covariance)
    prior = D.MultivariateNormal(torch.zeros(dimension).double(), wide)
    generator = np.random.default_rng(0)
    theta = generator.multivariate_normal(np.zeros(dimension), wide.numpy(), 4000)
    noise = generator.multivariate_normal(np.zeros(dimension), covariance.numpy(), (4000, events))
    x = theta[:, None] + noise
    guide = amortize(model, prior, x[:3950], steps=steps, seed=1)
    divergences = []
    for data in torch.from_numpy(x[3950:]):
        exact = D.MultivariateNormal(*model.posterior(wide, data))
        draws = guide.sample((500,), data if events > 1 else data[0])
        log_q = guide.log_prob(draws, (data if events > 1 else data[0]).expand(500, *guide.shape))
        divergences.append(float((log_q - exact.log_prob(draws)).mean().detach()))
    assert np.mean(divergences) < 0.05, np.round(divergences, 3)
    assert posterior(guide, prior, data).sample(100, seed=0).method == "direct"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_flow_guide_bends_where_a_normal_one_cannot(seed):
    problem = posterior(Banana(1.5, 0.3), STANDARD, [[0.0, 1.0]])
    flow = problem.vi("flow", seed=seed)
    axis = torch.linspace(-4.0, 4.0, 401, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    weight = np.exp(problem.log_prob(grid))
    weight /= weight.sum()
    mean = weight @ grid.numpy()
    sd = np.sqrt(weight @ (grid.numpy() - mean) ** 2)
    assert flow.info["kl"] < 0.1
    assert flow.findings() == []
    assert (np.abs(flow.mean - mean) < 0.2 * sd).all(), (flow.mean, mean)
    assert (np.abs(flow.sd / sd - 1.0) < 0.15).all(), (flow.sd, sd)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        normal = problem.vi("multivariate_normal", seed=seed)
    assert normal.info["kl"] > 2.0 * flow.info["kl"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_flow_guide_reaches_both_modes(seed):
    found = posterior(Bimodal(0.5), D.Normal(vector(0.0), vector(1.0)), [[1.0]]).vi("flow", seed=seed)
    assert found.info["kl"] < 0.1
    assert 0.35 < (found.samples > 0).mean() < 0.65


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
