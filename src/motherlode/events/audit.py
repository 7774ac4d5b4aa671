"""Check the identities that every set of mined events must meet.

E[exp(-joint_log_ratio)] = 1 for each alternative and E[joint_score] = 0. The means can have infinite variance
even for correct gold, when alternatives are far; a verdict is given only where the Pareto shape k < ½.
These identities hold also for a leaking simulator: the leak check runs while mining, not here.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from motherlode.events.pareto import effective_sample_size, pareto_k

if TYPE_CHECKING:
    from motherlode.events.batch import Counts, Events

__all__ = ["ALPHA", "EARLY", "Audit", "Audited", "Expectation", "audit", "audit_columns", "rows_not_finite"]

Array = NDArray[np.float64]
Verdict = Literal["passed", "failed", "undecided"]

ALPHA = 1e-4
"""Probability that the audit of a correct set fails anywhere (Bonferroni over its checks)."""

EARLY = 1000
"""Leaks are looked for in so many events."""


@dataclass(frozen=True)
class Expectation:
    """Hold one checked mean: its estimate, standard error, exact value, tail shape k, effective sample size."""

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


@dataclass(frozen=True)
class Audit:
    """Hold the findings of an audit.

    Attributes
    ----------
    events, failures
        How many there are and how many are missing because the simulator raised.
    ratios, scores
        Checked means, one for each alternative and each parameter.
    impossible
        Events with joint_log_ratio = +inf, per alternative.
    nonfinite_x, missing_scores
        Events whose x holds NaN or infinity; events without a joint score.
    probed, score_discrepancy, diverted
        As in :class:`motherlode.events.Counts`.
    warnings
        Texts a person should read.
    condemned
        Why the store must not be used, or None.
    """

    events: int
    failures: int
    ratios: tuple[Expectation, ...]
    scores: tuple[Expectation, ...]
    impossible: tuple[int, ...]
    nonfinite_x: int
    missing_scores: int
    probed: int
    score_discrepancy: float
    diverted: int
    warnings: tuple[str, ...]
    condemned: str | None = None

    @property
    def ok(self) -> bool:
        """Whether there are events, not condemned, and no check failed; an undecided check does not fail."""
        return (
            self.events > 0
            and self.condemned is None
            and all(check.verdict != "failed" for check in (*self.ratios, *self.scores))
        )

    def __str__(self) -> str:
        head = f"{self.events} events, {self.failures} failures, {self.probed} probed for leaks"
        head += f", {self.diverted} alternatives decided by replay" if self.diverted else ""
        rows = [
            f"  {c.name:<22}{c.mean:+.6f} ± {c.error:.6f}  exact {c.exact:g} z={c.z:+.2f}  k={c.k_hat:.2f}  {c.verdict}"
            for c in (*self.ratios, *self.scores)
        ]
        return "\n".join([head, *rows, *(f"! {warning}" for warning in self.warnings)])


@dataclass(frozen=True, eq=False)
class Audited:
    """Hold what an audit reads of N events.

    Attributes
    ----------
    joint_log_ratio, joint_score
        As in :class:`motherlode.events.Events`, shapes (N, K) and (N, D).
    nonfinite_x
        Events whose x holds NaN or infinity.
    early
        Whether some are of the first thousand, where leaks are looked for.
    failures
        Events that are missing.
    counts
        How all were mined.
    condemned
        Why their store must not be used, or None.
    """

    joint_log_ratio: Array
    joint_score: Array
    nonfinite_x: int
    early: bool
    failures: int
    counts: "Counts"
    condemned: str | None = None


def rows_not_finite(x: Array) -> int:
    """Return how many rows of `x`, with shape (N, *L), hold NaN or infinity."""
    return int((~np.isfinite(x)).any(axis=tuple(range(1, x.ndim))).sum())


def audit(events: "Events") -> Audit:
    """Audit events.

    Parameters
    ----------
    events
        N ≥ 0 events; with fewer than 25 every verdict is "undecided", and none are not ok.

    Returns
    -------
    Audit
        Its ``ok`` is False with probability at most `ALPHA` for correct gold.
    """
    columns = events.joint_log_ratio, events.joint_score
    early = bool(np.any(events.event < EARLY))
    return audit_columns(Audited(*columns, rows_not_finite(events.x), early, len(events.failures), events.counts))


def audit_columns(events: Audited) -> Audit:
    """Audit events of which only the columns that matter are in memory; see :func:`audit`."""
    checks = events.joint_log_ratio.shape[1] + events.joint_score.shape[1]
    threshold = float(stats.norm.isf(ALPHA / (2 * checks)))
    with np.errstate(over="ignore"):
        inverse_ratios = np.exp(-events.joint_log_ratio)
    ratios = tuple(
        _expectation(f"E[1/r] alternative {k}", column, 1.0, _scaled(-log_ratio), threshold)
        for k, (column, log_ratio) in enumerate(zip(inverse_ratios.T, events.joint_log_ratio.T, strict=True))
    )
    scores = tuple(
        _expectation(f"E[t] parameter {d}", column, 0.0, np.abs(column), threshold)
        for d, column in enumerate(events.joint_score.T)
    )
    if np.isnan(events.joint_score).any():
        ratios = tuple(_deficit_forgiven(check) for check in ratios)
    return _with_warnings(events, ratios, scores)


def _deficit_forgiven(check: Expectation) -> Expectation:
    """Withdraw a verdict where supports move: E[1/r] is then the alternative's probability of θ's support, below 1."""
    return replace(check, verdict="undecided") if check.verdict == "failed" and check.mean < check.exact else check


def _scaled(log_weights: Array) -> Array:
    """Return weights whose largest is 1: their tail is the same, and far alternatives do not underflow to zero."""
    largest = np.max(log_weights, initial=-np.inf)
    return np.exp(log_weights - largest) if np.isfinite(largest) else np.exp(log_weights)


def _expectation(name: str, values: Array, exact: float, weights: Array, threshold: float) -> Expectation:
    count = len(values)
    mean = float(values.mean()) if count else float("nan")
    error = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    finite = bool(np.all(np.isfinite(values)))
    k_hat = pareto_k(weights) if finite else float("inf") if np.isposinf(weights).any() else float("nan")
    verdict: Verdict = "undecided"
    if finite and k_hat < 0.5:
        verdict = "failed" if abs(mean - exact) > threshold * error else "passed"
    return Expectation(name, mean, error, exact, k_hat, effective_sample_size(weights), verdict)


def _with_warnings(events: Audited, ratios: tuple[Expectation, ...], scores: tuple[Expectation, ...]) -> Audit:
    impossible = tuple(int(n) for n in np.isposinf(events.joint_log_ratio).sum(axis=0))
    missing = int(np.isnan(events.joint_score).any(axis=1).sum())
    warnings = [
        (
            events.condemned is not None,
            f"the store is condemned, and nothing below can redeem it: {events.condemned}",
        ),
        (not len(events.joint_score), "there are no events, so nothing was checked."),
        (
            events.failures,
            f"{events.failures} events failed and are missing, so p(x|theta) is truncated; see their reasons.",
        ),
        (events.nonfinite_x, f"{events.nonfinite_x} events have NaN or infinite x; they are kept and counted."),
        (
            sum(impossible),
            f"{sum(impossible)} events are impossible at an alternative (log r = +inf there).",
        ),
        (
            missing,
            f"{missing} events have no joint score: a support moves with theta there. Score losses will refuse them.",
        ),
        (
            any(check.k_hat >= 0.5 for check in (*ratios, *scores)),
            "a mean is undecided: its tail is too heavy (k >= 0.5). Alternatives are too far from theta.",
        ),
        (
            any(check.verdict == "failed" and check.mean < check.exact for check in ratios),
            "a mean of 1/r is below 1: the ratios are wrong, or an alternative allows events that theta does not.",
        ),
        (
            events.counts.draws and not events.counts.probed and events.early,
            "no event could be probed for leaks: the simulator raises elsewhere in the prior box. Declare its bounds.",
        ),
        (
            events.counts.score_discrepancy > 1e-4,
            f"difference scores change by up to {events.counts.score_discrepancy:.1e} (relative) when the step is "
            "doubled: a draw's parameters are not smooth in theta.",
        ),
    ]
    return Audit(
        events=len(events.joint_score),
        failures=events.failures,
        ratios=ratios,
        scores=scores,
        impossible=impossible,
        nonfinite_x=events.nonfinite_x,
        missing_scores=missing,
        probed=events.counts.probed,
        score_discrepancy=events.counts.score_discrepancy,
        diverted=events.counts.diverted,
        warnings=tuple(text for condition, text in warnings if condition),
        condemned=events.condemned,
    )
