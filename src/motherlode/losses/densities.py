r"""Losses of likelihood and posterior densities: negative log-probabilities, with the score as a second label.

.. math:: \mathbb E_{z|x,θ}\, t(x,z|θ) = \nabla_θ \log p(x|θ) = \nabla_θ \log p(θ|x) - \nabla_θ \log π(θ)
"""

from typing import Any

import torch
from torch import Tensor

from motherlode.estimators.batches import EventBatch
from motherlode.losses.loss import loss_function
from motherlode.losses.terms import column, gradient, noise_alpha, score_term, squared_ratio_error
from motherlode.losses.whitened import whitened_score_term

__all__ = ["nle", "npe", "rascandal", "scandal", "scandal_whitened", "score_matched_posterior"]


@loss_function("events", "likelihood", "theta", "x")
def nle(estimator: Any, batch: EventBatch) -> Tensor:
    """NLE: -log p̂(x|θ), without gold."""
    return -estimator.log_prob(batch.x, batch.theta).mean()


@loss_function("events", "posterior", "theta", "x")
def npe(estimator: Any, batch: EventBatch) -> Tensor:
    """NPE: -log q̂(θ|x), without gold."""
    return -estimator.log_prob(batch.theta, batch.x).mean()


@loss_function("events", "likelihood", "theta", "x", "joint_score")
def scandal(estimator: Any, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """SCANDAL: NLE plus α times the squared error of the score (Brehmer et al., 2018, arXiv:1805.12244)."""
    theta, log_p = _at_leaf(estimator, batch)
    residual = gradient(log_p, theta) - column(batch.joint_score)
    return -log_p.mean() + noise_alpha(alpha, batch.joint_score, estimator) * score_term(residual, estimator)


@loss_function("events", "likelihood", "theta", "x", "joint_score", "whitener")
def scandal_whitened(estimator: Any, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """SCANDAL with a score term in units of what scores are expected to be and a weight found while training.

    Where scores vary by orders of magnitude over the prior, the plain term sees the largest only; see :mod:`.whitened`.
    """
    theta, log_p = _at_leaf(estimator, batch)
    score, label = gradient(log_p, theta), column(batch.joint_score)
    return -log_p.mean() + whitened_score_term(score, label, column(batch.whitener), alpha)


@loss_function("events", "posterior", "theta", "x", "joint_score", "prior_score", "whitener")
def score_matched_posterior(estimator: Any, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """NPE plus the whitened score term of the posterior: SCANDAL for posteriors.

    The proposal's own gradient, recorded in the manifest, is the difference between the two scores. In plain units the
    term made NPE worse on sharp posteriors; see :mod:`.whitened`.
    """
    theta = batch.theta.detach().requires_grad_()
    log_q = estimator.log_prob(theta, batch.x)
    label = column(batch.joint_score) + column(batch.prior_score)
    return -log_q.mean() + whitened_score_term(gradient(log_q, theta), label, column(batch.whitener), alpha)


@loss_function("events", "likelihood", "theta", "x", "alternatives", "joint_log_ratio", "joint_score")
def rascandal(estimator: Any, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """RASCANDAL: SCANDAL plus the ROLR term on log p̂(x|θ) - log p̂(x|alternative), both with the weight α."""
    theta, log_p = _at_leaf(estimator, batch)
    residual = gradient(log_p, theta) - column(batch.joint_score)
    others = column(batch.alternatives).transpose(0, 1)
    log_ratio = log_p - estimator.log_prob(batch.x, others)
    labels = column(batch.joint_log_ratio).transpose(0, 1)
    ratio_term = squared_ratio_error(log_ratio, labels, torch.zeros_like(labels))
    weight = noise_alpha(alpha, batch.joint_score, estimator)
    return -log_p.mean() + weight * (score_term(residual, estimator) + ratio_term)


def _at_leaf(estimator: Any, batch: EventBatch) -> tuple[Tensor, Tensor]:
    theta = batch.theta.detach().requires_grad_()
    return theta, estimator.log_prob(batch.x, theta)
