"""A validation loss that is not finite stops the training with the events named: no weights can be told to be best."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from motherlode import losses
from motherlode.estimators import LikelihoodEstimator, PosteriorEstimator
from motherlode.store import EventStore
from motherlode.training import TrainingOptions, train
from motherlode.training.data.split import held_out
from motherlode.training.errors import NonFiniteLoss

HELD = held_out(2000, 0.1, 0)
OUTSIDE = HELD[[30, 150]]
"""Two of the events that seed 0 holds out of 2,000, in different parts."""


def fit(events, loss, streamed, tmp_path, **options):
    """Train a moment, from memory or from a store of five shards that memory does not hold."""
    if streamed:
        store = EventStore(tmp_path / "store")
        for first in range(0, len(events), 400):
            store.append(events[first : first + 400])
        events = store
    steps = TrainingOptions(steps=100, memory=1e4)
    return train(events, loss, progress=False, options=steps, **options)


def with_outside(events, column, value):
    changed = getattr(events, column).copy()
    changed[OUTSIDE] = value
    return replace(events, **{column: changed})


def bounded():
    return PosteriorEstimator(1, (1,), low=[-1.0], high=[1.0])


def table():
    return LikelihoodEstimator(1, (1,), whole={"columns": [0], "lows": [-9], "highs": [9]})


def whole(events):
    return replace(events, x=np.round(events.x))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("loss", "make", "column", "value"), [(losses.npe, bounded, "theta", 1.5), (losses.nle, table, "x", 40.0)]
)
def test_held_out_events_that_the_estimator_rules_out_are_named(events, tmp_path, streamed, loss, make, column, value):
    """They gave the untrained network with 'validation inf at step 0' on its card, and no error."""
    estimator = make()
    start = [weight.detach().clone() for weight in estimator.parameters()]
    broken = with_outside(whole(events), column, value)
    with pytest.raises(
        NonFiniteLoss, match=rf"The validation loss is not finite at step 2, .*{column} = \[{value}\]"
    ) as caught:
        fit(broken, loss, streamed, tmp_path, estimator=estimator)
    assert caught.value.events == tuple(OUTSIDE)
    assert estimator.record is None
    assert estimator.training
    assert not all(torch.equal(a, b) for a, b in zip(start, estimator.parameters(), strict=True))


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("loss", "column", "value"), [(losses.npe, "theta", 1.5), (losses.nle, "x", 40.0)])
def test_default_estimators_allow_for_events_held_out(events, tmp_path, streamed, loss, column, value):
    estimator = fit(with_outside(whole(events), column, value), loss, streamed, tmp_path)
    assert np.isfinite(estimator.record.validation_loss)
    assert estimator.record.best_step > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_impossible_alternatives_of_events_held_out_are_harmless(events, tmp_path, streamed):
    ratio = events.joint_log_ratio.copy()
    ratio[HELD] = np.inf
    estimator = fit(replace(events, joint_log_ratio=ratio), losses.alice, streamed, tmp_path)
    assert np.isfinite(estimator.record.validation_loss)
    assert estimator.record.best_step > 0


class Broken(LikelihoodEstimator):
    """Finite in training; not in validation."""

    everywhere = False

    def log_prob(self, x, theta):
        value = super().log_prob(x, theta)
        if self.training:
            return value
        return value * 0.0 + 5e307 if self.everywhere else torch.where(theta[:, 0] > 0.99, torch.nan, value)


def test_nan_is_told_from_a_sum_that_overflows(events):
    options = TrainingOptions(steps=100)
    guilty = HELD[events.theta[HELD, 0] > 0.99]
    estimator = Broken(1, (1,))
    with pytest.raises(NonFiniteLoss, match="caused by event") as caught:
        train(events, losses.nle, estimator, progress=False, options=options)
    assert caught.value.events == tuple(guilty)
    estimator.everywhere = True
    with pytest.raises(NonFiniteLoss, match="for no single event: the batch as a whole overflows") as caught:
        train(events, losses.nle, estimator, progress=False, options=options)
    assert caught.value.events == ()
