"""The proposal's own gradient: recorded, given as a distribution, or seen to be none."""

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch.distributions import Independent, LogNormal, MultivariateNormal, Normal, Poisson, Uniform

from motherlode import Campaign, Law, losses, wrap
from motherlode.campaign import recorded_law
from motherlode.estimators import PosteriorEstimator
from motherlode.estimators.errors import UnknownProposal, UnsuitableProposal
from motherlode.estimators.proposals import bounds_of, prior_score
from motherlode.events import Events
from motherlode.training import TrainingOptions, train

COVARIANCE = np.array([[2.0, 0.6], [0.6, 1.0]])


def normal_events(count, seed=0):
    """θ ~ N(0, 1), x ~ N(θ, 1): the posterior is N(x/2, 1/2)."""
    generator = np.random.default_rng(seed)
    theta = generator.normal(size=(count, 1))
    x = theta + generator.normal(size=theta.shape)
    return Events(theta, np.empty((count, 0, 1)), x, np.empty((count, 0)), x - theta)


def test_gradients_of_given_laws_are_exact():
    theta = np.random.default_rng(1).normal(size=(7, 2))
    law = MultivariateNormal(torch.zeros(2).double(), torch.as_tensor(COVARIANCE))
    np.testing.assert_allclose(prior_score(theta, Law.of(law))(theta), -theta @ np.linalg.inv(COVARIANCE), rtol=1e-12)
    positive = np.exp(theta)
    law = Independent(LogNormal(torch.zeros(2).double(), 1.0), 1)
    np.testing.assert_allclose(prior_score(positive, Law.of(law))(positive), -(1 + theta) / positive, rtol=1e-12)
    law = Independent(Uniform(-9.0 * torch.ones(2).double(), 9.0), 1)
    np.testing.assert_array_equal(prior_score(theta, Law.of(law))(theta), np.zeros((7, 2)))


def test_a_given_law_overrides_a_recorded_one(tmp_path):
    simulator = wrap(lambda theta, rng: rng.normal(theta[0]), "theta", -1.0, 1.0)
    store = Campaign(simulator, events=200, alternatives=0, path=tmp_path).run(progress=False)
    options = TrainingOptions(steps=4)
    recorded = train(store, losses.npe, progress=False, options=options)
    given = train(store, losses.npe, progress=False, options=options, proposal={"theta": [-1.5, 2.0]})
    assert [float(end) for end in recorded.bounds()] == [-1.0, 1.0]
    assert [float(end) for end in given.bounds()] == [-1.5, 2.0]
    assert recorded_law(recorded.record.origin) == Law.of("theta=-1:1")
    assert recorded_law(given.record.origin) == Law.of("theta=-1.5:2")


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (Independent(Normal(torch.zeros(3), 1.0), 1), "is of 3 parameters, and θ has 1"),
        (Poisson(1.0), "is no law of θ: Poisson is discrete"),
        ({"theta": {"delta": 0.0}}, "fixes theta, whose posterior is the value itself"),
        (Independent(Uniform(torch.tensor([5.0]), torch.tensor([6.0]), validate_args=False), 1), "-inf at θ"),
        (Independent(Uniform(torch.tensor([5.0]), torch.tensor([6.0])), 1), "-inf at θ"),
    ],
)
def test_laws_that_cannot_have_proposed_theta(law, message):
    with pytest.raises(UnsuitableProposal, match=message):
        train(normal_events(50), losses.score_matched_posterior, proposal=law, progress=False)


@pytest.mark.parametrize("law", [Normal(0.0, 1.0), Normal(torch.zeros(1), 1.0), {"theta": {"normal": [0, 1]}}])
def test_a_law_of_one_number_is_one_of_one_parameter(law):
    events, options = normal_events(50), TrainingOptions(steps=2)
    train(events, losses.score_matched_posterior, proposal=law, progress=False, options=options)


def test_a_posterior_density_of_a_fixed_parameter_is_refused():
    with pytest.raises(UnsuitableProposal, match="fixes theta, whose posterior is the value itself"):
        train(normal_events(50), losses.npe, PosteriorEstimator(1, (1,)), proposal={"theta": {"delta": 0.0}})


def test_an_unknown_law_is_asked_for():
    with pytest.raises(UnknownProposal, match="proposal=distribution"):
        train(normal_events(2000), losses.score_matched_posterior, progress=False)


def test_likelihoods_do_not_read_it():
    options = TrainingOptions(steps=8)
    law = Independent(Normal(torch.zeros(1), 1.0), 1)
    plain, told = (
        train(gaussian_events(200), losses.nle, progress=False, options=options, proposal=given)
        for given in (None, law)
    )
    x, theta = np.zeros((3, 1)), np.array([[-0.5], [0.0], [0.5]])
    np.testing.assert_array_equal(plain.log_prob(x, theta), told.log_prob(x, theta))


def test_the_posterior_under_a_normal_proposal():
    """Leaving the proposal's gradient -θ out would leave a mean squared residual of E θ² = 1."""
    options = TrainingOptions(steps=500)
    law = Independent(Normal(torch.zeros(1).double(), 1.0), 1)
    trained = train(normal_events(2000), losses.score_matched_posterior, proposal=law, progress=False, options=options)
    fresh = normal_events(500, seed=3)
    theta, x = torch.tensor(fresh.theta, requires_grad=True), torch.as_tensor(fresh.x)
    score = torch.autograd.grad(trained.log_prob(theta, x).sum(), theta)[0]
    assert float((score - (x - 2 * theta.detach())).square().mean()) < 0.1


def test_bounds_of_laws_are_exact():
    theta = np.random.default_rng(4).uniform(0.1, 0.9, (50, 3))
    law = Law.of({"a": [0, 1], "b": {"normal": [0, 1]}, "c": {"log_uniform": [1e-3, 1]}})
    np.testing.assert_array_equal(bounds_of(theta, law), [[0.0, -np.inf, 1e-3], [1.0, np.inf, 1.0]])
    low, high = torch.tensor([-1.0, 0.0, 0.05]).double(), torch.tensor([1.0, 2.0, 1.0]).double()
    np.testing.assert_array_equal(bounds_of(theta, Law.of(Independent(Uniform(low, high), 1))), [low, high])
    given = MultivariateNormal(torch.zeros(3), torch.eye(3))
    np.testing.assert_array_equal(bounds_of(theta, Law.of(given)), [[-np.inf] * 3, [np.inf] * 3])
    with pytest.raises(UnsuitableProposal, match="fixes b"):
        bounds_of(theta, Law.of({"a": [0, 1], "b": {"delta": 0.5}}))


@pytest.mark.parametrize("count", [20, 40, 60, 200, 1000])
def test_few_normal_parameters_are_not_taken_for_a_box(count):
    generator = np.random.default_rng(5)
    found = [np.isfinite(bounds_of(generator.normal(size=(count, 1)))[0]).any() for _ in range(50)]
    assert not any(found)


def test_a_box_is_seen_from_its_crowded_edges():
    generator = np.random.default_rng(6)
    for _ in range(50):
        low, high = bounds_of(generator.uniform(2.0, 5.0, (200, 1)))
        assert abs(low[0] - 2.0) < 3.0 * 12 / 200, "P(gap > 12/200 of the width) < 1e-5 an edge"
        assert abs(high[0] - 5.0) < 3.0 * 12 / 200


def test_a_posterior_takes_the_bounds_of_the_given_law():
    law = Independent(Uniform(torch.tensor([-1.5]).double(), torch.tensor([1.25]).double()), 1)
    trained = train(gaussian_events(60), losses.npe, progress=False, options=TrainingOptions(steps=4), proposal=law)
    assert [float(end) for end in trained.bounds()] == [-1.5, 1.25]


@pytest.mark.parametrize(
    ("low", "high"), [([0.0], None), (None, [1.0]), ([0.0], [np.inf]), ([1.0], [0.0]), ([0, 0], [1, 1])]
)
def test_half_a_box_is_refused(low, high):
    with pytest.raises(ValueError, match="by both its bounds or by none"):
        PosteriorEstimator(1, (1,), low=low, high=high)
