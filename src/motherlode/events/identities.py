r"""Check the two identities that right gold meets, whatever the simulator.

.. math:: \mathbb{E}_\theta\!\left[1 / r(x,z|\theta,\theta')\right] = 1, \qquad
   \mathbb{E}_\theta\!\left[t(x,z|\theta)\right] = 0

The means can have infinite variance even for right gold, where alternatives are far; a verdict is given only where the
Pareto shape k of the averaged values is below ½.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import stats

from motherlode.core.types import Array
from motherlode.events.tails import effective_sample_size, pareto_k

__all__ = ["ALPHA", "Identity", "check_identities"]

Verdict = Literal["passed", "failed", "undecided"]

ALPHA = 1e-4
"""Probability that any identity of right gold fails (Bonferroni over all of a set)."""


@dataclass(frozen=True)
class Identity:
    """Hold one checked mean.

    Attributes
    ----------
    name
        What was averaged.
    mean, error
        Estimate and standard error.
    exact
        What the mean must be.
    k_hat
        Pareto shape of the values' tail; from ½ on the error means nothing.
    effective
        Effective number of values.
    verdict
        "undecided" where the error means nothing.
    """

    name: str
    mean: float
    error: float
    exact: float
    k_hat: float
    effective: float
    verdict: Verdict

    @property
    def z(self) -> float:
        """Distance from the exact value in standard errors."""
        return (self.mean - self.exact) / self.error if self.error > 0 else 0.0


def check_identities(joint_log_ratio: Array, joint_score: Array) -> tuple[tuple[Identity, ...], tuple[Identity, ...]]:
    """Return the checked means of 1/r, one for each alternative, and of t, one for each parameter.

    Parameters
    ----------
    joint_log_ratio
        Shape (N, K); with N < 25 every verdict is "undecided".
    joint_score
        Shape (N, D).
    """
    checks = joint_log_ratio.shape[1] + joint_score.shape[1]
    threshold = float(stats.norm.isf(ALPHA / (2 * checks)))
    with np.errstate(over="ignore"):
        inverse_ratios = np.exp(-joint_log_ratio)
    ratios = tuple(
        _check(f"E[1/r] alternative {k}", column, 1.0, _scaled(-log_ratio), threshold)
        for k, (column, log_ratio) in enumerate(zip(inverse_ratios.T, joint_log_ratio.T, strict=True))
    )
    scores = tuple(
        _check(f"E[t] parameter {d}", column, 0.0, np.abs(column), threshold) for d, column in enumerate(joint_score.T)
    )
    if np.isnan(joint_score).any():
        ratios = tuple(_deficit_forgiven(check) for check in ratios)
    return ratios, scores


def _check(name: str, values: Array, exact: float, weights: Array, threshold: float) -> Identity:
    count = len(values)
    mean = float(values.mean()) if count else float("nan")
    error = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    finite = bool(np.all(np.isfinite(values)))
    k_hat = pareto_k(weights) if finite else float("inf") if np.isposinf(weights).any() else float("nan")
    verdict: Verdict = "undecided"
    if finite and k_hat < 0.5:
        verdict = "failed" if abs(mean - exact) > threshold * error else "passed"
    return Identity(name, mean, error, exact, k_hat, effective_sample_size(weights), verdict)


def _scaled(log_weights: Array) -> Array:
    """Return weights whose largest is 1: their tail is the same, and far alternatives do not underflow to zero."""
    largest = np.max(log_weights, initial=-np.inf)
    return np.exp(log_weights - largest) if np.isfinite(largest) else np.exp(log_weights)


def _deficit_forgiven(check: Identity) -> Identity:
    """Withdraw a verdict where supports move: E[1/r] is then the alternative's probability of θ's support, below 1."""
    return replace(check, verdict="undecided") if check.verdict == "failed" and check.mean < check.exact else check
