"""The loss of locally optimal observables."""

from typing import Any

from torch import Tensor

from motherlode.estimators.batches import EventBatch
from motherlode.losses.loss import loss_function
from motherlode.losses.terms import column

__all__ = ["sally"]


@loss_function("events", "score", "x", "joint_score")
def sally(estimator: Any, batch: EventBatch) -> Tensor:
    """SALLY: squared error of t̂(x) against t(x,z|θ_ref), in units of its spread (Brehmer et al., arXiv:1805.00020).

    SALLINO is trained alike and differs only in the statistic: ``estimator.sallino(x, theta)``.
    """
    residual = (estimator.score(batch.x) - column(batch.joint_score)) / estimator.score_scale
    return residual.square().sum(-1).mean()
