"""Distributions of torch and Pyro as laws: refused where they are none, kept by what they are made of, made of laws."""

import numpy as np
import pyro.distributions as pyro_distributions
import pytest
import torch
import zuko
from laws_of_all_kinds import CASES, normal_mixture, vector, zuko_flow
from scipy import stats
from torch.distributions import constraints

from motherlode import Law
from motherlode.estimators.laws.encoding import decode, encode
from motherlode.estimators.laws.supports import bijection_of
from motherlode.laws import LawError

D = torch.distributions


class Ramp(D.Distribution):
    """Density 2 t on [0, 1], written by a user who tells no support."""

    def __init__(self, **options):
        super().__init__(torch.Size(), torch.Size([1]), validate_args=False, **options)

    def sample(self, sample_shape=()):
        return torch.rand(*sample_shape, 1, dtype=torch.float64).sqrt()

    def log_prob(self, value):
        inside = (value > 0) & (value < 1)
        return torch.where(inside, (2.0 * value).log(), -torch.inf)[..., 0]


class Bell(Ramp):
    """The standard normal law, written by such a user."""

    def sample(self, sample_shape=()):
        return torch.randn(*sample_shape, 1, dtype=torch.float64)

    def log_prob(self, value):
        return D.Normal(0.0, 1.0).log_prob(value)[..., 0]


@pytest.mark.parametrize(
    ("distribution", "match"),
    [
        (torch.zeros(2), "no distribution of torch"),
        (zuko.flows.NSF(2), r"when it is called: flow\(\)"),
        (D.Poisson(2.0), "discrete"),
        (D.Categorical(torch.ones(3)), "discrete"),
        (D.Normal(torch.zeros(2, 2), torch.ones(2, 2)), "exactly one dimension"),
        (pyro_distributions.ImproperUniform(constraints.real, (), (1,)), "improper"),
        (D.Normal(vector(0.0), vector(float("nan")), validate_args=False), "fails when it is sampled"),
        (D.Uniform(vector(0.0), vector(-1.0), validate_args=False), "contradict"),
    ],
)
def test_refused(distribution, match):
    with pytest.raises(LawError, match=match):
        Law.of(distribution)


def test_a_distribution_of_a_users_own_is_drawn_but_not_told():
    law = Law.of({"t": Ramp()})
    theta = law.sample(5000, seed=0)
    assert stats.kstest(theta[:, 0], lambda t: t**2).pvalue > 1e-5
    np.testing.assert_allclose(law.log_prob(theta), np.log(2 * theta[:, 0]))
    np.testing.assert_allclose(law.score(theta), 1 / theta)
    assert law.log_prob(np.array([[1.5]])) == -np.inf
    with pytest.raises(LawError, match="its name does not tell its density"):
        law.to_json()


def test_a_law_with_a_function_of_the_users_own_is_refused_in_a_manifest():
    warp = D.TransformedDistribution(D.Normal(vector(0.0), vector(1.0)), [D.AffineTransform(1.0, 2.0)])
    assert Law.of(warp).to_json()
    with pytest.raises(LawError, match="without functions of your own"):
        encode(lambda value: value)


@pytest.mark.parametrize("path", ["os.system", "torch.load", "torch.nn.functional.relu", "motherlode.wrap"])
def test_nothing_but_distributions_transforms_and_networks_is_read(path):
    with pytest.raises((LawError, ModuleNotFoundError)):
        decode({"law": path, "arguments": {}})


def test_what_was_made_of_torch_comes_back_as_it_was():
    distribution = D.MultivariateNormal(vector(0.0, 1.0), torch.eye(2).double())
    theta = vector(0.3, 0.4)
    assert torch.equal(Law.of(distribution).to_torch().log_prob(theta), distribution.log_prob(theta))


@pytest.mark.parametrize("name", CASES)
def test_laws_become_torch_distributions(name):
    law = Law.of(CASES[name][0])
    distribution, theta = law.to_torch(), torch.from_numpy(law.sample(50, seed=4))
    assert distribution.event_shape == (law.dimension,)
    free = [d for d, parameter in enumerate(law.names) if parameter not in law.fixed]
    leaf = theta.clone().requires_grad_(True)
    density = distribution.log_prob(leaf)
    np.testing.assert_allclose(density.detach(), law.log_prob(theta.numpy()), rtol=1e-6, atol=1e-6)
    score = torch.autograd.grad(density.sum(), leaf)[0] if density.requires_grad else torch.zeros_like(leaf)
    np.testing.assert_allclose(score[:, free], law.score(theta.numpy())[:, free], rtol=1e-4, atol=1e-5)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = distribution.sample((2000,))
    for d in free:
        assert stats.ks_2samp(drawn[:, d], law.sample(2000, seed=8)[:, d]).pvalue > 1e-5


@pytest.mark.parametrize(
    ("distribution", "low", "high"),
    [
        (D.TransformedDistribution(D.Uniform(vector(0.0), vector(1.0)), [D.AffineTransform(2.0, -3.0)]), -1.0, 2.0),
        (D.TransformedDistribution(D.Uniform(vector(0.0), vector(1.0)), [D.ExpTransform()]), 1.0, np.e),
        (D.LogNormal(vector(0.0), vector(1.0)), 0.0, np.inf),
        (D.HalfNormal(1.0), 0.0, np.inf),
        (D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Uniform(vector(0.0, 2.0), vector(1.0, 3.0))), 0.0, 3.0),
        (normal_mixture(), -np.inf, np.inf),
        (zuko_flow(), -np.inf, np.inf),
        (Bell(), -np.inf, np.inf),
    ],
)
def test_supports_and_bijections_onto_them(distribution, low, high):
    law = Law.of(distribution)
    np.testing.assert_allclose([law.support.low[0], law.support.high[0]], [low, high], rtol=1e-12)
    theta = torch.from_numpy(law.sample(200, seed=0))
    transform = bijection_of(law.factors[0].distribution)
    torch.testing.assert_close(transform(transform.inv(theta)), theta, rtol=1e-6, atol=1e-6)
    image = transform(torch.linspace(-30.0, 30.0, 61, dtype=torch.float64).unsqueeze(-1).expand(-1, law.dimension))
    assert ((image >= low) & (image <= high)).all()


def test_a_gap_in_a_mixture_has_no_density():
    gap = D.MixtureSameFamily(D.Categorical(torch.ones(2)), D.Uniform(vector(0.0, 2.0), vector(1.0, 3.0)))
    law = Law.of(gap)
    assert law.support.contains(np.array([[0.5], [1.5], [2.5], [3.5]])).tolist() == [True, False, True, False]


def test_a_law_that_ends_without_telling_where_has_no_bijection():
    with pytest.raises(LawError, match="tells no support"):
        bijection_of(Law.of(Ramp()).factors[0].distribution)
