"""Find out in a handful of events whether a simulator can be mined, and what its gold will cost and be worth.

Every front end has its report from here; each brings only its way to explain a leak and the name of its tier.
"""

import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core import MotherlodeError, philox_generator
from motherlode.core.streams import Stream
from motherlode.core.types import Array
from motherlode.events import CheckReport, Events, GuardOutcome, Simulator, site_shares
from motherlode.gold.check.findings import effective_share, failed_identities, remarks
from motherlode.gold.guards.closure import check_closure
from motherlode.gold.guards.fresh import FreshReplay
from motherlode.gold.guards.parity import check_parity, power_of_equality
from motherlode.gold.guards.probes import PROBE_EVENTS
from motherlode.tracing import HiddenRandomness, LeakError, SimulatorFailed
from motherlode.tracing.addresses import place

__all__ = ["EVENTS", "Explain", "check_simulator"]

Explain: TypeAlias = Callable[[MotherlodeError], str]
"""Turns what stopped the mining into a finding."""

EVENTS = 200
"""Events tried, where the caller gives fewer parameters than that: they are repeated."""

_SECONDS = 5.0
_TIMED_SECONDS = 2.0
_FIRST_BLOCK = 4
_UNPROBED = PROBE_EVENTS + 1


class _Costs(NamedTuple):
    bare: float
    mined: float


def check_simulator(
    simulator: Simulator,
    theta: ArrayLike,
    alternatives: ArrayLike | None = None,
    *,
    tier: str = "",
    explain: Explain | None = None,
    notes: Callable[[], tuple[str, ...]] = tuple,
    rival: Callable[[], tuple[str, Simulator] | None] = lambda: None,
) -> CheckReport:
    """Return the verdict on a simulator.

    Events are mined, all of them probed for leaks, for about five seconds; the other guards take as long again.

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
        Turns what stopped the mining into a finding; its message alone when absent.
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
    fresh = FreshReplay(simulator, points, others, seed=0)
    try:
        events = _mined(simulator, points, others)
        guards = _guards(simulator, events, fresh)
        costs = _costs(simulator, events)
        chosen = _cheapest(tier, costs, rival, events)
    except MotherlodeError as finding:
        return CheckReport(False, ((explain or _plainly)(finding),), name=simulator.name)
    finally:
        fresh.close()
    sites = site_shares(events)
    failed = (*failed_identities(events), *(g.words for g in guards if g.guard == "closure" and g.verdict == "warning"))
    warned = (g.words for g in guards if g.guard != "closure" and g.verdict == "warning")
    findings = (*failed, *warned, *remarks(events, sites, len(points)), *notes())
    return CheckReport(not failed, findings, _figures(events, costs), sites, chosen, simulator.name, guards)


def _guards(simulator: Simulator, events: Events, fresh: FreshReplay) -> tuple[GuardOutcome, ...]:
    probed = GuardOutcome("leak probes", "passed", power_of_equality(max(1, events.counts.probed)))
    if not events.counts.probed:
        probed = GuardOutcome("leak probes", "undecided", "No event could be probed: the simulator raises at probes.")
    parity = check_parity(simulator, events, np.arange(len(events)))
    return (probed, fresh.check(events), parity, check_closure(simulator, events.theta))


def _plainly(error: MotherlodeError) -> str:
    """Return the message, and say of a leak that its line is not known."""
    if not isinstance(error, LeakError) or isinstance(error, HiddenRandomness) or error.address is None:
        return str(error)
    return f"{error}\n{place(error.address)} is the last draw before x; theta cannot be followed line by line here."


def _drawn(simulator: Simulator, points: Array) -> Array:
    low, high = simulator.parameters.probe_box(points)
    return low + (high - low) * philox_generator(0, 0, Stream.PROPOSALS).random((len(points), 1, len(low)))


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


def _cheapest(tier: str, costs: _Costs, rival: Callable[[], tuple[str, Simulator] | None], events: Events) -> str:
    """Name the cheaper of two ways to gold, with what both cost; a way that ends in an error is none."""
    try:
        other = rival()
        if other is None:
            return tier
        seconds = _costs(other[1], events).mined
    except Exception:  # noqa: BLE001 - numbers that are no floats may upset a program in any way
        return tier
    ranked = sorted([(costs.mined, tier), (seconds, other[0])])
    cheap, dear = (seconds / costs.bare for seconds, _ in ranked)
    return f"{ranked[0][1]} ({cheap:.3g} bare events, against {dear:.3g})"


def _figures(events: Events, costs: _Costs) -> tuple[tuple[str, float], ...]:
    log_ratio = events.joint_log_ratio
    finite = log_ratio[np.isfinite(log_ratio)]
    with np.errstate(over="ignore"):
        ratios = np.exp(-log_ratio)
    return (
        ("events", float(len(events))),
        *((("failures", float(len(events.failures))),) if events.failures else ()),
        ("draws_per_event", events.counts.draws / max(1, len(events))),
        ("seconds_per_event", costs.bare),
        ("alternatives", float(log_ratio.shape[1])),
        ("gold_cost", costs.mined / costs.bare),
        ("log_ratio_deviation", float(finite.std()) if finite.size else float("nan")),
        ("ratio_variance", float(ratios.var(axis=0).mean())),
        ("effective_share", effective_share(events)),
        *((("impossible", float(np.isposinf(log_ratio).mean())),) if np.isposinf(log_ratio).any() else ()),
    )
