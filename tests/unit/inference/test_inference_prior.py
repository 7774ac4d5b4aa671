"""Priors of every kind: densities in free coordinates integrate to one, chains follow closed forms, points stay."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, GaussianRatio
from laws_of_all_kinds import CASES, normal_mixture, vector, zuko_flow
from scipy import stats

from motherlode import Law
from motherlode.inference import Prior, UnusablePrior, posterior

D = torch.distributions


class Bell(D.Distribution):
    """The standard normal law, by a user who tells no support."""

    def __init__(self):
        super().__init__(torch.Size(), torch.Size([1]), validate_args=False)

    def sample(self, sample_shape=()):
        return torch.randn(*sample_shape, 1, dtype=torch.float64)

    def log_prob(self, value):
        return D.Normal(0.0, 1.0).log_prob(value)[..., 0]


class Ramp(Bell):
    """Density 2 t on [0, 1], by such a user."""

    def sample(self, sample_shape=()):
        return torch.rand(*sample_shape, 1, dtype=torch.float64).sqrt()

    def log_prob(self, value):
        inside = (value > 0) & (value < 1)
        return torch.where(inside, (2.0 * value).log(), -torch.inf)[..., 0]


def shifted_uniform():
    return D.TransformedDistribution(D.Uniform(vector(0.0), vector(1.0)), [D.AffineTransform(2.0, -3.0)])


ONE_DIMENSIONAL = {
    "mixture": normal_mixture(),
    "transformed": shifted_uniform(),
    "log-uniform": {"t": {"log_uniform": [0.5, 2.0]}},
    "truncated": {"t": {"truncated_normal": [0.5, 0.8, -0.3, 2.1]}},
    "log-normal": stats.lognorm(0.5, scale=1.5),
    "scipy t": stats.t(4.0, 1.0, 2.0),
    "scipy triangular": stats.triang(0.3, -1.0, 3.0),
    "without support": Bell(),
    "mixture with a gap": D.MixtureSameFamily(
        D.Categorical(torch.ones(2)), D.Uniform(vector(0.0, 2.0), vector(1.0, 3.0))
    ),
}


@pytest.mark.parametrize("name", ONE_DIMENSIONAL)
def test_density_in_free_coordinates_integrates_to_one(name):
    prior = Prior(ONE_DIMENSIONAL[name])
    axis = torch.linspace(-60.0, 60.0, 120_001, dtype=torch.float64).unsqueeze(-1)
    theta, density = prior.log_prob_free(axis)
    assert float(torch.nan_to_num(density, nan=-torch.inf).exp().sum()) * 0.001 == pytest.approx(1.0, abs=5e-3)
    inside = prior.contains(theta)
    ours = prior.log_prob(theta[inside])
    np.testing.assert_allclose(ours, Law.of(ONE_DIMENSIONAL[name]).log_prob(theta[inside].numpy()), atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_bijections_go_there_and_back(name):
    prior = Prior(CASES[name][0])
    theta = prior.sample(200, seed=4)
    assert prior.contains(theta).all()
    assert torch.isfinite(prior.log_prob(theta)).all()
    back, log_det = prior.constrain(prior.unconstrain(theta))
    torch.testing.assert_close(back, theta, rtol=1e-5, atol=1e-5)
    assert log_det.shape == (200,)
    assert prior.free_dimension == prior.dimension - len(prior.law.fixed)


def test_a_transformed_prior_is_sampled_inside_its_ends():
    prior = Prior(shifted_uniform())
    theta = prior.constrain(torch.linspace(-50.0, 50.0, 101, dtype=torch.float64).unsqueeze(-1))[0]
    assert float(theta.min()) >= -1.0
    assert float(theta.max()) <= 2.0
    assert prior.contains(vector(-1.1, -0.9, 1.9, 2.1).unsqueeze(-1)).tolist() == [False, True, True, False]


def test_chains_under_a_mixture_follow_the_closed_form():
    """x ~ N(θ, 1): the posterior is a mixture of two normal laws with weights by their evidence."""
    x, weight, centre, sd = 0.3, np.array([0.3, 0.7]), np.array([-2.0, 1.0]), np.array([0.5, 1.0])
    evidence = weight * stats.norm.pdf(x, centre, np.sqrt(1 + sd**2))
    share, means = evidence / evidence.sum(), (x * sd**2 + centre) / (1 + sd**2)
    mean = float(share @ means)
    result = posterior(GaussianRatio(), normal_mixture(), [[x]]).mcmc(chains=10, samples=500, warmup=300, seed=2)
    assert abs(result.mean[0] - mean) < ALPHA_Z * result.error[0]


def test_a_fixed_parameter_has_no_coordinate():
    class Sum:
        def log_prob(self, x, theta):
            return D.Normal(theta.sum(-1), 1.0).log_prob(x[..., 0])

    prior = {"a": D.Normal(vector(0.0), vector(1.0)), "b": {"delta": 2.0}}
    problem = posterior(Sum(), prior, [[3.0]])
    assert problem.potential.prior.free_dimension == 1
    assert problem.log_prob([[0.5, 2.0], [0.5, 2.1]])[1] == -np.inf
    np.testing.assert_allclose(problem.map(starts=4), [0.5, 2.0], atol=1e-4)
    for result in (problem.mcmc(chains=10, samples=400, warmup=200, seed=1), problem.sample(4000, seed=1)):
        assert (result.samples[..., 1] == 2.0).all()
        draws = min(float(result.ess_bulk[0]), result.info.get("effective_draws", np.inf))
        assert abs(result.mean[0] - 0.5) < ALPHA_Z * (0.5 / draws) ** 0.5


def test_chains_under_a_flow_stay_where_it_is():
    flow = zuko_flow()
    law = Law.of(flow)

    class Flat:
        def log_ratio(self, theta, x):
            return 0.0 * theta.sum(-1)

    result = posterior(Flat(), flow, [[0.0]]).mcmc(chains=8, samples=1000, warmup=300, seed=3)
    exact = law.sample(20_000, seed=1)
    error = np.hypot(result.error, exact.std(0) / np.sqrt(len(exact)))
    assert (np.abs(result.mean - exact.mean(0)) < ALPHA_Z * error).all()


@pytest.mark.parametrize(
    ("law", "match"),
    [
        (Ramp(), "tells no support"),
        ({"a": {"delta": 1.0}}, "fixes a"),
        ({"a": [1.0, 0.0]}, "does not exist"),
        (stats.poisson(3.0), "no density"),
    ],
)
def test_refused(law, match):
    with pytest.raises(UnusablePrior, match=match):
        Prior(law)
