"""What estimators do with expanded, integer, wrongly shaped and impossible values."""

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch import nn

from motherlode import losses
from motherlode.estimators import (
    LikelihoodEstimator,
    OutOfRangeWarning,
    PosteriorEstimator,
    RatioEstimator,
    ScoreEstimator,
)
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.transforms import ColumnTransforms, Kind
from motherlode.events import Events
from motherlode.training import TrainingOptions, train

SHORT = TrainingOptions(steps=8)


def evaluated(kind, theta, x):
    """Return what a trained or untrained estimator of a kind says, D = 2 and x of two columns."""
    estimator = kind(2, (2,))
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in estimator.parameters():
            weight.copy_(0.3 * torch.randn(weight.shape))
    estimator.eval()
    methods = {
        RatioEstimator: lambda: [
            estimator.potential(theta, x),
            estimator.log_ratio(theta, x),
            estimator.score(theta, x),
        ],
        PosteriorEstimator: lambda: [estimator.log_prob(theta, x)],
        LikelihoodEstimator: lambda: [estimator.log_prob(x, theta), estimator.score(theta, x)],
        ScoreEstimator: lambda: [estimator.score(x), estimator.sallino(x, theta)],
    }
    return methods[kind]()


KINDS = pytest.mark.parametrize("kind", [RatioEstimator, PosteriorEstimator, LikelihoodEstimator, ScoreEstimator])


@KINDS
@pytest.mark.parametrize("theta_shape", [(2,), (1, 2), (5, 2)])
def test_expanded_outcomes_are_outcomes(kind, theta_shape):
    row = torch.tensor([0.3, -0.7]).double()
    theta = torch.full(theta_shape, 0.2).double()
    expanded, plain = row.expand(5, 2), row.repeat(5, 1)
    for one, other in zip(evaluated(kind, theta, expanded), evaluated(kind, theta, plain), strict=True):
        assert one.shape == other.shape
        assert one.shape[0] == 5
        torch.testing.assert_close(one, other)


def test_draws_for_expanded_and_for_no_outcomes():
    estimator = PosteriorEstimator(2, (3,)).eval()
    assert estimator.sample((4,), torch.zeros(3).double().expand(5, 3)).shape == (4, 5, 2)
    assert estimator.sample((4,), np.broadcast_to(np.zeros(3), (5, 3))).shape == (4, 5, 2)
    assert estimator.sample((4,), np.zeros((0, 3))).shape == (4, 0, 2)
    assert RatioEstimator(2, (3,)).eval().log_ratio(np.zeros((0, 2)), np.zeros((0, 3))).shape == (0,)


@KINDS
def test_integers_are_numbers(kind):
    theta, x = torch.tensor([[1, 2], [3, -1]]), torch.tensor([[2, 0], [1, 1]])
    for whole, real in zip(evaluated(kind, theta, x), evaluated(kind, theta.double(), x.double()), strict=True):
        torch.testing.assert_close(whole, real)
        assert whole.is_floating_point()


@KINDS
@pytest.mark.parametrize(("theta_shape", "x_shape"), [((5, 1), (5, 2)), ((5, 2), (5, 1)), ((5, 2), (5, 3)), ((), (2,))])
def test_values_of_other_shapes_are_refused(kind, theta_shape, x_shape):
    with pytest.raises(ValueError, match=r"has shape"):
        evaluated(kind, torch.zeros(theta_shape).double(), torch.zeros(x_shape).double())


def log_coordinates():
    values = torch.as_tensor(np.random.default_rng(0).lognormal(size=(500, 1)))
    coordinates = ColumnTransforms((1,))
    coordinates.fit(values)
    assert coordinates.kind.item() == Kind.LOG
    return coordinates, values


def test_a_logarithm_is_monotone_beyond_its_support():
    coordinates, values = log_coordinates()
    points = torch.tensor([-3.0, 0.0, 1e-300, 1e-12, float(values.min()), 0.5, 1.0, 30.0]).double().unsqueeze(1)
    mapped = coordinates(points).squeeze(1)
    assert bool((mapped.diff() >= 0).all())
    assert mapped[0] == mapped[1] < mapped[4] < mapped[5] < mapped[6]
    torch.testing.assert_close(coordinates.inverse(coordinates(values)), values)
    assert bool(coordinates(torch.tensor([[torch.nan]]).double()).isnan())


def test_the_reference_is_a_parameter_in_the_middle_of_the_training_set():
    generator = np.random.default_rng(0)
    theta, others = 10.0 ** generator.uniform(1, 3, (2, 400, 1))
    x = np.log(theta) + generator.normal(size=theta.shape)
    ratio = np.zeros((400, 1))
    events = Events(theta, others[:, None], x, ratio, np.zeros_like(theta), exchangeable=True)
    estimator = train(events, losses.alice, progress=False, options=SHORT)
    assert estimator.theta_scaling.kind.item() == Kind.LOG
    assert 50.0 < float(estimator.default_reference()) < 200.0


def test_a_far_reference_warns(events):
    estimator = train(events, losses.alice, progress=False, options=SHORT)
    with pytest.warns(OutOfRangeWarning):
        estimator.log_ratio(np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 9.0))
    estimator = train(events, losses.alice, progress=False, options=SHORT)
    with pytest.warns(OutOfRangeWarning):
        estimator.score(np.full((1, 1), 9.0), np.zeros((1, 1)))


@pytest.mark.parametrize("name", ["gold_contrastive", "gold_contrastive_score", "nre_contrastive"])
def test_losses_that_leave_a_function_of_x_open_train_no_marginal_ratio(name, events):
    estimator = RatioEstimator.for_events(events, reference="marginal")
    with pytest.raises(
        UnsuitableEstimator,
        match="trains a RatioEstimator against another parameter, and a RatioEstimator against the marginal",
    ):
        train(events, getattr(losses, name), estimator, progress=False)


@pytest.mark.parametrize("name", ["carl", "cascal", "alice", "alices"])
def test_pair_losses_train_a_marginal_ratio(name):
    events = gaussian_events(3000, alternatives=4)
    estimator = RatioEstimator.for_events(events, reference="marginal")
    options = TrainingOptions(steps=300)
    trained = train(events, getattr(losses, name), estimator, progress=False, options=options)
    theta, x = np.linspace(-0.9, 0.9, 7)[:, None], np.zeros((7, 1))
    grid = np.linspace(-1.0, 1.0, 401)
    exact = -0.25 * theta[:, 0] ** 2 - np.log(np.mean(np.exp(-0.25 * grid**2)))
    assert np.abs(trained.log_ratio(theta, x) - exact).max() < 0.25


class Rough(nn.Module):
    """Features of x with a kink, which θ never passes through."""

    features = 4

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, 4), nn.ReLU())

    def forward(self, x):
        return self.layers(x)


@pytest.mark.parametrize("loss", [losses.alices, losses.score_matched_posterior], ids=lambda loss: loss.name)
def test_features_of_x_may_have_kinks(loss, events):
    estimator = loss.target.estimator.for_events(events, embedding=Rough())
    assert train(events, loss, estimator, progress=False, options=SHORT).record.steps == 8
