"""Batched chains against closed forms: every kernel, dense and diagonal, with Monte Carlo standard errors."""

import numpy as np
import pytest
import torch
from closed_forms import (
    ALPHA_Z,
    Banana,
    Bimodal,
    GaltonExact,
    GaussianLocation,
    GaussianRatio,
    truncated_normal_moments,
)
from tqdm.auto import tqdm

from motherlode.inference import ConvergenceWarning, Observation, Potential, Prior, posterior
from motherlode.inference.convergence import ess_mean
from motherlode.inference.mcmc.adaptation import StepSize, Whitening, windows
from motherlode.inference.mcmc.chains import run_chains
from motherlode.inference.mcmc.gradients import gradient_of
from motherlode.inference.search import with_gradient

D = torch.distributions
KERNELS = pytest.mark.parametrize("kernel", ["nuts", "chees"])


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def assert_moments(draws, mean, sd):
    """Means and standard deviations within ALPHA_Z Monte Carlo standard errors."""
    for i in range(draws.shape[-1]):
        column = draws[..., i]
        z = (column.mean() - mean[i]) / (column.std() / np.sqrt(ess_mean(column)))
        squares = (column - mean[i]) ** 2
        z_square = (squares.mean() - sd[i] ** 2) / (squares.std() / np.sqrt(ess_mean(squares)))
        assert abs(z) < ALPHA_Z, (i, z)
        assert abs(z_square) < ALPHA_Z, (i, z_square)


def gaussian_target(precision):
    def target(u):
        gradient = -u @ precision
        return 0.5 * (u * gradient).sum(axis=1), gradient

    return target


@KERNELS
@pytest.mark.parametrize("dense", [True, False])
def test_correlated_gaussian_in_ten_dimensions(kernel, dense):
    generator = np.random.default_rng(0)
    half = generator.normal(size=(10, 10))
    covariance = half @ half.T + 0.3 * np.eye(10)
    starts = 3.0 * generator.normal(size=(20, 10))
    target = gaussian_target(np.linalg.inv(covariance))
    run = run_chains(target, starts, 300, 300, seed=1, kernel=kernel, dense=dense)
    assert_moments(run.positions, np.zeros(10), np.sqrt(np.diag(covariance)))
    assert not run.divergences.any()


@KERNELS
def test_the_progress_bar_ends_at_its_total(kernel, monkeypatch):
    bars = []
    monkeypatch.setattr("motherlode.inference.mcmc.chains.tqdm", lambda **given: bars.append(tqdm(**given)) or bars[-1])
    starts = np.random.default_rng(0).normal(size=(7, 2))
    run_chains(gaussian_target(np.eye(2)), starts, 60, 40, seed=1, kernel=kernel, progress=True)
    assert bars[0].n == bars[0].total == 700


@KERNELS
def test_conjugate_gaussian_in_ten_dimensions(kernel):
    half = torch.randn(10, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    model = GaussianLocation(half @ half.T + torch.eye(10, dtype=torch.float64))
    x = model.sample(torch.ones(10, dtype=torch.float64), 5, seed=3)
    prior = D.MultivariateNormal(torch.zeros(10, dtype=torch.float64), 4.0 * torch.eye(10, dtype=torch.float64))
    mean, covariance = model.posterior(4.0 * torch.eye(10, dtype=torch.float64), x)
    result = posterior(model, prior, x).mcmc(kernel, chains=20, samples=300, warmup=150, seed=1)
    assert_moments(result.samples, mean.numpy(), covariance.diagonal().sqrt().numpy())


@KERNELS
def test_uniform_prior_truncates(kernel):
    x = vector(0.4, 1.6).unsqueeze(-1)
    result = posterior(GaussianRatio(), D.Uniform(-0.5, 0.9), x).mcmc(kernel, samples=400, seed=2)
    mean, sd = truncated_normal_moments(1.0, 0.5**0.5, -0.5, 0.9)
    assert ((result.samples > -0.5) & (result.samples < 0.9)).all()
    assert_moments(result.samples, [mean], [sd])


def test_galton_posterior():
    exact = GaltonExact()
    x = exact.sample(-0.8, 50, seed=2)
    _, _, mean, sd = exact.posterior(x)
    result = posterior(exact, D.Uniform(-1.0, -0.4), x).mcmc(chains=8, samples=400, warmup=100, seed=3)
    assert_moments(result.samples, [mean], [sd])


@KERNELS
def test_bimodal_posterior_keeps_both_modes(kernel):
    result = posterior(Bimodal(), D.Normal(vector(0.0), vector(1.0)), [[1.0]]).mcmc(kernel, samples=1500, seed=4)
    grid = np.linspace(-6.0, 6.0, 4001)
    likelihood = np.exp(-0.5 * ((1 - grid) / 0.5) ** 2) + np.exp(-0.5 * ((1 + grid) / 0.5) ** 2)
    weight = likelihood * np.exp(-0.5 * grid**2)
    weight /= weight.sum()
    assert_moments(result.samples, [0.0], [np.sqrt(weight @ grid**2)])


@KERNELS
def test_banana(kernel):
    model = Banana()
    axis = np.linspace(-4.0, 4.0, 801)
    grid = torch.cartesian_prod(torch.from_numpy(axis), torch.from_numpy(axis))
    problem = posterior(model, D.Normal(vector(0.0, 0.0), vector(1.0, 1.0)), [[0.2, 0.4]])
    log_p = problem.log_prob(grid)
    weight = np.exp(log_p - log_p.max())
    weight /= weight.sum()
    mean = weight @ grid.numpy()
    sd = np.sqrt(weight @ (grid.numpy() - mean) ** 2)
    result = problem.mcmc(kernel, samples=500, seed=5)
    assert_moments(result.samples, mean, sd)


@KERNELS
def test_a_seed_decides_every_draw(kernel):
    problem = posterior(GaussianRatio(), D.Normal(0.0, 1.0), [[0.3]])
    with pytest.warns(ConvergenceWarning):
        runs = [problem.mcmc(kernel, chains=3, samples=20, warmup=20, seed=seed) for seed in (1, 1, 2)]
    assert np.array_equal(runs[0].samples, runs[1].samples)
    assert not np.array_equal(runs[0].samples, runs[2].samples)


@KERNELS
def test_log_prob_of_the_draws_is_the_posterior(kernel):
    problem = posterior(GaussianRatio(), D.Uniform(-1.0, 1.0), [[0.3]])
    result = problem.mcmc(kernel, samples=400, seed=0)
    assert np.allclose(result.log_prob, problem.log_prob(result.samples), rtol=1e-9)


@KERNELS
def test_many_short_chains_from_few_points(kernel):
    problem = posterior(GaussianRatio(), D.Normal(vector(0.0), vector(1.0)), [[0.3]])
    result = problem.mcmc(kernel, chains=100, samples=25, warmup=50, seed=1, superchains=10)
    assert result.superchains == 10
    assert result.rhat[0] < 1.01
    assert_moments(result.samples, [0.15], [0.5**0.5])


def test_one_chain_runs_too():
    result = posterior(GaussianRatio(), D.Normal(vector(0.0), vector(1.0)), [[0.3]]).mcmc(
        "nuts", chains=1, samples=2000, warmup=500, seed=6
    )
    assert_moments(result.samples, [0.15], [0.5**0.5])


def test_a_wall_of_zero_density_diverges_and_is_reported():
    class Wall:
        def log_ratio(self, theta, x):
            inside = theta[..., 0].abs() < 1.0
            return torch.where(inside, 0.0 * theta[..., 0], -torch.inf)

    with pytest.warns(ConvergenceWarning) as caught:
        result = posterior(Wall(), D.Normal(vector(0.0), vector(1.0)), [[0.3]]).mcmc(chains=10, samples=200, seed=0)
    assert any("diverged" in str(warning.message) for warning in caught)
    assert (np.abs(result.samples) < 1.0).all()


@pytest.mark.parametrize(
    "prior",
    [
        D.Uniform(vector(-1.0, 0.0, 2.0), vector(1.0, 0.5, 3.0)),
        D.Normal(vector(0.0, 1.0, 2.0), vector(0.5, 1.0, 2.0)),
        {"a": D.Uniform(0.0, 1.0), "b": D.Normal(vector(0.0, 1.0), vector(1.0, 3.0))},
        D.LogNormal(vector(0.0, 1.0, 2.0), vector(0.5, 1.0, 2.0)),
        D.MultivariateNormal(vector(0.0, 1.0, 2.0), 2.0 * torch.eye(3, dtype=torch.float64)),
    ],
)
def test_fast_gradients_equal_autograd(prior):
    model = GaussianLocation(torch.eye(3, dtype=torch.float64))
    x = model.sample(vector(0.0, 1.0, 2.0), 7, seed=0)
    potential = Potential(model, Prior(prior), Observation(torch.cat([x, x[:3]])))
    u = np.random.default_rng(0).normal(size=(6, 3))
    for ours, reference in zip(gradient_of(potential)(u), with_gradient(potential.log_prob_free)(u), strict=True):
        assert np.allclose(ours, reference, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("warmup", [1, 10, 50, 150, 500, 1000])
def test_windows_use_up_the_warm_up(warmup):
    assert sum(windows(max(warmup, 3))) == max(warmup, 3)


def test_whitening_is_its_own_inverse():
    generator, count = np.random.default_rng(0), 20_000
    scales = np.array([[1.0, 0, 0], [0.9, 0.1, 0], [0, 0, 100.0]])
    learned, fresh = (generator.normal(size=(count, 3)) @ scales for _ in range(2))
    whitening = Whitening.estimate(learned, dense=True)
    assert np.allclose(whitening.apply(whitening.invert(fresh)), fresh)
    error = np.sqrt(2.0) * np.sqrt((1.0 + np.eye(3)) / count)  # of a covariance, relative to another of as many draws
    assert (np.abs(np.cov(whitening.invert(fresh), rowvar=False) - np.eye(3)) < ALPHA_Z * error).all()


def test_step_size_finds_the_target_acceptance():
    adaptation = StepSize(0.8, np.log(10.0))
    for _ in range(60):
        adaptation.update(float(np.exp(-(adaptation.step**2))))
    assert np.exp(-(adaptation.mean_step**2)) == pytest.approx(0.8, abs=0.03)


def test_unknown_methods_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="'chees'"):
        posterior(GaussianRatio(), D.Normal(0.0, 1.0), [[0.3]]).mcmc("gibbs")
