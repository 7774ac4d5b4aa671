"""Find out in a handful of events whether a simulator can be mined, and what its gold will cost and be worth.

Every front end has its report from here; each brings only its way to explain a leak and the name of its tier.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motherlode.events import CheckReport, Events, Simulator, SiteShare, philox_generator, site_shares
from motherlode.events.pareto import effective_sample_size
from motherlode.events.report import place
from motherlode.events.streams import PROPOSALS
from motherlode.gold.leaks import PROBE_EVENTS
from motherlode.tracing import MotherlodeError, SimulatorFailed

__all__ = ["EVENTS", "Explain", "examine"]

Array = NDArray[np.float64]
Explain = Callable[[MotherlodeError], str]

EVENTS = 200
"""Events tried, where the caller gives fewer parameters than that: they are repeated."""

_SECONDS = 30.0
_TIMED_SECONDS = 3.0
_FIRST_BLOCK = 4
_UNPROBED = PROBE_EVENTS + 1
_FEW, _MOST = 0.1, 0.5


class _Costs(NamedTuple):
    bare: float
    mined: float


def examine(
    simulator: Simulator,
    theta: ArrayLike,
    alternatives: ArrayLike | None = None,
    *,
    tier: str = "",
    explain: Explain = str,
    notes: Callable[[], tuple[str, ...]] = tuple,
    rival: Callable[[], tuple[str, Simulator] | None] = lambda: None,
) -> CheckReport:
    """Return the verdict on a simulator.

    Events are mined, all of them probed for leaks, for at most half a minute.

    Parameters
    ----------
    simulator
        What is examined.
    theta
        Shape (N, D); repeated up to 200 events.
    alternatives
        Shape (N, K, D) or (K, D). When absent, one for each event is drawn from the declared bounds.
    tier
        How its gold is best obtained, in words.
    explain
        Turns what stopped the mining into a finding.
    notes
        Called after mining; further findings that do not forbid mining.
    rival
        Called after mining; another way to the same gold and its name. The cheaper one is recommended.

    Raises
    ------
    ParameterError
        If an argument cannot be right.
    """
    points = simulator.parameters.check(theta)
    others = simulator.parameters.check_alternatives(alternatives, len(points))
    rows = np.resize(np.arange(len(points)), max(len(points), EVENTS))
    points, others = points[rows], others[rows]
    if not others.shape[1]:
        others = _drawn(simulator, points)
    try:
        events = _mined(simulator, points, others)
        costs = _costs(simulator, events)
        chosen = _cheapest(tier, costs, rival(), events)
    except MotherlodeError as finding:
        return CheckReport(False, (explain(finding),), name=simulator.name)
    sites, failed = site_shares(events), tuple(_wrong(events))
    remarks = (*_failures(events), *_moving(sites), *_indifferent(sites), *_far(events), *_rough(events), *notes())
    return CheckReport(not failed, (*failed, *remarks), _figures(events, costs), sites, chosen, simulator.name)


def _drawn(simulator: Simulator, points: Array) -> Array:
    low, high = simulator.parameters.probe_box(points)
    return low + (high - low) * philox_generator(0, 0, PROPOSALS).random((len(points), 1, len(low)))


def _mined(simulator: Simulator, theta: Array, alternatives: Array) -> Events:
    """Mine blocks that double, until the rows or the time have run out; failures alone are no block."""
    batches: list[Events] = []
    begin, end, start = 0, _FIRST_BLOCK, time.perf_counter()
    while begin < len(theta) and (not batches or time.perf_counter() - start < _SECONDS):
        rows = slice(begin, end)
        end *= 2
        try:
            batches.append(simulator.mine(theta[rows], alternatives[rows], seed=0, first=begin, traces=True))
        except SimulatorFailed:
            if rows.stop < len(theta):
                continue
            batches = [simulator.mine(theta, alternatives, seed=0, traces=True)]
        begin = rows.stop
    return Events.concatenate(batches)


def _costs(simulator: Simulator, events: Events) -> _Costs:
    """Return seconds an event, bare and mined, of events that the leak check leaves alone."""
    rows = 1
    while True:
        begin = time.perf_counter()
        try:
            simulator.simulate(events.theta[:rows], seed=0, first=_UNPROBED)
        except Exception:  # noqa: BLE001 - a bare simulator raises what it likes; there is no time to compare then
            return _Costs(float("nan"), float("nan"))
        middle = time.perf_counter()
        simulator.mine(events.theta[:rows], events.alternatives[:rows], seed=0, first=_UNPROBED)
        end = time.perf_counter()
        if rows == len(events) or 8 * (end - begin) > _TIMED_SECONDS:
            return _Costs((middle - begin) / rows, (end - middle) / rows)
        rows = min(8 * rows, len(events))


def _cheapest(tier: str, costs: _Costs, rival: tuple[str, Simulator] | None, events: Events) -> str:
    """Name the cheaper of two ways to gold, with what both cost."""
    if rival is None:
        return tier
    other = _costs(rival[1], events)
    ranked = sorted([(costs.mined, tier), (other.mined, rival[0])])
    mine, theirs = (seconds / costs.bare for seconds, _ in ranked)
    return f"{ranked[0][1]} ({mine:.3g} bare events, against {theirs:.3g})"


def _figures(events: Events, costs: _Costs) -> tuple[tuple[str, float], ...]:
    log_ratio = events.joint_log_ratio
    finite = log_ratio[np.isfinite(log_ratio)]
    with np.errstate(over="ignore"):
        ratios = np.exp(-log_ratio)
    shares = [effective_sample_size(column) / len(column) for column in ratios.T]
    return (
        ("events", float(len(events))),
        *((("failures", float(len(events.failures))),) if events.failures else ()),
        ("draws_per_event", events.counts.draws / max(1, len(events))),
        ("seconds_per_event", costs.bare),
        ("alternatives", float(log_ratio.shape[1])),
        ("gold_cost", costs.mined / costs.bare),
        ("log_ratio_deviation", float(finite.std()) if finite.size else float("nan")),
        ("ratio_variance", float(ratios.var(axis=0).mean())),
        ("effective_share", float(np.mean(shares))),
        *((("impossible", float(np.isposinf(log_ratio).mean())),) if np.isposinf(log_ratio).any() else ()),
    )


def _wrong(events: Events) -> Iterator[str]:
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
    with np.errstate(over="ignore"):
        shares = [effective_sample_size(column) / len(column) for column in np.exp(-events.joint_log_ratio).T]
    if len(events) and np.mean(shares) < _FEW:
        yield (
            f"Alternatives are far from theta: reweighted to them, {np.mean(shares):.1%} of the events count. "
            "Labels are right but noisy, and many events are needed. Propose alternatives nearer to theta, or narrow "
            "the prior."
        )


def _rough(events: Events) -> Iterator[str]:
    if events.counts.score_discrepancy > 1e-4:
        yield (
            f"Difference scores change by up to {events.counts.score_discrepancy:.1e} (relative) when the step is "
            "doubled: a draw's parameters are not smooth in theta. Scores are less exact there; ratios are right."
        )
