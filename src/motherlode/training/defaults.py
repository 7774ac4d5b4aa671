"""Choose what the caller left open: the estimator that a loss trains, and the columns worked out from the data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from motherlode.estimators.batches import EventBatch
from motherlode.estimators.kinds.likelihood import LikelihoodEstimator
from motherlode.estimators.kinds.posterior import PosteriorEstimator
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.estimators.kinds.score import ScoreEstimator
from motherlode.estimators.proposals import bounds_of
from motherlode.laws import Law
from motherlode.losses import Loss
from motherlode.training.data.derived import whiteners

__all__ = ["complete", "default_estimator"]


def default_estimator(loss: Loss, events: Any, law: Law | None = None) -> Any:
    """Return an untrained estimator of the kind the loss trains, with default networks for these shapes.

    Parameters
    ----------
    loss
        Says which kind.
    events
        Anything with ``theta`` and ``x``.
    law
        That θ was proposed from, which bounds the posterior; None where nobody knows it.
    """
    if loss.task == "posterior":
        low, high = bounds_of(events.theta, law)
        return PosteriorEstimator.for_events(events, low=low.tolist(), high=high.tolist())
    if loss.task == "marginal":
        return RatioEstimator.for_events(events, reference="marginal")
    kinds: dict[str, Any] = {
        "ratio": RatioEstimator,
        "likelihood": LikelihoodEstimator,
        "score": ScoreEstimator,
    }
    return kinds[loss.task].for_events(events)


def complete(
    events: Any, batch: EventBatch, loss: Loss, estimator: Any, score: Callable[[Any], Any] | None
) -> EventBatch:
    """Return the batch with the columns that the loss reads and that are worked out from others.

    Parameters
    ----------
    events
        Anything with ``theta`` and ``joint_score``.
    batch
        The same as tensors.
    loss
        Says which columns it reads.
    estimator
        Gives the box of θ, where it has one.
    score
        Gives ∇θ log π(θ) of the proposal where the loss reads it.
    """
    if score is not None:
        batch = replace(batch, prior_score=torch.as_tensor(score(events.theta)))
    if "whitener" in loss.columns:
        labels = whiteners(events.theta, events.joint_score, estimator.bounds())
        batch = replace(batch, whitener=torch.as_tensor(labels))
    return batch
