r"""Does an estimated ratio have the mean that every ratio has.

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
        Pareto shape of the ratios; from 0.5 on the error means nothing.
    alpha
        Error probability of the verdict.
    """

    mean: float
    error: float
    k_hat: float
    alpha: float = 0.01

    @property
    def p_value(self) -> float:
        """Of a mean of 1; NaN where the error means nothing."""
        return float("nan") if self.k_hat >= 0.5 else float(2.0 * norm.sf(abs(self.mean - 1.0) / self.error))

    @property
    def ok(self) -> bool:
        """Whether the mean is 1 within its error, and the error means something."""
        return self.k_hat < 0.5 and self.p_value > self.alpha

    def verdict(self) -> str:
        """Say in words what was found."""
        if self.k_hat >= 0.5:
            return (
                f"E[r] = {self.mean:.4f}, undecided: tails too heavy (k-hat {self.k_hat:.2f}); take nearer parameters"
            )
        found = "as it must be" if self.ok else "not 1, the ratio is biased"
        return f"E[r] = {self.mean:.4f} ± {self.error:.4f}: {found} (p = {self.p_value:.2g})"


def ratio_expectation(log_ratio: ArrayLike) -> Expectation:
    """Check log r̂(x|θ0, θ1) at x drawn from θ1, with shape ``(N,)``.

    It is necessary, not sufficient: r̂ = 1 passes too. See :func:`motherlode.diagnostics.critic`.
    """
    ratio = np.exp(np.asarray(log_ratio, dtype=np.float64))
    return Expectation(float(ratio.mean()), float(ratio.std(ddof=1) / np.sqrt(len(ratio))), pareto_k(ratio))
