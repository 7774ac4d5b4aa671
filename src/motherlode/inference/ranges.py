"""Warn where a question goes beyond what the estimator was trained on."""

import warnings

from torch import Tensor

from motherlode.estimators.trained_range import OutOfRangeWarning, trained_range

__all__ = ["warn_out_of_range"]


def warn_out_of_range(estimator: object, theta: Tensor, x: Tensor, source: str) -> None:
    """Warn if parameters or events leave the range of the training set.

    Parameters
    ----------
    estimator
        One that remembers no range, or ranges of other shapes, is not asked.
    theta
        Parameters with shape ``(n, D)``.
    x
        Observed events with shape ``(M, *L)``.
    source
        Where the parameters come from: completes "of the".

    Warns
    -----
    OutOfRangeWarning
        With the share of parameters or events outside.
    """
    seen = trained_range(estimator, "theta")
    if seen is not None and seen.low.shape == theta.shape[1:] and (share := seen.share_outside(theta)) > 0.0:
        warnings.warn(
            f"{share:.1%} of the {source} lies outside the θ that the estimator was trained on. A network extrapolates "
            "without telling, and what it says there means nothing. Mine events there, or stay inside.",
            OutOfRangeWarning,
            stacklevel=3,
        )
    seen = trained_range(estimator, "x")
    if seen is not None and seen.low.shape == x.shape[1:] and (share := seen.share_outside(x)) > 0.0:
        warnings.warn(
            f"{share:.1%} of the observed events lie outside every x of the training set. The simulator may not "
            "describe these data at all. Look at diagnostics.predictive_check before you trust the result.",
            OutOfRangeWarning,
            stacklevel=3,
        )
