"""A loss is a pure function ``loss(estimator, batch) -> Tensor`` that knows which columns it reads."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from motherlode.losses.saturation import warn_saturated
from motherlode.losses.terms import automatic_alpha

__all__ = ["Kind", "Loss", "Task", "loss_function"]

Kind = Literal["pairs", "events"]
Task = Literal["ratio", "marginal", "likelihood", "posterior", "score"]


@dataclass(frozen=True)
class Loss:
    """A mean over a batch to be made small, and what it needs.

    Attributes
    ----------
    name
        Its name, as in ``motherlode.losses``.
    columns
        The fields of the batch that it reads.
    kind
        Which batch it reads: :class:`~motherlode.estimators.batches.PairBatch` or
        :class:`~motherlode.estimators.batches.EventBatch`.
    task
        Which kind of estimator it trains.
    alpha
        Weight of the score term; None chooses it from the spread of the labels.
    dispersion
        Joint log-ratios of shape ``(B, K)`` to the dispersion of the labels of the other term; None where they are
        classes or log-densities.
    """

    name: str
    function: Callable[..., Tensor]
    columns: tuple[str, ...]
    kind: Kind
    task: Task
    alpha: float | None = None
    dispersion: Callable[[Tensor], float] | None = None

    def __call__(self, estimator: Any, batch: Any) -> Tensor:
        """Return the loss as a scalar, differentiable in the weights of the estimator."""
        if self.reads_score:
            return self.function(estimator, batch, self.alpha)
        return self.function(estimator, batch)

    @property
    def reads_score(self) -> bool:
        """Say whether the loss fits the gradient of the estimator to joint scores."""
        return "joint_score" in self.columns and self.task != "score"

    def suits(self, estimator: Any) -> bool:
        """Say whether the estimator is of the kind the loss trains.

        A loss that tells the parameters of one event apart leaves a function of x open, so it trains no ratio against
        the marginal.
        """
        marginal = getattr(estimator, "marginal", False)
        if self.task == "marginal":
            return bool(estimator.task == "ratio" and marginal)
        if self.task == "ratio" and self.kind == "events" and marginal:
            return False
        return bool(estimator.task == self.task)

    def with_alpha(self, alpha: float | None) -> "Loss":
        """Return the same loss with the weight of its score term fixed.

        Parameters
        ----------
        alpha
            Weight of the squared, standardized score residual summed over the components; None chooses it.
        """
        return replace(self, alpha=alpha)

    def calibrated(self, estimator: Any, events: Any) -> "Loss":
        """Return the loss with the weight of its score term chosen from a training set, unless it is fixed already.

        Warns of soft labels that are all but classes, by :func:`.warn_saturated`.

        Parameters
        ----------
        estimator
            Gives the unit of the residual, ``theta_scale``.
        events
            The training set, an :class:`~motherlode.estimators.batches.EventBatch`.
        """
        dispersion = 1.0
        if self.dispersion is not None:
            dispersion = self.dispersion(events.joint_log_ratio)
            warn_saturated(self.name, events.joint_log_ratio, dispersion)
        if not self.reads_score or self.alpha is not None or "whitener" in self.columns:
            return self
        return self.with_alpha(automatic_alpha(events.joint_score, estimator, dispersion))

    def __repr__(self) -> str:
        return f"losses.{self.name}" + ("" if self.alpha is None else f".with_alpha({self.alpha:.4g})")


def loss_function(
    kind: Kind, task: Task, *columns: str, dispersion: Callable[[Tensor], float] | None = None
) -> Callable[[Callable[..., Tensor]], Loss]:
    """Declare a function as a loss that reads these columns."""

    def declare(function: Callable[..., Tensor]) -> Loss:
        loss = Loss(function.__name__, function, columns, kind, task, dispersion=dispersion)
        object.__setattr__(loss, "__doc__", function.__doc__)
        return loss

    return declare
