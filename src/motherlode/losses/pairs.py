r"""Losses on pairs of parameters: each is minimal at :math:`\hat r = p(x|θ_0)/p(x|θ_1)`.

ŝ = 1/(1+r̂) is the probability that x was drawn at θ1 (y=1). All need θ and alternatives exchangeable.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from motherlode.estimators.batches import PairBatch
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.losses.loss import loss_function
from motherlode.losses.targets import RATIO
from motherlode.losses.terms import (
    column,
    cross_entropy,
    pair_score_term,
    squared_ratio_error,
)
from motherlode.losses.weights import label_dispersion, noise_alpha

__all__ = ["alice", "alices", "carl", "cascal", "rascal", "rolr"]

_PAIR = ("theta0", "theta1", "x")


def _of_pairs(joint_log_ratio: Tensor) -> float:
    return label_dispersion(joint_log_ratio.reshape(-1, 1))


@loss_function(RATIO, PairBatch, *_PAIR, "y")
def carl(estimator: RatioEstimator, batch: PairBatch) -> Tensor:
    """CARL: cross-entropy of ŝ with the class y, without gold (Cranmer, Pavez, Louppe, 2015, arXiv:1506.02169)."""
    return cross_entropy(_log_ratio(estimator, batch), batch.y)


@loss_function(RATIO, PairBatch, *_PAIR, "y", "joint_log_ratio")
def rolr(estimator: RatioEstimator, batch: PairBatch) -> Tensor:
    """ROLR: squared error of r̂ or 1/r̂, whichever the class keeps finite (Brehmer et al., 2018, arXiv:1805.00020)."""
    return squared_ratio_error(_log_ratio(estimator, batch), column(batch.joint_log_ratio), batch.y)


@loss_function(RATIO, PairBatch, *_PAIR, "joint_log_ratio", dispersion=_of_pairs)
def alice(estimator: RatioEstimator, batch: PairBatch) -> Tensor:
    r"""ALICE: cross-entropy of ŝ with the soft label s(x,z) = 1/(1+r(x,z)) (Stoye et al., 2018, arXiv:1808.00973).

    A label of ±∞ is harmless: s is 0 or 1.
    """
    return cross_entropy(_log_ratio(estimator, batch), torch.sigmoid(-column(batch.joint_log_ratio)))


@loss_function(RATIO, PairBatch, *_PAIR, "y", "joint_score")
def cascal(estimator: RatioEstimator, batch: PairBatch, alpha: float | None = None) -> Tensor:
    """CASCAL: CARL plus α times the squared error of the score (Brehmer et al., 2018, arXiv:1805.00020)."""
    return _with_score(estimator, batch, alpha, lambda log_ratio: cross_entropy(log_ratio, batch.y))


@loss_function(RATIO, PairBatch, *_PAIR, "y", "joint_log_ratio", "joint_score")
def rascal(estimator: RatioEstimator, batch: PairBatch, alpha: float | None = None) -> Tensor:
    """RASCAL: ROLR plus α times the squared error of the score (Brehmer et al., 2018, arXiv:1805.00020)."""
    label = column(batch.joint_log_ratio)
    return _with_score(estimator, batch, alpha, lambda log_ratio: squared_ratio_error(log_ratio, label, batch.y))


@loss_function(RATIO, PairBatch, *_PAIR, "y", "joint_log_ratio", "joint_score", dispersion=_of_pairs)
def alices(estimator: RatioEstimator, batch: PairBatch, alpha: float | None = None) -> Tensor:
    """ALICES: ALICE plus α times the squared error of the score (Stoye et al., 2018, arXiv:1808.00973)."""
    label = column(batch.joint_log_ratio)
    target = torch.sigmoid(-label)
    return _with_score(estimator, batch, alpha, lambda log_ratio: cross_entropy(log_ratio, target), label.unsqueeze(-1))


def _log_ratio(estimator: RatioEstimator, batch: PairBatch) -> Tensor:
    return estimator.log_ratio(batch.theta0, batch.x, batch.theta1)


def _with_score(
    estimator: RatioEstimator,
    batch: PairBatch,
    alpha: float | None,
    base: Callable[[Tensor], Tensor],
    soft: Tensor | None = None,
) -> Tensor:
    score = column(batch.joint_score)
    theta0 = batch.theta0.detach().requires_grad_()
    theta1 = None if batch.theta1 is None else batch.theta1.detach().requires_grad_()
    log_ratio = estimator.log_ratio(theta0, batch.x, theta1)
    weight = noise_alpha(alpha, score, estimator, soft)
    return base(log_ratio) + weight * pair_score_term(log_ratio, theta0, theta1, batch, estimator)
