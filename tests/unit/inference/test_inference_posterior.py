"""The posterior against closed forms, with tolerances from Monte Carlo standard errors, and its refusals."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, GaltonExact, GaussianLocation, GaussianRatio, OnlyScore, truncated_normal_moments

from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.inference import (
    InferenceError,
    NoFiniteDensity,
    Observation,
    Potential,
    Prior,
    UnusableObservation,
    UnusablePrior,
    WrongEstimator,
    posterior,
)

D = torch.distributions


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def assert_moments(result, mean, sd):
    z = np.abs(result.mean - mean) / result.error
    assert (z < ALPHA_Z).all(), z
    sd_error = result.sd / np.sqrt(result.ess_bulk)
    assert (np.abs(result.sd - sd) < ALPHA_Z * sd_error).all(), (result.sd, sd)


@pytest.mark.parametrize("method", ["pyro-nuts", "pyro-random-walk"])
def test_pyro_kernels_match_conjugate_gaussian(method):
    model = GaussianLocation(torch.eye(1, dtype=torch.float64))
    x = model.sample(vector(0.7), 5, seed=1)
    samples = 3000 if method == "pyro-random-walk" else 400
    result = posterior(model, D.Normal(vector(0.0), vector(1.0)), x).mcmc(
        method, chains=2, samples=samples, warmup=200, seed=3
    )
    mean, covariance = model.posterior(torch.eye(1, dtype=torch.float64), x)
    assert result.samples.shape == (2, samples, 1)
    assert_moments(result, mean.numpy(), covariance.diagonal().sqrt().numpy())


def test_uniform_prior_truncates_the_posterior():
    x = vector(0.4, 1.6).unsqueeze(-1)
    result = posterior(GaussianRatio(), D.Uniform(-0.5, 0.9), x).mcmc(
        "pyro-hmc", chains=2, samples=600, warmup=200, seed=0
    )
    mean, sd = truncated_normal_moments(1.0, 0.5**0.5, -0.5, 0.9)
    assert ((result.samples > -0.5) & (result.samples < 0.9)).all()
    assert_moments(result, mean, sd)


def test_equal_events_are_evaluated_once():
    x = GaltonExact().sample(-0.8, 500, seed=0)
    potential = Potential(GaltonExact(), Prior(D.Uniform(-1.0, -0.4)), Observation(x))
    assert len(potential.observation.distinct) <= 21
    theta = vector(-0.9, -0.7).unsqueeze(-1)
    each = torch.stack([GaltonExact().log_prob(x, t.expand(500, 1)).sum() for t in theta])
    torch.testing.assert_close(potential.log_likelihood(theta), each, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize(
    "prior",
    [
        D.Uniform(vector(-1.0, 2.0), vector(1.0, 5.0)),
        D.Normal(vector(0.0, 1.0), vector(1.0, 2.0)),
        D.LogNormal(vector(0.0, 1.0), vector(0.5, 0.3)),
        D.Gamma(vector(2.0, 3.0), vector(1.0, 1.0)),
        D.Beta(vector(2.0, 0.7), vector(3.0, 1.0)),
        {"a": D.Uniform(0.0, 1.0), "b": D.HalfNormal(1.0)},
    ],
)
def test_density_in_free_coordinates_integrates_to_one(prior):
    axis = torch.linspace(-25.0, 25.0, 1201, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis)
    density = Prior(prior).log_prob_free(grid)[1].exp()
    assert float(density.sum()) * (50.0 / 1200.0) ** 2 == pytest.approx(1.0, abs=2e-4)


def test_simplex_prior_has_its_volume_element():
    prior = Prior(D.Dirichlet(vector(2.0, 3.0, 1.5)))
    assert (prior.dimension, prior.free_dimension) == (3, 2)
    axis = torch.linspace(-20.0, 20.0, 801, dtype=torch.float64)
    density = prior.log_prob_free(torch.cartesian_prod(axis, axis))[1].exp()
    assert float(density.sum()) * (40.0 / 800.0) ** 2 == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("kind", [D.Uniform, D.Normal])
def test_round_trip_of_the_bijection(kind):
    prior = Prior(kind(vector(-1.0, 0.5), vector(2.0, 0.9)))
    theta = prior.sample(100, seed=4)
    torch.testing.assert_close(prior.constrain(prior.unconstrain(theta))[0], theta, rtol=1e-9, atol=1e-9)


def test_log_prob_is_minus_infinity_off_the_prior():
    result = posterior(GaussianRatio(), D.Uniform(-1.0, 1.0), [[0.3]])
    values = result.log_prob([[0.0], [2.0], [np.nan]])
    assert np.isfinite(values[0])
    assert (values[1:] == -np.inf).all()


def test_map_is_the_mode_in_theta_not_in_free_coordinates():
    x = vector(0.4, 1.6).unsqueeze(-1)
    found = posterior(GaussianRatio(), D.Uniform(-3.0, 3.0), x).map(starts=4)
    assert found == pytest.approx(1.0, abs=1e-4)


def test_chains_are_reproducible_and_leave_the_global_generator_alone():
    problem = posterior(GaussianRatio(), D.Normal(0.0, 1.0), [[0.3]])
    before = torch.get_rng_state()
    first = problem.mcmc("pyro-nuts", chains=1, samples=20, warmup=20, seed=5)
    assert torch.equal(before, torch.get_rng_state())
    second = problem.mcmc("pyro-nuts", chains=1, samples=20, warmup=20, seed=5)
    assert np.array_equal(first.samples, second.samples)


def test_names_come_from_the_mapping():
    prior = Prior({"signal": D.Uniform(0.0, 3.0), "shift": D.Normal(vector(0.0, 0.0), vector(1.0, 1.0))})
    assert prior.names == ("signal", "shift_1", "shift_2")


@pytest.mark.parametrize("x", [[], [[np.nan], [1.0]], [[np.inf]], 3.0])
def test_unusable_observations_are_refused(x):
    with pytest.raises(UnusableObservation):
        posterior(GaussianRatio(), D.Normal(0.0, 1.0), x)


@pytest.mark.parametrize(
    "prior",
    [
        D.Poisson(2.0),
        D.Normal(torch.zeros(2, 2), torch.ones(2, 2)),
        "uniform",
        {"a": D.Categorical(torch.ones(3))},
    ],
)
def test_unusable_priors_are_refused(prior):
    with pytest.raises(UnusablePrior):
        posterior(GaussianRatio(), prior, [[0.3]])


def test_improper_priors_are_refused():
    from pyro.distributions import ImproperUniform
    from torch.distributions import constraints

    with pytest.raises(UnusablePrior, match="improper"):
        posterior(GaussianRatio(), ImproperUniform(constraints.real, (), (1,)), [[0.3]])


def test_observations_that_are_no_numbers_are_refused():
    with pytest.raises(UnusableObservation, match="not numbers"):
        posterior(GaussianRatio(), D.Normal(0.0, 1.0), [["red"]])


def test_priors_that_cannot_be_drawn_from_are_refused():
    wrong = D.Normal(vector(0.0), vector(float("nan")), validate_args=False)
    with pytest.raises(UnusablePrior, match="fails when it is sampled"):
        posterior(GaussianRatio(), wrong, [[0.3]])


def test_shapes_that_an_estimator_was_not_trained_on_are_refused():
    estimator = RatioEstimator(1, (1,))
    with pytest.raises(UnusableObservation, match=r"shape \(M, 1\)"):
        posterior(estimator, D.Normal(0.0, 1.0), [0.3, 0.4])
    with pytest.raises(UnusablePrior, match="2 parameters"):
        posterior(estimator, D.Normal(vector(0.0, 0.0), vector(1.0, 1.0)), [[0.3]])


class _Column:
    def log_ratio(self, theta, x):
        return -0.5 * theta**2


class _Detached:
    def log_ratio(self, theta, x):
        return -0.5 * theta.detach()[..., 0] ** 2


def test_a_log_ratio_of_the_wrong_shape_is_refused():
    with pytest.raises(WrongEstimator, match="one number for each"):
        posterior(_Column(), D.Normal(0.0, 1.0), [[0.3]]).mcmc()


def test_a_density_without_gradient_is_refused_with_what_works():
    problem = posterior(_Detached(), D.Normal(vector(0.0), vector(1.0)), [[0.3]])
    with pytest.raises(InferenceError, match="no gradient"):
        problem.mcmc()
    assert len(problem.sample(50)) == 50


@pytest.mark.parametrize("wrong", [{"chains": 0}, {"samples": 0}, {"warmup": -1}, {"seed": -1}, {"target_accept": 2.0}])
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        posterior(GaussianRatio(), D.Normal(0.0, 1.0), [[0.3]]).mcmc(**wrong)


def test_wrong_number_of_names_is_refused():
    with pytest.raises(UnusablePrior, match="2 names"):
        posterior(GaussianRatio(), D.Normal(0.0, 1.0), [[0.3]], names=("a", "b"))


def test_a_score_estimator_is_told_what_it_can_do():
    with pytest.raises(WrongEstimator, match="locally optimal"):
        posterior(OnlyScore(), D.Normal(0.0, 1.0), [[0.3]])


def test_a_density_that_is_nowhere_finite_is_refused():
    class Nowhere:
        def log_ratio(self, theta, x):
            return torch.full(theta.shape[:-1], -torch.inf, dtype=torch.float64)

    with pytest.raises(NoFiniteDensity):
        posterior(Nowhere(), D.Normal(0.0, 1.0), [[0.3]]).mcmc(chains=2)
