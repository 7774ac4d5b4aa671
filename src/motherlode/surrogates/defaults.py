"""Choose what the caller left open: the estimator that a loss trains, and the columns worked out from the data."""

from typing import Any

from motherlode.surrogates.batch import EventBatch
from motherlode.surrogates.losses import Loss
from motherlode.surrogates.ratio import RatioEstimator

__all__ = ["default_estimator", "resolve"]


def default_estimator(loss: Loss, events: Any) -> Any:
    """Return an untrained estimator of the kind the loss trains, with default networks for these shapes."""
    return RatioEstimator.for_events(events)


def resolve(
    events: Any, batch: EventBatch, loss: Loss, estimator: Any, origin: dict[str, Any]
) -> tuple[EventBatch, Loss]:
    """Return the batch with the columns that have to be worked out, and the loss."""
    return batch, loss
