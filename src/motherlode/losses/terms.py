r"""The terms that losses are sums of, each computed from log-ratios and never through exp of an unbounded net.

.. math:: \mathrm{BCE}(\hat s, s) \text{ with } \hat s = σ(-\log \hat r), \qquad |σ_θ (\nabla_θ \log \hat p - t)|^2
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from motherlode.estimators.base import Estimator
from motherlode.estimators.batches import PairBatch

__all__ = [
    "LOG_RATIO_CLIP",
    "column",
    "cross_entropy",
    "gradient",
    "pair_score_term",
    "score_term",
    "squared_ratio_error",
    "whitened_score_term",
]

LOG_RATIO_CLIP = 10.0
"""Bound of a log-ratio before it is exponentiated."""

_FLOOR = 1e-4


def cross_entropy(log_ratio: Tensor, target: Tensor) -> Tensor:
    """Return the mean binary cross-entropy of ŝ = 1/(1+r̂) with a hard or soft label, shape ``()``.

    Parameters
    ----------
    log_ratio
        log r̂(x|θ0,θ1) with shape ``(B,)``.
    target
        Probability that x was drawn at θ1, shape ``(B,)``.
    """
    return binary_cross_entropy_with_logits(-log_ratio, target.to(log_ratio.dtype))


def squared_ratio_error(log_ratio: Tensor, label: Tensor, y: Tensor) -> Tensor:
    r"""Return the mean of :math:`(1-y)(1/\hat r - 1/r)^2 + y(\hat r - r)^2`, shape ``()``.

    Both log-ratios are bounded to ±:data:`LOG_RATIO_CLIP` on the side that explodes; the other side tends to 0.
    """
    sign = 2.0 * y - 1.0
    estimate = torch.exp(torch.clamp(sign * log_ratio, max=LOG_RATIO_CLIP))
    truth = torch.exp(torch.clamp(sign * label, max=LOG_RATIO_CLIP))
    return (estimate - truth).square().mean()


def gradient(value: Tensor, theta: Tensor) -> Tensor:
    """Return ∇θ of each row of ``value``, differentiable once more; shape of ``theta``.

    By double backward: forward-mode products cost 1.9 (D=1) to 7 (D=5) times as much a step on a 2x64 network, and 2
    to 9 times on a masked autoregressive flow (torch 2.13, one thread, batch 128).
    """
    return torch.autograd.grad(value.sum(), theta, create_graph=True)[0]


def score_term(residual: Tensor, estimator: Estimator, weight: Tensor | None = None) -> Tensor:
    """Return the mean over events of |σθ · residual|², shape ``()``.

    Parameters
    ----------
    residual
        ∇θ log p̂ - t with shape ``(B, D)``, in units of 1/θ.
    estimator
        Gives ``theta_scale``, the spread σθ of θ in training with shape ``(D,)``.
    weight
        Weight of each event with shape ``(B,)``; 0 leaves it out of the sum but not of the mean.
    """
    squared = (residual * estimator.theta_scale).square().sum(-1)
    return (squared if weight is None else squared * weight).mean()


def pair_score_term(
    log_ratio: Tensor, theta0: Tensor, theta1: Tensor | None, batch: PairBatch, estimator: Estimator
) -> Tensor:
    r"""Return the mean of :math:`(1-y)|\nabla_{θ_0}\log\hat r - t|^2 + y|\nabla_{θ_1}\log\hat r + t|^2`.

    The second part exists only where θ1 is a parameter of the net. The score is that of the parameter which drew the
    event: an event with y=1 says nothing of :math:`\nabla_{θ_0}\log\hat r`.
    """
    y, score = batch.y.unsqueeze(-1), column(batch.joint_score)
    if theta1 is None:
        residual = gradient(log_ratio, theta0) - score
        return score_term(residual, estimator, 1.0 - batch.y)
    at_theta0, at_theta1 = torch.autograd.grad(log_ratio.sum(), (theta0, theta1), create_graph=True)
    return score_term((1.0 - y) * at_theta0 - y * at_theta1 - score, estimator)


def column(values: Tensor | None) -> Tensor:
    """Return a column of the batch that the loss declared.

    Raises
    ------
    ValueError
        If the batch does not have it.
    """
    if values is None:
        raise ValueError("The batch lacks a column that this loss reads: see loss.columns, and mine with gold.")
    return values


def whitened_score_term(score: Tensor, label: Tensor, whitener: Tensor, alpha: float | None) -> Tensor:
    r"""Return the score term of a density in units of what scores are expected to be, shape ``()``.

    .. math:: \frac D2 \log \mathbb E\Big[\frac{|W_θ(\hat t - t)|^2}{D + |W_θ \hat t|^2}\Big],
       \qquad W_θ = (F_θ + 1)^{-1/2}

    The logarithm is what a Gaussian likelihood of the whitened residuals leaves of its unknown variance ρ (Kendall,
    Gal, Cipolla, 2018, arXiv:1705.07115): it acts with the weight α = 1/(2ρ), found while training. Labels full of
    noise from latents keep it at ½; exact ones let it grow as the fit gets better. The denominator, taken as a number,
    keeps few steep events from drowning the others; as it depends on x and θ alone and not on the label, the exact
    score stays the minimum.

    Parameters
    ----------
    score
        ∇θ of the log-density with shape ``(B, D)``, differentiable.
    label
        Its label t(x,z|θ), with the prior's score where a posterior is fitted, shape ``(B, D)``.
    whitener
        W with shape ``(B, D, D)``, from :func:`motherlode.training.data.derived.whiteners`.
    alpha
        Weight of the plain mean instead of the logarithm; None finds it.
    """
    dimensions = score.shape[-1]
    squared = _white(whitener, score - label).square().sum(-1)
    expected = dimensions + _white(whitener, score.detach()).square().sum(-1)
    share = (squared / expected).mean()
    if alpha is not None:
        return alpha * dimensions * share
    return 0.5 * dimensions * torch.log(share + _FLOOR)


def _white(whitener: Tensor, vector: Tensor) -> Tensor:
    return (whitener @ vector.unsqueeze(-1)).squeeze(-1)
