"""Turn recorded and replayed runs of many events into columns of gold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np

from motherlode.core.types import Array, Bools, Integers, Shape
from motherlode.events import Counts, Events, EventsError, Failure, Site, TraceColumns
from motherlode.gold.differences import Stencil
from motherlode.gold.runs import Asked, RecordedRun
from motherlode.gold.scoring import Scores, log_probs
from motherlode.tracing import InfiniteDensity, InvalidParameters, SimulatorFailed, address_of
from motherlode.tracing.branching import RecordedDraw

__all__ = ["EventRuns", "assemble", "check_output_shapes", "gather"]


class EventRuns(NamedTuple):
    """Keep one event's runs.

    Attributes
    ----------
    run
        As recorded at θ.
    alternatives
        What each draw was asked with at each alternative.
    near, near_asked
        The stencil of the score, and what each draw was asked with at its points.
    wide, wide_asked
        The same with doubled steps, where the step size is checked.
    probed
        Whether a replay at a probe found no leak.
    """

    run: RecordedRun
    alternatives: list[Asked]
    near: Stencil
    near_asked: list[Asked]
    wide: Stencil | None = None
    wide_asked: list[Asked] | None = None
    probed: bool = False


class _Evaluated(NamedTuple):
    """Hold evaluated draws: scores, and the event (its place among the mined) of each element."""

    scores: Scores
    event: Integers
    events: int

    def total(self, values: Array) -> Array:
        """Sum elements (*, M) to events (*, N)."""
        counts = np.bincount(self.event, minlength=self.events)
        filled = np.flatnonzero(counts)
        totals = np.zeros((len(values), self.events))
        if len(filled):
            totals[:, filled] = np.add.reduceat(values, (np.cumsum(counts) - counts)[filled], axis=1, dtype=np.float64)
        return totals


def assemble(block: Sequence[EventRuns | Failure], alternatives: Array, first: int, root: int, traces: bool) -> Events:
    """Return the events of a block; those whose density is undefined at an alternative join the failures.

    Parameters
    ----------
    block
        One entry an event, in order.
    alternatives
        Of the whole call, shape (N, K, D); row i belongs to event first + i.
    first, root
        First event index of the call and its seed.
    traces
        Whether to keep the branchings.
    """
    mined = [entry for entry in block if isinstance(entry, EventRuns)]
    if not mined:
        return Events.failed([entry for entry in block if isinstance(entry, Failure)], alternatives.shape[1])
    draws = [draw for entry in mined for draw in entry.run.draws]
    evaluated = _evaluate(mined, draws, [entry.alternatives + entry.near_asked for entry in mined])
    k = alternatives.shape[1]
    undefined = _undefined(evaluated.scores.log_prob[: 1 + k])
    if undefined.any():
        return assemble(_refuse(block, mined, evaluated, undefined, root), alternatives, first, root, traces)
    event = np.array([entry.run.event for entry in mined], dtype=np.int64)
    theta = np.array([entry.run.theta for entry in mined])
    x = _outputs(mined)
    log_prob = evaluated.scores.log_prob
    score = _score(evaluated, np.array([entry.near.weights for entry in mined]), k)
    return Events(
        theta=theta,
        alternatives=alternatives[event - first],
        x=x,
        joint_log_ratio=evaluated.total(log_prob[0] - log_prob[1 : 1 + k]).reshape(k, len(mined)).T,
        joint_score=score,
        event=event,
        seed=root,
        traces=_traces(evaluated, draws, theta, x, k) if traces else None,
        failures=tuple(entry for entry in block if isinstance(entry, Failure)),
        counts=_counts(mined, score, len(evaluated.event)),
    )


def _evaluate(mined: Sequence[EventRuns], draws: list[RecordedDraw], asked: Sequence[list[Asked]]) -> _Evaluated:
    replays = len(asked[0]) if asked else 0
    runs = [[draw.parameters for draw in draws]]
    runs += [[parameters for event in asked for parameters in event[r]] for r in range(replays)]
    scores = log_probs(draws, runs)
    event_of_draw = np.repeat(np.arange(len(mined)), [len(entry.run.draws) for entry in mined])
    return _Evaluated(scores, event_of_draw[scores.draw], len(mined))


def _undefined(log_prob: Array) -> Bools:
    """Return elements without a density somewhere, with an infinite one, or impossible where they were drawn."""
    return ~np.all(log_prob < np.inf, axis=0) | (log_prob[0] == -np.inf)


def _refuse(
    block: Sequence[EventRuns | Failure], mined: Sequence[EventRuns], evaluated: _Evaluated, undefined: Bools, root: int
) -> list[EventRuns | Failure]:
    """Replace the events of undefined elements by failures."""
    offsets = np.cumsum([0, *(len(entry.run.draws) for entry in mined)])
    refused: dict[int, Failure] = {}
    for element in np.flatnonzero(undefined):
        place = evaluated.event[element]
        entry = mined[place]
        reason = str(_undefined_at(entry, int(evaluated.scores.draw[element] - offsets[place])))
        failure = Failure(entry.run.event, tuple(entry.run.theta.tolist()), root, reason)
        refused.setdefault(entry.run.event, failure)
    return [refused.get(entry.run.event, entry) if isinstance(entry, EventRuns) else entry for entry in block]


def _undefined_at(entry: EventRuns, j: int) -> InvalidParameters | InfiniteDensity:
    """Say at which parameters draw j of an event has no density."""
    draw = entry.run.draws[j]
    asked = [draw.parameters, *(run[j] for run in entry.alternatives)]
    log_probs = [draw.family.log_prob(draw.value, *parameters) for parameters in asked]
    bad = [
        bool(np.any(np.isnan(lp) | np.isposinf(lp) | ((lp == -np.inf) & (r == 0)))) for r, lp in enumerate(log_probs)
    ]
    run = bad.index(True)
    address, family = address_of(draw.site), draw.family
    given = dict(zip(family.parameters, asked[run], strict=True))
    if np.any(np.isnan(log_probs[run])):
        return InvalidParameters(address, family.name, given, dict(zip(family.parameters, family.domain, strict=True)))
    return InfiniteDensity(address, family.name, given, draw.value)


def gather(batches: Sequence[Events]) -> Events:
    """Join the batches of one call; those in which every event failed leave their failures.

    Raises
    ------
    SimulatorFailed
        If every event of the call failed.
    EventsError
        If x has another shape in another batch.
    """
    failures = tuple(failure for batch in batches for failure in batch.failures)
    filled = [batch for batch in batches if len(batch)]
    if not filled:
        raise SimulatorFailed(failures[0].reason, np.array(failures[0].theta), len(failures))
    check_output_shapes({batch.x.shape[1:]: int(batch.event[0]) for batch in filled})
    counts = sum((batch.counts for batch in batches), Counts())
    return replace(Events.concatenate(filled), failures=failures, counts=counts)


def check_output_shapes(shapes: Mapping[Shape, int]) -> None:
    """Refuse outputs of several shapes, each given with an event that has it.

    Raises
    ------
    EventsError
        If there are two shapes or more.
    """
    if len(shapes) > 1:
        (one, first), (other, second) = list(shapes.items())[:2]
        raise EventsError(
            f"x has shape {one} in event {first} but {other} in event {second}. One array cannot hold both. "
            "Return a fixed number of summaries, or pad x to a fixed shape (NaN is kept and counted)."
        )


def _outputs(mined: Sequence[EventRuns]) -> Array:
    check_output_shapes({entry.run.x.shape: entry.run.event for entry in mined})
    return np.array([entry.run.x for entry in mined])


def _score(evaluated: _Evaluated, weights: Array, skip: int) -> Array:
    """Return scores (N, D) by differencing runs 1+skip and on with each event's weights (N, 2D)."""
    log_prob = evaluated.scores.log_prob
    with np.errstate(invalid="ignore"):
        terms = weights.T * evaluated.total(log_prob[1 + skip :] - log_prob[0])
        score = (terms[0::2] + terms[1::2]).T
    moved = evaluated.scores.moved[1 + skip :].sum(axis=0, dtype=np.float64)
    moving = evaluated.total(moved[None]).T > 0
    return np.where(moving | ~np.isfinite(score).all(axis=1, keepdims=True), np.nan, score)


def _counts(mined: Sequence[EventRuns], score: Array, draws: int) -> Counts:
    checked = [place for place, entry in enumerate(mined) if entry.wide is not None]
    if not checked:
        return Counts(draws)
    entries = [mined[place] for place in checked]
    wide_draws = [draw for entry in entries for draw in entry.run.draws]
    evaluated = _evaluate(entries, wide_draws, [entry.wide_asked or [] for entry in entries])
    wide = _score(evaluated, np.array([entry.wide.weights for entry in entries if entry.wide is not None]), 0)
    discrepancy = np.abs(wide - score[checked]) / (1 + np.abs(score[checked]))
    probed = sum(entry.probed for entry in entries)
    return Counts(draws, probed, float(np.max(discrepancy, initial=0.0, where=np.isfinite(discrepancy))))


def _traces(evaluated: _Evaluated, draws: list[RecordedDraw], theta: Array, x: Array, k: int) -> TraceColumns:
    table: dict[Site, int] = {}
    sites = [table.setdefault(Site(address_of(d.site), d.family.name, d.observed), len(table)) for d in draws]
    value, numbers, lengths = _numbers(draws)
    return TraceColumns(
        sites=tuple(table),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(evaluated.event, minlength=evaluated.events))]).astype(
            np.int64
        ),
        site=np.array(sites, dtype=np.int32)[evaluated.scores.draw],
        value=value,
        parameter_offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        parameters=numbers,
        log_prob=np.ascontiguousarray(evaluated.scores.log_prob[: 1 + k].T),
        theta=theta,
        x=x,
    )


def _numbers(draws: Sequence[RecordedDraw]) -> tuple[Array, Array, list[int]]:
    """Return the values of all elements, their parameters one after the other, and how many each element has."""
    if not any(draw.family.vector or np.ndim(draw.value) for draw in draws):
        values = np.array([draw.value for draw in draws], dtype=np.float64)
        numbers = np.array(list(chain.from_iterable(draw.parameters for draw in draws)), dtype=np.float64)
        return values, numbers, [len(draw.parameters) for draw in draws]
    rows = [row for draw in draws for row in _parameter_rows(draw)]
    values = np.concatenate([np.ravel(draw.value) for draw in draws]).astype(np.float64)
    return values, np.concatenate(rows), [len(row) for row in rows]


def _parameter_rows(draw: RecordedDraw) -> list[Array]:
    """Return the parameters of each element of a draw."""
    shape = np.shape(draw.value)
    if draw.family.vector:
        probs = np.asarray(draw.parameters[0], dtype=np.float64)
        return list(np.broadcast_to(probs, (*shape, probs.shape[-1])).reshape(-1, probs.shape[-1]))
    columns = [np.broadcast_to(np.asarray(p, dtype=np.float64), shape).ravel() for p in draw.parameters]
    return list(np.stack(columns, axis=-1))
