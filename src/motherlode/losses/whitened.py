r"""The score term of a density in units of what scores are expected to be, with a weight found while training.

.. math:: \frac D2 \log \mathbb E\Big[\frac{|W_θ(\hat t - t)|^2}{D + |W_θ \hat t|^2}\Big], \qquad W_θ = (F_θ + 1)^{-1/2}

The logarithm is what a Gaussian likelihood of the whitened residuals leaves of its unknown variance ρ (Kendall, Gal,
Cipolla, 2018, arXiv:1705.07115): it acts with the weight α = 1/(2ρ). Labels full of noise from latents keep it at ½;
exact ones let it grow as the fit gets better. The denominator, taken as a number, keeps few steep events from
drowning the others; as it depends on x and θ alone and not on the label, the exact score stays the minimum.
"""

import torch
from torch import Tensor

__all__ = ["whitened_score_term"]

_FLOOR = 1e-4


def whitened_score_term(score: Tensor, label: Tensor, whitener: Tensor, alpha: float | None) -> Tensor:
    """Return the term of a batch, shape ``()``.

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
