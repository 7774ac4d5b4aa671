r"""Notice soft labels that say no more than classes do, because alternatives are too far from θ.

.. math:: s(x,z) = \frac{1}{1 + r(x,z)} \to 0 \text{ or } 1 \quad\text{where}\quad |\log r(x,z)| \gg 1
"""

import math
import warnings

from torch import Tensor

__all__ = ["SATURATED", "SaturatedLabels", "warn_saturated"]

SATURATED = 0.9
"""Dispersion of soft labels, 1 for classes, from which on a warning is due."""

_SAYS_NOTHING = 5.0
_GOOD_MEDIAN = 2.0


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
