"""Estimators are told apart by type, for training and for inference, and refuse words that they do not know."""

import numpy as np
import pytest
import torch

import motherlode
from motherlode.estimators import (
    Calibrated,
    DirectPosterior,
    Ensemble,
    Estimator,
    LikelihoodEstimator,
    LogLikelihood,
    LogRatio,
    PosteriorEstimator,
    RatioEstimator,
    ScoreEstimator,
)
from motherlode.estimators.batches import EventBatch
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.ensembles import (
    LikelihoodEnsemble,
    PosteriorEnsemble,
    RatioEnsemble,
    ScoreEnsemble,
)
from motherlode.inference import WrongEstimator
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.losses import loss_function
from motherlode.losses.targets import MARGINAL_RATIO, PARAMETER_RATIO, RATIO
from motherlode.training import TrainingOptions

KNOTS = {"anchors": [[0.0]], "inputs": [[-1.0, 1.0]], "outputs": [[-1.0, 1.0]]}


def pair(kind):
    return Ensemble([kind(1, (1,)) for _ in range(2)])


@pytest.mark.parametrize(
    ("kind", "ensemble"),
    [
        (RatioEstimator, RatioEnsemble),
        (LikelihoodEstimator, LikelihoodEnsemble),
        (PosteriorEstimator, PosteriorEnsemble),
        (ScoreEstimator, ScoreEnsemble),
    ],
)
def test_an_ensemble_has_the_class_of_its_kind_and_is_for_inference_what_its_members_are(kind, ensemble):
    one, several = kind(1, (1,)), pair(kind)
    assert type(several) is ensemble
    assert isinstance(several, Ensemble)
    for protocol in (LogRatio, LogLikelihood, DirectPosterior):
        assert isinstance(several, protocol) is isinstance(one, protocol)


def test_an_ensemble_of_calibrated_ratios_is_one_of_ratios():
    members = [Calibrated(RatioEstimator(1, (1,)), **KNOTS) for _ in range(2)]
    assert type(Ensemble(members)) is RatioEnsemble
    assert isinstance(members[0], LogRatio)


def test_words_that_are_not_known_are_refused():
    with pytest.raises(TypeError, match="nonsense"):
        Ensemble([RatioEstimator(1)], nonsense=3)
    with pytest.raises(TypeError, match="nonsense"):
        RatioEnsemble([RatioEstimator(1)], nonsense=3)
    with pytest.raises(TypeError, match="nonsense"):
        Calibrated(RatioEstimator(1), **KNOTS, nonsense=3)
    with pytest.raises(TypeError, match="nonsense"):
        RatioEstimator(1, nonsense=3)


def test_an_estimator_of_no_kind_has_no_ensemble():
    with pytest.raises(UnsuitableEstimator, match="no rule to average"):
        Ensemble([Estimator(1, (1,), {})])


def test_a_closed_form_is_known_by_its_method_and_a_posterior_by_its_base():
    class Likelihood:
        def log_prob(self, y, t):
            return -0.5 * (y - t).square().sum(-1)

    class Posterior(DirectPosterior):
        def log_prob(self, theta, x):
            return -0.5 * (x - theta).square().sum(-1)

    theta, x = torch.zeros(1, 1), torch.ones(1, 1)
    assert float(log_likelihood_of(Likelihood())(theta, x)) == -0.5
    with pytest.raises(WrongEstimator, match="log_ratio"):
        log_likelihood_of(Posterior())
    with pytest.raises(NotImplementedError, match=r"Posterior defines no sample"):
        Posterior().sample((3,), x)


@pytest.mark.parametrize("reference", [None, [0.5], "marginal"])
def test_a_target_asks_for_the_type_and_the_denominator(reference):
    estimator = RatioEstimator(1, (1,), reference=reference)
    assert RATIO.suits(estimator)
    assert MARGINAL_RATIO.suits(estimator) is (reference == "marginal")
    assert PARAMETER_RATIO.suits(estimator) is (reference != "marginal")
    assert not RATIO.suits(LikelihoodEstimator(1, (1,)))
    assert not RATIO.suits(pair(RatioEstimator))


def test_a_loss_of_ones_own_trains_the_type_of_its_target():
    @loss_function(RATIO, EventBatch, "theta", "x")
    def shrink(estimator, batch):
        return estimator.potential(batch.theta, batch.x).square().mean()

    generator = np.random.default_rng(0)
    theta = generator.uniform(-1.0, 1.0, (100, 1))
    none = np.empty((100, 0))
    events = motherlode.Events(theta, none[:, :, None], theta + 1.0, none, np.zeros((100, 1)))
    options = TrainingOptions(steps=5)
    assert type(motherlode.train(events, shrink, progress=False, options=options)) is RatioEstimator
