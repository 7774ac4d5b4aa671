r"""Losses of densities and scores: negative log-probabilities, with the score as a second label or as the only one.

.. math:: \mathbb E_{z|x,θ}\, t(x,z|θ) = \nabla_θ \log p(x|θ) = \nabla_θ \log p(θ|x) - \nabla_θ \log π(θ)
"""

import torch
from torch import Tensor

from motherlode.estimators.batches import EventBatch
from motherlode.estimators.kinds.likelihood import LikelihoodEstimator
from motherlode.estimators.kinds.posterior import PosteriorEstimator
from motherlode.estimators.kinds.score import ScoreEstimator
from motherlode.losses.loss import loss_function
from motherlode.losses.targets import LIKELIHOOD, POSTERIOR, SCORE
from motherlode.losses.terms import column, gradient, score_term, squared_ratio_error, whitened_score_term
from motherlode.losses.weights import noise_alpha

__all__ = ["nle", "npe", "rascandal", "sally", "scandal", "scandal_whitened", "score_matched_posterior"]


@loss_function(LIKELIHOOD, EventBatch, "theta", "x")
def nle(estimator: LikelihoodEstimator, batch: EventBatch) -> Tensor:
    """NLE: -log p̂(x|θ), without gold."""
    return -estimator.log_prob(batch.x, batch.theta).mean()


@loss_function(POSTERIOR, EventBatch, "theta", "x")
def npe(estimator: PosteriorEstimator, batch: EventBatch) -> Tensor:
    """NPE: -log q̂(θ|x), without gold."""
    return -estimator.log_prob(batch.theta, batch.x).mean()


@loss_function(LIKELIHOOD, EventBatch, "theta", "x", "joint_score")
def scandal(estimator: LikelihoodEstimator, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """SCANDAL: NLE plus α times the squared error of the score (Brehmer et al., 2018, arXiv:1805.12244)."""
    theta, log_p = _at_leaf(estimator, batch)
    residual = gradient(log_p, theta) - column(batch.joint_score)
    return -log_p.mean() + noise_alpha(alpha, column(batch.joint_score), estimator) * score_term(residual, estimator)


@loss_function(LIKELIHOOD, EventBatch, "theta", "x", "joint_score", "whitener")
def scandal_whitened(estimator: LikelihoodEstimator, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """SCANDAL with a score term in units of what scores are expected to be and a weight found while training.

    Where scores vary by orders of magnitude over the prior, the plain term sees the largest only; see
    :func:`~motherlode.losses.terms.whitened_score_term`.
    """
    theta, log_p = _at_leaf(estimator, batch)
    score, label = gradient(log_p, theta), column(batch.joint_score)
    return -log_p.mean() + whitened_score_term(score, label, column(batch.whitener), alpha)


@loss_function(POSTERIOR, EventBatch, "theta", "x", "joint_score", "prior_score", "whitener")
def score_matched_posterior(estimator: PosteriorEstimator, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """NPE plus the whitened score term of the posterior: SCANDAL for posteriors.

    The proposal's own gradient, recorded in the manifest, is the difference between the two scores. In plain units the
    term made NPE worse on sharp posteriors; see :func:`~motherlode.losses.terms.whitened_score_term`.
    """
    theta = batch.theta.detach().requires_grad_()
    log_q = estimator.log_prob(theta, batch.x)
    label = column(batch.joint_score) + column(batch.prior_score)
    return -log_q.mean() + whitened_score_term(gradient(log_q, theta), label, column(batch.whitener), alpha)


@loss_function(LIKELIHOOD, EventBatch, "theta", "x", "alternatives", "joint_log_ratio", "joint_score")
def rascandal(estimator: LikelihoodEstimator, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """RASCANDAL: SCANDAL plus the ROLR term on log p̂(x|θ) - log p̂(x|alternative), both with the weight α."""
    theta, log_p = _at_leaf(estimator, batch)
    residual = gradient(log_p, theta) - column(batch.joint_score)
    others = column(batch.alternatives).transpose(0, 1)
    log_ratio = log_p - estimator.log_prob(batch.x, others)
    labels = column(batch.joint_log_ratio).transpose(0, 1)
    ratio_term = squared_ratio_error(log_ratio, labels, torch.zeros_like(labels))
    weight = noise_alpha(alpha, column(batch.joint_score), estimator)
    return -log_p.mean() + weight * (score_term(residual, estimator) + ratio_term)


@loss_function(SCORE, EventBatch, "x", "joint_score")
def sally(estimator: ScoreEstimator, batch: EventBatch) -> Tensor:
    """SALLY: squared error of t̂(x) against t(x,z|θ_ref), in units of its spread (Brehmer et al., arXiv:1805.00020).

    SALLINO is trained alike and differs only in the statistic: ``estimator.sallino(x, theta)``.
    """
    residual = (estimator.score(batch.x) - column(batch.joint_score)) / estimator.score_scale
    return residual.square().sum(-1).mean()


def _at_leaf(estimator: LikelihoodEstimator, batch: EventBatch) -> tuple[Tensor, Tensor]:
    theta = batch.theta.detach().requires_grad_()
    return theta, estimator.log_prob(batch.x, theta)
