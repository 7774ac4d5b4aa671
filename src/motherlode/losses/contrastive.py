r"""Losses that tell the parameters of an event from others, by class or by gold.

.. math:: q_k = \frac{p(x,z|θ_k)}{\sum_j p(x,z|θ_j)},
   \qquad \text{loss} = -\sum_k q_k \log \mathrm{softmax}_k\, g(x, θ_k)
"""

import torch
from torch import Tensor

from motherlode.estimators.batches import EventBatch
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.losses.loss import loss_function
from motherlode.losses.targets import MARGINAL_RATIO, PARAMETER_RATIO
from motherlode.losses.terms import column, cross_entropy, gradient, score_term
from motherlode.losses.weights import label_dispersion, noise_alpha

__all__ = ["gold_contrastive", "gold_contrastive_score", "nre", "nre_c", "nre_contrastive"]

CLASSES = 8
"""Parameters that an event is told apart from in nre_contrastive and nre_c; fewer in a smaller batch."""


@loss_function(MARGINAL_RATIO, EventBatch, "theta", "x")
def nre(estimator: RatioEstimator, batch: EventBatch) -> Tensor:
    """NRE-A: cross-entropy of (x, θ) against (x, θ') of another event (Hermans et al., 2019, arXiv:1903.04057)."""
    thetas = torch.stack([batch.theta, batch.theta.roll(1, 0)])
    log_ratio = estimator.log_ratio(thetas, batch.x)
    labels = torch.zeros_like(log_ratio)
    labels[1] = 1.0
    return cross_entropy(log_ratio, labels)


@loss_function(PARAMETER_RATIO, EventBatch, "theta", "x")
def nre_contrastive(estimator: RatioEstimator, batch: EventBatch) -> Tensor:
    """NRE-B: which of K parameters drew x (Durkan et al., 2020, arXiv:2002.03712); right up to a function of x."""
    logits = estimator.potential(_shuffled(batch), batch.x)
    return -logits.log_softmax(0)[0].mean()


@loss_function(MARGINAL_RATIO, EventBatch, "theta", "x")
def nre_c(estimator: RatioEstimator, batch: EventBatch) -> Tensor:
    """NRE-C with γ = 1: K parameters against none of them, which fixes the function of x (Miller et al., 2022)."""
    logits = estimator.log_ratio(_shuffled(batch), batch.x)
    classes = len(logits) - 1
    joint = _with_none(logits[:-1], classes)
    apart = _with_none(logits[1:], classes)
    return -0.5 * (joint.log_softmax(0)[0].mean() + apart.log_softmax(0)[-1].mean())


@loss_function(
    PARAMETER_RATIO, EventBatch, "theta", "x", "alternatives", "joint_log_ratio", dispersion=label_dispersion
)
def gold_contrastive(estimator: RatioEstimator, batch: EventBatch) -> Tensor:
    """ALICE for NRE-B: the class of {θ, alternatives} is replaced by its probability given x and z.

    No slot is marked as the drawing one, so there is nothing to shuffle. Its minimizer is log p(x|θ) + c(x).
    """
    return _soft_cross_entropy(estimator.potential(_slots(batch, batch.theta), batch.x), batch)


@loss_function(
    PARAMETER_RATIO,
    EventBatch,
    "theta",
    "x",
    "alternatives",
    "joint_log_ratio",
    "joint_score",
    dispersion=label_dispersion,
)
def gold_contrastive_score(estimator: RatioEstimator, batch: EventBatch, alpha: float | None = None) -> Tensor:
    """ALICES for NRE-B: gold_contrastive plus α times the squared error of ∇θ g(x, θ) at the drawing parameter.

    With the gradient known, c(x) is all that stays open, as in gold_contrastive.
    """
    theta = batch.theta.detach().requires_grad_()
    logits = estimator.potential(_slots(batch, theta), batch.x)
    residual = gradient(logits[0], theta) - column(batch.joint_score)
    weight = noise_alpha(alpha, column(batch.joint_score), estimator, batch.joint_log_ratio)
    return _soft_cross_entropy(logits, batch) + weight * score_term(residual, estimator)


def _slots(batch: EventBatch, theta: Tensor) -> Tensor:
    return torch.cat([theta.unsqueeze(0), column(batch.alternatives).transpose(0, 1)])


def _soft_cross_entropy(logits: Tensor, batch: EventBatch) -> Tensor:
    log_p = -column(batch.joint_log_ratio).transpose(0, 1)
    target = torch.cat([torch.zeros_like(log_p[:1]), log_p]).softmax(0)
    return -(target * logits.log_softmax(0)).sum(0).mean()


def _shuffled(batch: EventBatch) -> Tensor:
    count = min(CLASSES, len(batch.theta))
    return torch.stack([batch.theta.roll(shift, 0) for shift in range(count)])


def _with_none(logits: Tensor, classes: int) -> Tensor:
    none = torch.full_like(logits[:1], float(torch.log(torch.tensor(float(classes)))))
    return torch.cat([logits, none])
