"""Say whether a set of mined events can be used, and what a person should know of it.

The identities hold also for a leaking simulator: the leak check runs while mining, not here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from motherlode.core.types import Array
from motherlode.events.counts import Counts
from motherlode.events.guard_outcome import GuardOutcome
from motherlode.events.identities import Identity, check_identities

__all__ = ["PROBE_EVENTS", "Audit", "audit_gold", "rows_not_finite"]

PROBE_EVENTS = 1000
"""The first so many events of a set are all probed for leaks."""


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
    guards
        What a comparison with the simulator itself found, where :func:`motherlode.gold.audit` made one.
    """

    events: int
    failures: int
    ratios: tuple[Identity, ...]
    scores: tuple[Identity, ...]
    impossible: tuple[int, ...]
    nonfinite_x: int
    missing_scores: int
    probed: int
    score_discrepancy: float
    diverted: int
    warnings: tuple[str, ...] = ()
    condemned: str | None = None
    guards: tuple[GuardOutcome, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there are events, not condemned, and no check failed; an undecided check does not fail.

        False with probability at most :data:`motherlode.events.identities.ALPHA` for right gold.
        """
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
        rows += [f"  {outcome}" for outcome in self.guards]
        return "\n".join([head, *rows, *(f"! {warning}" for warning in self.warnings)])


def rows_not_finite(x: Array) -> int:
    """Return how many rows of `x`, with shape (N, *L), hold NaN or infinity."""
    return int((~np.isfinite(x)).any(axis=tuple(range(1, x.ndim))).sum())


def audit_gold(
    joint_log_ratio: Array,
    joint_score: Array,
    *,
    nonfinite_x: int,
    early: bool,
    failures: int,
    counts: Counts,
    condemned: str | None = None,
) -> Audit:
    """Audit N ≥ 0 events of which only the gold is in memory; with fewer than 25 every identity is undecided.

    Parameters
    ----------
    joint_log_ratio, joint_score
        As in :class:`motherlode.events.Events`, shapes (N, K) and (N, D).
    nonfinite_x
        Events whose x holds NaN or infinity.
    early
        Whether some are of the first thousand, which are all probed for leaks.
    failures
        Events that are missing.
    counts
        How all were mined.
    condemned
        Why their store must not be used, or None.
    """
    ratios, scores = check_identities(joint_log_ratio, joint_score)
    found = Audit(
        events=len(joint_score),
        failures=failures,
        ratios=ratios,
        scores=scores,
        impossible=tuple(int(n) for n in np.isposinf(joint_log_ratio).sum(axis=0)),
        nonfinite_x=nonfinite_x,
        missing_scores=int(np.isnan(joint_score).any(axis=1).sum()),
        probed=counts.probed,
        score_discrepancy=counts.score_discrepancy,
        diverted=counts.diverted,
        condemned=condemned,
    )
    return replace(found, warnings=tuple(_warnings(found, unprobed=early and counts.draws > 0 and not counts.probed)))


def _warnings(found: Audit, unprobed: bool) -> Iterator[str]:
    if found.condemned is not None:
        yield f"the store is condemned, and nothing below can redeem it: {found.condemned}"
    if not found.events:
        yield "there are no events, so nothing was checked."
    if found.failures:
        yield f"{found.failures} events failed and are missing, so p(x|theta) is truncated; see their reasons."
    if found.nonfinite_x:
        yield f"{found.nonfinite_x} events have NaN or infinite x; they are kept and counted."
    if any(found.impossible):
        yield f"{sum(found.impossible)} events are impossible at an alternative (log r = +inf there)."
    if found.missing_scores:
        yield (
            f"{found.missing_scores} events have no joint score: a support moves with theta there. "
            "Score losses will refuse them."
        )
    if any(check.k_hat >= 0.5 for check in (*found.ratios, *found.scores)):
        yield "a mean is undecided: its tail is too heavy (k >= 0.5). Alternatives are too far from theta."
    if any(check.verdict == "failed" and check.mean < check.exact for check in found.ratios):
        yield "a mean of 1/r is below 1: the ratios are wrong, or an alternative allows events that theta does not."
    if unprobed:
        yield "no event could be probed for leaks: the simulator raises elsewhere in the prior box. Declare its bounds."
    if found.score_discrepancy > 1e-4:
        yield (
            f"difference scores change by up to {found.score_discrepancy:.1e} (relative) when the step is "
            "doubled: a draw's parameters are not smooth in theta."
        )
