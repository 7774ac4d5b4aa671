r"""Weigh a score term against soft labels by what both tell, and notice soft labels that tell no more than classes.

.. math:: α = \frac{φ}{2σ^2}, \qquad s(x,z) = \frac{1}{1 + r(x,z)} \to 0 \text{ or } 1
   \quad\text{where}\quad |\log r(x,z)| \gg 1
"""

import math
import warnings

import torch
from torch import Tensor

from motherlode.estimators.base import Estimator

__all__ = ["SATURATED", "SaturatedLabels", "automatic_alpha", "label_dispersion", "noise_alpha", "warn_saturated"]

SATURATED = 0.9
"""Dispersion of soft labels, 1 for classes, from which on a warning is due."""

_SAYS_NOTHING = 5.0
_GOOD_MEDIAN = 2.0


def noise_alpha(
    alpha: float | None,
    joint_score: Tensor,
    estimator: Estimator,
    joint_log_ratio: Tensor | None = None,
) -> float:
    """Return α, or the automatic one of this batch where it is None; soft labels come with their log-ratios (B, K)."""
    if alpha is not None:
        return alpha
    dispersion = 1.0 if joint_log_ratio is None else label_dispersion(joint_log_ratio)
    return automatic_alpha(joint_score, estimator, dispersion)


def automatic_alpha(joint_score: Tensor, estimator: Estimator, dispersion: float = 1.0) -> float:
    r"""Return the weight at which score and ratio labels count by what they tell: :math:`φ / (2σ^2)`.

    Both terms are read as quasi-log-likelihoods (Wedderburn, 1974), each divided by the dispersion of its labels.

    Parameters
    ----------
    joint_score
        Labels t(x,z|θ) with shape ``(N, D)``.
    estimator
        Gives ``theta_scale``; σ² is the mean over components of σθ² t², an upper bound of the noise Var(t|x).
    dispersion
        φ, an upper bound of the variance of the labels of the other term over that of classes drawn by the same
        probabilities: 1 for classes and for log-densities, :func:`label_dispersion` for soft labels.
    """
    variance = float((joint_score * estimator.theta_scale).square().mean())
    return 0.5 * dispersion / variance if variance > 0.0 else 0.0


def label_dispersion(joint_log_ratio: Tensor) -> float:
    r"""Return the dispersion of soft labels :math:`q = \mathrm{softmax}_k \log p(x,z|θ_k)` around their mean 1/(K+1).

    .. math:: φ = \frac{\mathbb E\,|q - \frac{1}{K+1}|^2}{1 - \frac{1}{K+1}} \in [0, 1]

    It is 1 for classes. Between near parameters it falls with the square of their distance, so there the labels of a
    cross-entropy are far more precise than its curvature tells, and a score term of weight 1/(2σ²) drowns them.

    Parameters
    ----------
    joint_log_ratio
        log p(x,z|θ) - log p(x,z|alternative_k) with shape ``(B, K)``.
    """
    log_p = torch.cat([torch.zeros_like(joint_log_ratio[:, :1]), -joint_log_ratio], 1)
    even = 1.0 / log_p.shape[1]
    return float((log_p.softmax(1) - even).square().sum(1).mean()) / (1.0 - even)


class SaturatedLabels(UserWarning):
    """Warn that joint log-ratios are too large for their labels to tell more than which parameter drew the event."""


def warn_saturated(loss: str, joint_log_ratio: Tensor, dispersion: float) -> None:
    """Warn if the labels of a training set are all but classes.

    Parameters
    ----------
    loss
        Its name.
    joint_log_ratio
        log p(x,z|θ) - log p(x,z|alternative_k) with shape ``(N, K)``.
    dispersion
        That of its labels, 1 for classes.
    """
    if dispersion <= SATURATED:
        return
    sizes = joint_log_ratio.abs()
    median = float(sizes.median())
    near = min(0.5, math.sqrt(_GOOD_MEDIAN / median)) if math.isfinite(median) else 0.05
    warnings.warn(
        f"Joint log-ratios have the median size {median:.3g}, and {float((sizes > _SAYS_NOTHING).double().mean()):.0%} "
        f"are beyond ±{_SAYS_NOTHING:g}: the labels of {loss} have {dispersion:.1%} of the spread of classes. "
        "So gold says little more than which parameter drew the event, and the ratio stays unlearned between near "
        "parameters, where the posterior is. Train losses.scandal_whitened, which reads no alternatives, or mine with "
        f"alternatives near θ, about `alternatives: {{near: {near:.2g}}}`.",
        SaturatedLabels,
        stacklevel=5,
    )
