"""Replay some events at θ itself and at probe parameters, and difference their densities to check the score."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from motherlode.core.streams import Stream
from motherlode.core.types import Array, Integers
from motherlode.frontends.pyro.errors import GradientLost, NoDensity
from motherlode.frontends.pyro.layouts.masks import reaches
from motherlode.frontends.pyro.passes import RecordingPass, ReplayPass
from motherlode.frontends.pyro.replays import PyroRequest, compare, run_at
from motherlode.frontends.pyro.sites.streams import EventSource, UniformSource
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.gold.guards.probes import PROBE_EVENTS, PROBE_EVERY
from motherlode.tracing import HiddenRandomness, LeakError

__all__ = ["Probed", "probe"]

_DIFFERENCED = 32
_WRONG = 1e-3
_WIDER_IN_SINGLE = 800.0
"""The cube root of the ratio of the two precisions."""


@dataclass(frozen=True)
class Probed:
    """Say how many events were probed, and how far autograd's score is from differences, relative to 1 + |score|."""

    events: int = 0
    discrepancy: float = 0.0


def probe(request: PyroRequest, record: RecordingPass, x: Tensor, score: Array) -> Probed:
    """Probe the events whose turn it is.

    Raises
    ------
    HiddenRandomness, LeakError, ReplayDiverged
        If x moves.
    GradientLost
        If most densities move with θ otherwise than autograd says.
    """
    event = request.first + np.arange(len(x))
    rows = np.flatnonzero((event < PROBE_EVENTS) | (event % PROBE_EVERY == 0))
    if len(rows) == 0:
        return Probed()
    low, high = request.box
    source = EventSource(request.seed, int(event[rows[0]]), len(rows), Stream.PROBES)
    here, there = request.theta[rows], low + (high - low) * source.take(len(low))
    if request.layout.batching == "single" or any(visit.mask is not None for visit in record.visits):
        _probe_at(request, record, rows, x, (here,))
        _probe_at(request, record, rows, x, (there,))
        _probe_masks(request, record, rows, source)
    else:
        _probe_at(request, record, rows, x, (here, there))
    return Probed(len(rows), _compare_score(request, record, score, event))


def _compare_score(request: PyroRequest, record: RecordingPass, score: Array, event: Integers) -> float:
    """Compare the scores of the first events with differences.

    A number on the way may be rounded to float32 without a trace; then only differences of wider steps tell.
    """
    wide = replace(request, steps=request.steps * _WIDER_IN_SINGLE)
    rows, rows_of_wide = (_differenced(each, score, event) for each in (request, wide))
    if any(visit.is_single for visit in record.visits):
        return _check_score(wide, record, score, rows_of_wide)
    try:
        return _check_score(request, record, score, rows)
    except GradientLost:
        if len(rows_of_wide) == 0:
            raise
        return _check_score(wide, record, score, rows_of_wide)


def _differenced(request: PyroRequest, score: Array, event: Integers) -> Integers:
    """Return the first rows that have a score and whose steps stay inside the box."""
    low, high = request.box
    inside = np.all((request.theta - request.steps >= low) & (request.theta + request.steps <= high), axis=1)
    return np.flatnonzero(inside & np.isfinite(score).all(1) & (event < _DIFFERENCED))


def _probe_at(
    request: PyroRequest,
    record: RecordingPass,
    rows: Integers,
    x: Tensor,
    points: Sequence[Array],
) -> None:
    """Replay rows at each of some parameters in one pass."""
    index = torch.from_numpy(np.tile(rows, len(points)))
    visits = [visit.rows(index) for visit in record.visits]
    theta = np.concatenate(points)
    found = run_at(request, ReplayPass(request.layout, torch.tensor(theta), visits), index.numpy(), theta)
    for part, point in zip(torch.split(found, len(rows)), points, strict=True):
        kind = HiddenRandomness if np.array_equal(point, request.theta[rows]) else LeakError
        compare(request, visits, rows, x[index[: len(rows)]], part, point, kind)


def _probe_masks(request: PyroRequest, record: RecordingPass, rows: Integers, source: UniformSource) -> None:
    """Draw masked lanes anew: x and the other sites must not notice."""
    visits = [visit.rows(torch.from_numpy(rows)) for visit in record.visits]
    theta = torch.tensor(request.theta[rows])
    masked = [visit.name for visit in visits if visit.mask is not None]
    if masked and reaches(request.model, request.layout, theta, visits, iter([source])):
        sources = (iter([source]) for _ in masked)
        found = [n for n, s in zip(masked, sources, strict=True) if _is_used(request, theta, visits, s, n)]
        raise NoDensity(
            (found or masked)[0],
            "is masked, but a lane that the mask leaves out reaches x or another site",
            "Leave the mask out, or replace such lanes: torch.where(mask, value, 0.0).",
        )


def _is_used(
    request: PyroRequest, theta: Tensor, visits: list[Visit], sources: Iterator[UniformSource], name: str
) -> bool:
    return reaches(request.model, request.layout, theta, visits, sources, frozenset({name}))


def _check_score(request: PyroRequest, record: RecordingPass, score: Array, rows: Integers) -> float:
    if len(rows) == 0:
        return 0.0
    visits = [visit.rows(torch.from_numpy(rows)) for visit in record.visits]
    theta = request.theta[rows]
    slopes = [_slope(request, visits, rows, theta, request.steps[rows] * axis) for axis in np.eye(theta.shape[1])]
    gap = np.abs(np.stack(slopes, 1) - score[rows]) / (1 + np.abs(score[rows]))
    known = np.nan_to_num(gap, nan=0.0, posinf=0.0)
    if np.mean(known.max(1) > _WRONG) > 0.5:
        worst = int(known.max(1).argmax())
        raise GradientLost(theta[worst], score[rows[worst]], np.stack(slopes, 1)[worst])
    return float(np.median(known.max(1)))


def _slope(request: PyroRequest, visits: list[Visit], rows: Integers, theta: Array, step: Array) -> Array:
    ends = []
    for point in (theta + step, theta - step):
        replay = ReplayPass(request.layout, torch.tensor(point), visits)
        run_at(request, replay, rows, point)
        ends.append(replay.log_prob().numpy())
    return np.asarray((ends[0] - ends[1]) / (2 * step.sum(1)))
