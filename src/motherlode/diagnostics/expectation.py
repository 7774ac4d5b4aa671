r"""Does an estimated ratio have mean 1, as every ratio has.

.. math:: E_{x \sim p(x|θ_1)}[\hat r(x|θ_0, θ_1)] = 1
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from motherlode.events import pareto_k

__all__ = ["Expectation", "ratio_expectation"]


@dataclass(frozen=True)
class Expectation:
    """The mean of an estimated ratio under its denominator.

    Attributes
    ----------
    mean, error
        Mean and standard error.
    k_hat
        Pareto shape of the ratios; from 0.5 on the error means nothing. NaN for fewer than 25 of them.
    alpha
        Error probability of the verdict.
    """

    mean: float
    error: float
    k_hat: float
    alpha: float = 0.01

    @property
    def undecided(self) -> bool:
        """Whether the error means nothing: heavy tails, or too few values to know."""
        return not self.k_hat < 0.5

    @property
    def p_value(self) -> float:
        """Of a mean of 1; NaN where the error means nothing. Rounding is taken to be an error of 1e-12."""
        return float("nan") if self.undecided else float(2.0 * norm.sf(abs(self.mean - 1.0) / max(self.error, 1e-12)))

    @property
    def ok(self) -> bool:
        """Whether the mean is 1 within its error, and the error means something."""
        return not self.undecided and self.p_value > self.alpha

    def verdict(self) -> str:
        """Say in words what was found."""
        if np.isnan(self.k_hat):
            return f"E[r] = {self.mean:.4f}, undecided: fewer than 25 values; take more events"
        if self.undecided:
            return (
                f"E[r] = {self.mean:.4f}, undecided: tails too heavy (k-hat {self.k_hat:.2f}); take nearer parameters"
            )
        found = "as it must be" if self.ok else "not 1, the ratio is biased"
        return f"E[r] = {self.mean:.4f} ± {self.error:.4f}: {found} (p = {self.p_value:.2g})"


def ratio_expectation(log_ratio: ArrayLike) -> Expectation:
    """Check log r̂(x|θ0, θ1) at x drawn from θ1, with shape ``(N,)``.

    It is necessary, not sufficient: r̂ = 1 passes too. See :func:`motherlode.diagnostics.critic`. Fewer than 25 values
    decide nothing.

    Raises
    ------
    ValueError
        If there is no value.
    """
    ratio = np.exp(np.asarray(log_ratio, dtype=np.float64))
    if len(ratio) == 0:
        raise ValueError("log_ratio holds no value, so nothing has a mean. Pass log r̂ at events drawn from θ1.")
    spread = float(ratio.std(ddof=1)) if len(ratio) > 1 else float("inf")
    return Expectation(float(ratio.mean()), spread / np.sqrt(len(ratio)), pareto_k(ratio))
