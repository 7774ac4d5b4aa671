"""Put into words what the owner of a simulator should know about its gold."""

from collections.abc import Iterator

import numpy as np

from motherlode.events import Events, SiteShare
from motherlode.events.tails import effective_sample_size
from motherlode.tracing.addresses import place

__all__ = ["effective_share", "failed_identities", "remarks"]

_FEW, _MOST = 0.1, 0.5
_GOOD_DEVIATION = 0.8
"""Standard deviation of Normal log-ratios at which half of the sample is effective (exp(-0.8²) ≈ 0.53)."""


def remarks(events: Events, sites: tuple[SiteShare, ...], wanted: int) -> tuple[str, ...]:
    """Return what does not forbid mining.

    Parameters
    ----------
    events, sites
        Mined with traces, and what each place contributes.
    wanted
        How many events were to be tried.
    """
    return (
        *_failures(events),
        *_moving(sites),
        *_indifferent(sites),
        *_far(events),
        *_rough(events),
        *_few(events, wanted),
    )


def failed_identities(events: Events) -> Iterator[str]:
    """Say which identities fail. Of few events, means of ratios are judged only where most of them count."""
    audit = events.audit()
    ratios = [check for check in audit.ratios if check.effective > _MOST * len(events) and events.score_valid]
    for check in (*ratios, *audit.scores):
        if check.verdict == "failed":
            yield (
                f"{check.name} is {check.mean:.4g} ± {check.error:.2g} where {check.exact:g} is right: an identity of "
                "gold fails, so surrogates trained on these labels would be wrong. "
                "If the gold comes from a program of yours, mend it; else report this as a bug of motherlode."
            )


def _failures(events: Events) -> Iterator[str]:
    if events.failures:
        failure = events.failures[0]
        theta = ", ".join(f"{value:g}" for value in failure.theta)
        yield (
            f"{len(events.failures)} of {len(events) + len(events.failures)} events failed, the first at "
            f"theta=[{theta}]: {failure.reason}\nThey would be missing, so p(x|theta) would be truncated. "
            "Move the bounds away from such parameters, or return a value that says so."
        )


def _moving(sites: tuple[SiteShare, ...]) -> Iterator[str]:
    for site in sites:
        if site.moving:
            yield (
                f"No joint score in {site.moving} events: the range of the {site.family} at {place(site.address)} "
                "moves with theta, so its density has no derivative. Joint ratios stay right; score losses (cascal, "
                "rascal, alices, sally, scandal) will refuse such events.\nIf it is a uniform that was compared with "
                "theta before, draw a fresh uniform after the branch; else train with alice, which needs no score."
            )


def _indifferent(sites: tuple[SiteShare, ...]) -> Iterator[str]:
    if not any(site.depends for site in sites):
        made = "No draw was intercepted" if not sites else "No draw depends on theta"
        yield (
            f"{made}, so every joint ratio is 1 and every score 0. There is nothing to learn about theta. "
            "Check that theta is used, and that random numbers come from the generator that is passed in."
        )


def _far(events: Events) -> Iterator[str]:
    share = effective_share(events)
    if share < _FEW:
        finite = events.joint_log_ratio[np.isfinite(events.joint_log_ratio)]
        near = f"{min(1.0, _GOOD_DEVIATION / finite.std()):.1g}" if finite.std() > 1 else "0.1"
        yield (
            f"Alternatives are far from theta: reweighted to them, {share:.1%} of the events count. "
            "Labels are right but noisy, and many events are needed. Propose alternatives at about "
            f"{near} of their distance to theta (motherlode mine --near {near}; in Python "
            f"Proposal.of(..., near={near})), or narrow the prior."
        )


def effective_share(events: Events) -> float:
    """Return the effective part of the sample under weights 1/r, whose mean is 1 where the sample is large enough."""
    with np.errstate(over="ignore"):
        weights = np.exp(-events.joint_log_ratio)
    return float(np.mean([effective_sample_size(w) / len(w) * min(1.0, float(w.mean())) for w in weights.T]))


def _few(events: Events, wanted: int) -> Iterator[str]:
    tried = len(events) + len(events.failures)
    if tried < wanted:
        yield (
            f"Only {tried} of {wanted} events were tried in the time allowed. A leak that shows in few events may not "
            "have shown; mining goes on looking for one."
        )


def _rough(events: Events) -> Iterator[str]:
    if events.counts.score_discrepancy > 1e-4:
        yield (
            f"Difference scores change by up to {events.counts.score_discrepancy:.1e} (relative) when the step is "
            "doubled: a draw's parameters are not smooth in theta. Scores are less exact there; ratios are right."
        )
