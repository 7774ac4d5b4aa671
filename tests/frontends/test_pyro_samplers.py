import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro.sites.density import log_density
from motherlode.frontends.pyro.sites.samplers import draw_from_uniforms, has_sampler
from motherlode.frontends.wrapping import wrap

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


@pytest.mark.parametrize("size", [2, 3, 5])
def test_correlations_have_the_marginals_of_their_density(size):
    fn = dist.LKJCholesky(size, *f(1.75)).expand(torch.Size([N]))
    factor = sample(dist.LKJCholesky(size, *f(1.75)))
    assert fn.support.check(factor).all()
    correlation = (factor @ factor.mT).numpy()
    b = 1.75 + (size - 2) / 2
    for i, j in zip(*np.tril_indices(size, -1), strict=True):
        assert stats.kstest((correlation[:, i, j] + 1) / 2, stats.beta(b, b).cdf).pvalue > ALPHA
    concentration = torch.full((N,), 1.75, dtype=torch.float64, requires_grad=True)
    density = log_density(dist.LKJCholesky(size, concentration), factor)
    (score,) = torch.autograd.grad(density.sum(), concentration)
    assert abs(score.mean()) < stats.norm.isf(ALPHA / 2) * score.std() / np.sqrt(N)


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


EDGES = {
    "Binomial of none": dist.Binomial(*f(0.0, 0.3)),
    "Binomial of none, never": dist.Binomial(*f(0.0, 0.0)),
    "Binomial of none, always": dist.Binomial(*f(0.0, 1.0)),
    "Binomial, never": dist.Binomial(*f(10.0, 0.0)),
    "Binomial, always": dist.Binomial(*f(10.0, 1.0)),
    "Binomial, hardly ever": dist.Binomial(*f(10.0, 1e-18)),
    "Binomial, nearly never": dist.Binomial(*f(10.0, 1e-300)),
    "Binomial, nearly always": dist.Binomial(*f(10.0, 1 - 1e-16)),
    "Binomial of many": dist.Binomial(*f(1e12, 1e-3)),
    "Binomial of many, rare": dist.Binomial(*f(1e9, 3e-9)),
    "Binomial of logits": dist.Binomial(f(5.0)[0], logits=f(-800.0)[0]),
    "Poisson of rate 0": dist.Poisson(*f(0.0)),
    "Poisson, tiny": dist.Poisson(*f(1e-300)),
    "Poisson, large": dist.Poisson(*f(1e8)),
    "Poisson, huge": dist.Poisson(*f(1e12)),
    "Poisson beyond whole numbers": dist.Poisson(*f(1e16)),
    "NegativeBinomial, tiny": dist.NegativeBinomial(*f(1e-8, 0.3)),
    "NegativeBinomial, never": dist.NegativeBinomial(*f(3.0, 0.0)),
    "NegativeBinomial, nearly always": dist.NegativeBinomial(*f(3.0, 1 - 1e-15)),
    "Geometric, at once": dist.Geometric(*f(1.0)),
    "Geometric, tiny": dist.Geometric(*f(1e-300)),
    "Gamma, tiny": dist.Gamma(*f(1e-3, 1e5)),
    "Gamma, huge": dist.Gamma(*f(1e15, 1.0)),
    "Exponential, tiny": dist.Exponential(*f(1e-300)),
    "Beta, corners": dist.Beta(*f(1e-2, 1e-2)),
    "Beta, at one": dist.Beta(*f(1e5, 1e-3)),
    "Beta, sharp": dist.Beta(*f(1e10, 1e10)),
    "StudentT, heavy": dist.StudentT(*f(0.1, 0.0, 1.0)),
    "StudentT, normal": dist.StudentT(*f(1e300, 0.0, 1.0)),
    "LogNormal, wide": dist.LogNormal(*f(0.0, 60.0)),
    "Weibull, wide": dist.Weibull(*f(1.0, 0.02)),
    "Weibull, sharp": dist.Weibull(*f(1.0, 100.0)),
    "HalfCauchy": dist.HalfCauchy(*f(1.0)),
    "Bernoulli, never": dist.Bernoulli(*f(0.0)),
    "Bernoulli, always": dist.Bernoulli(*f(1.0)),
    "Bernoulli of logits": dist.Bernoulli(logits=f(-1e4)[0]),
    "Categorical of one": dist.Categorical(torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)),
    "Categorical of logits": dist.Categorical(logits=torch.tensor([-torch.inf, 0.0, -1e5], dtype=torch.float64)),
}


@pytest.mark.parametrize("name", EDGES)
def test_at_the_edges_of_its_parameters_a_sampler_draws_what_torch_draws(name):
    fn = EDGES[name].expand(torch.Size([N]))
    values = sample(EDGES[name])
    assert not values.isnan().any()
    assert fn.support.check(values).all()
    assert log_density(fn, values).isfinite().all()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        assert stats.ks_2samp(values.numpy(), fn.sample().numpy()).pvalue > ALPHA


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("u", [0.0, 1 - 2.0**-53])
def test_the_outermost_uniforms_give_numbers(name, u):
    batch = torch.Size([3])
    values = draw_from_uniforms(
        EDGES[name].expand(batch), lambda shape: torch.full(shape, u, dtype=torch.float64), batch
    )
    assert not values.isnan().any()


def test_dirichlet_corners_have_a_density():
    fn = dist.Dirichlet(torch.tensor([1e-3, 1e-3, 1e-3], dtype=torch.float64))
    values = sample(fn)
    assert log_density(fn, values).isfinite().all()
    np.testing.assert_allclose((values > 0.5).double().mean(0), np.full(3, 1 / 3), atol=5 / np.sqrt(N))


def test_counts_that_cannot_be_are_impossible():
    p = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    binomial = log_density(dist.Binomial(torch.tensor(2.0, dtype=torch.float64), p), torch.tensor([1.0, 1.0]).double())
    assert torch.isneginf(binomial).all()
    certain = log_density(dist.Binomial(torch.tensor(2.0, dtype=torch.float64), p), torch.tensor([0.0, 2.0]).double())
    np.testing.assert_array_equal(certain.detach(), [0.0, 0.0])
    (slope,) = torch.autograd.grad(certain.sum(), p)
    np.testing.assert_array_equal(slope, [-2.0, 2.0])
    assert torch.isneginf(log_density(dist.NegativeBinomial(*f(2.0, 0.0)), f(1.0)[0]))


def test_a_chain_of_binomials_may_die_out():
    def chain(p):
        a = pyro.sample("a", dist.Binomial(3, p))
        return pyro.sample("b", dist.Binomial(a, 0.5))

    events = wrap(chain, ("p",), 0.1, 0.9).mine(np.full((2000, 1), 0.4), [[0.5]], seed=1)
    assert len(events) == 2000
    np.testing.assert_allclose(events.x.mean(), 0.6, atol=5 * np.sqrt(0.48 / 2000))
