import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro.sites.density import log_density
from motherlode.frontends.pyro.sites.samplers import draw_from_uniforms, has_sampler

ALPHA = 1e-4
N = 4000


def f(*numbers):
    return [torch.tensor(number, dtype=torch.float64) for number in numbers]


CONTINUOUS = {
    "Uniform": dist.Uniform(*f(-1.0, 2.0)),
    "Normal": dist.Normal(*f(1.0, 2.0)),
    "LogNormal": dist.LogNormal(*f(0.5, 0.7)),
    "Exponential": dist.Exponential(*f(2.5)),
    "Gamma": dist.Gamma(*f(0.3, 2.0)),
    "InverseGamma": dist.InverseGamma(*f(3.0, 2.0)),
    "Beta": dist.Beta(*f(0.5, 3.0)),
    "Weibull": dist.Weibull(*f(2.0, 1.5)),
    "Laplace": dist.Laplace(*f(1.0, 2.0)),
    "Cauchy": dist.Cauchy(*f(1.0, 2.0)),
    "StudentT": dist.StudentT(*f(4.0, 1.0, 2.0)),
    "Gumbel": dist.Gumbel(*f(1.0, 2.0)),
    "HalfNormal": dist.HalfNormal(*f(2.0)),
    "Pareto": dist.Pareto(*f(1.5, 3.0)),
}
DISCRETE = {
    "Bernoulli": dist.Bernoulli(*f(0.3)),
    "BernoulliLogits": dist.Bernoulli(logits=f(-1.0)[0]),
    "Categorical": dist.Categorical(torch.tensor([0.2, 0.0, 0.5, 0.3], dtype=torch.float64)),
    "Poisson": dist.Poisson(*f(3.7)),
    "PoissonLarge": dist.Poisson(*f(80.0)),
    "Binomial": dist.Binomial(*f(12.0, 0.3)),
    "Geometric": dist.Geometric(*f(0.3)),
    "NegativeBinomial": dist.NegativeBinomial(*f(3.0, 0.4)),
}


def sample(fn, seed=0):
    generator = np.random.default_rng(seed)
    batch = torch.Size([N])
    return draw_from_uniforms(fn.expand(batch), lambda shape: torch.from_numpy(generator.random(tuple(shape))), batch)


def distances(fn, grid):
    """Integrate the density that gold uses into a distribution function."""
    density = log_density(fn, torch.as_tensor(grid)).exp().numpy()
    return np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])


@pytest.mark.parametrize("name", CONTINUOUS)
def test_draws_follow_the_density_that_gold_uses(name):
    fn = CONTINUOUS[name]
    values = np.sort(sample(fn).numpy())
    middle = (values[:-1] + values[1:]) / 2
    grid = np.unique(np.concatenate([values, middle]))
    low, high = np.searchsorted(grid, np.quantile(values, [0.2, 0.8], method="nearest"))
    cdf = distances(fn, grid[low : high + 1])
    empirical = np.searchsorted(values, grid[low : high + 1], side="right") / N
    gap = np.abs((empirical - empirical[0]) - cdf).max()
    assert gap < 2 * stats.kstwo.isf(ALPHA, N)


@pytest.mark.parametrize("name", DISCRETE)
def test_counts_follow_the_density_that_gold_uses(name):
    fn = DISCRETE[name]
    values, seen = np.unique(sample(fn).numpy(), return_counts=True)
    expected = N * log_density(fn, torch.as_tensor(values)).exp().numpy()
    assert np.all(expected > 0)
    often = expected >= 5
    observed = np.append(seen[often], N - seen[often].sum())
    wanted = np.append(expected[often], N - expected[often].sum())
    chi2 = np.sum((observed - wanted) ** 2 / np.maximum(wanted, 1e-9) * (wanted > 1))
    assert stats.chi2(len(observed) - 1).sf(chi2) > ALPHA


def test_vector_families_have_the_right_moments():
    covariance = torch.tensor([[2.0, 0.6], [0.6, 1.0]], dtype=torch.float64)
    x = sample(dist.MultivariateNormal(torch.zeros(2, dtype=torch.float64), covariance)).numpy()
    np.testing.assert_allclose(np.cov(x.T), covariance, atol=5 * 2 * np.sqrt(2 / N))
    p = sample(dist.Dirichlet(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))).numpy()
    np.testing.assert_allclose(p.mean(0), [1 / 6, 1 / 3, 1 / 2], atol=5 * 0.2 / np.sqrt(N))


def test_bernoulli_is_exact_in_the_tails():
    tiny = dist.Bernoulli(torch.tensor([1e-12, 0.0, 1e-300], dtype=torch.float64))
    density = log_density(tiny, torch.ones(3, dtype=torch.float64))
    np.testing.assert_allclose(
        density, np.log([1e-12, 0.0, 1e-300], where=[True, False, True], out=np.full(3, -np.inf))
    )


@pyro.validation_enabled(False)
def test_values_outside_a_moving_support_are_impossible():
    assert log_density(dist.Uniform(*f(0.0, 1.0)), f(1.5)[0]) == -torch.inf
    shifted = dist.TransformedDistribution(dist.Exponential(*f(1.0)), [dist.transforms.AffineTransform(2.0, 1.0)])
    assert log_density(shifted, f(1.0)[0]) == -torch.inf
    assert log_density(shifted, f(3.0)[0]) == pytest.approx(-1.0)


def test_a_family_of_the_users_own_is_not_guessed_at():
    class Odd(dist.Normal):
        def log_prob(self, value):
            return super().log_prob(value) * 2

    assert not has_sampler(Odd(0.0, 1.0))
    assert not has_sampler(Odd(torch.zeros(3), 1.0).to_event(1))
