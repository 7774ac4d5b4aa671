"""A loss is a pure function ``loss(estimator, batch) -> Tensor`` that knows which columns it reads."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

from torch import Tensor

from motherlode.estimators.batches import Batch, EventBatch, PairBatch
from motherlode.estimators.kinds.score import ScoreEstimator
from motherlode.losses.targets import E, Target
from motherlode.losses.terms import column
from motherlode.losses.weights import automatic_alpha, warn_saturated

__all__ = ["Loss", "loss_function"]


@dataclass(frozen=True)
class Loss(Generic[E]):
    """A mean over a batch to be made small, and what it needs.

    Attributes
    ----------
    name
        Its name in :mod:`motherlode.losses`.
    target
        Which estimator it trains.
    batch
        Which batch it reads: :class:`~motherlode.estimators.batches.PairBatch` or
        :class:`~motherlode.estimators.batches.EventBatch`.
    columns
        The fields of the batch that it reads.
    alpha
        Weight of the score term; None chooses it from the spread of the labels.
    dispersion
        Joint log-ratios of shape ``(B, K)`` to the dispersion of the labels of the other term; None where they are
        classes or log-densities.
    """

    name: str
    function: Callable[..., Tensor]
    target: Target[E]
    batch: type[EventBatch] | type[PairBatch]
    columns: tuple[str, ...]
    alpha: float | None = None
    dispersion: Callable[[Tensor], float] | None = None

    def __call__(self, estimator: E, batch: Batch) -> Tensor:
        """Return the loss as a scalar, differentiable in the weights of the estimator."""
        if self.reads_score:
            return self.function(estimator, batch, self.alpha)
        return self.function(estimator, batch)

    @property
    def reads_score(self) -> bool:
        """Say whether the loss fits the gradient of the estimator to joint scores."""
        return "joint_score" in self.columns and not issubclass(self.target.estimator, ScoreEstimator)

    @property
    def reads_pairs(self) -> bool:
        """Say whether the loss reads pairs of parameters rather than events as they were mined."""
        return self.batch is PairBatch

    def with_alpha(self, alpha: float | None) -> "Loss[E]":
        """Return the same loss with the weight of its score term fixed.

        Parameters
        ----------
        alpha
            Weight of the squared, standardized score residual summed over the components; None chooses it.
        """
        return replace(self, alpha=alpha)

    def calibrated(self, estimator: E, events: EventBatch) -> "Loss[E]":
        """Return the loss with the weight of its score term chosen from a training set, unless it is fixed already.

        Warns of soft labels that are all but classes, by :func:`.warn_saturated`.

        Parameters
        ----------
        estimator
            Gives the unit of the residual, ``theta_scale``.
        events
            The training set.
        """
        dispersion = 1.0
        if self.dispersion is not None:
            labels = column(events.joint_log_ratio)
            dispersion = self.dispersion(labels)
            warn_saturated(self.name, labels, dispersion)
        if not self.reads_score or self.alpha is not None or "whitener" in self.columns:
            return self
        return self.with_alpha(automatic_alpha(column(events.joint_score), estimator, dispersion))

    def __repr__(self) -> str:
        return f"losses.{self.name}" + ("" if self.alpha is None else f".with_alpha({self.alpha:.4g})")


def loss_function(
    target: Target[E],
    batch: type[EventBatch] | type[PairBatch],
    *columns: str,
    dispersion: Callable[[Tensor], float] | None = None,
) -> Callable[[Callable[..., Tensor]], Loss[E]]:
    """Declare a function ``(estimator, batch[, alpha])`` as a loss that trains a target and reads these columns."""

    def declare(function: Callable[..., Tensor]) -> Loss[E]:
        loss = Loss(function.__name__, function, target, batch, columns, dispersion=dispersion)
        object.__setattr__(loss, "__doc__", function.__doc__)
        return loss

    return declare
