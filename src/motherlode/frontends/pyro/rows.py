"""Mine a run of consecutive events of a Pyro model: one recorded pass with autograd, one replay an alternative."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motherlode.events import EventStreams, philox_generator
from motherlode.events.streams import PROBES
from motherlode.frontends.pyro.errors import LiveTangent
from motherlode.frontends.pyro.layout import Layout
from motherlode.frontends.pyro.passes import Pass, Record, Replay, Visit
from motherlode.frontends.pyro.plan import same_rows, take
from motherlode.frontends.pyro.running import run
from motherlode.frontends.pyro.streams import BlockSource, EventSource, Source
from motherlode.gold.leaks import PROBE_EVENTS, PROBE_EVERY
from motherlode.tracing import HiddenRandomness, InvalidParameters, LeakError, ReplayDiverged

__all__ = ["Request", "Rows", "mine_rows", "source_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Request:
    """Say what to mine: N events from `first` on, at `theta` (N, D), with `alternatives` (N, K, D)."""

    model: Callable[..., Any]
    layout: Layout
    theta: Array
    alternatives: Array
    box: tuple[Array, Array]
    seed: int
    first: int

    def part(self, rows: slice) -> "Request":
        """Return the request for some of its events."""
        theta, alternatives = self.theta[rows], self.alternatives[rows]
        return replace(self, theta=theta, alternatives=alternatives, first=self.first + rows.start)


@dataclass(frozen=True)
class Rows:
    """Hold what mining a request gave.

    Attributes
    ----------
    x, joint_log_ratio, joint_score
        Shapes (N, *L), (N, K), (N, D).
    refused
        Rows without a density at θ or at an alternative, and why.
    passes
        The recorded pass and the replays at the alternatives.
    probed
        Number of probed events.
    """

    x: Array
    joint_log_ratio: Array
    joint_score: Array
    passes: Sequence[Pass]
    probed: int
    refused: dict[int, str] = field(default_factory=dict)


def source_of(layout: Layout, seed: int, first: int, events: int) -> Source:
    """Return the stream of uniforms that `events` events from `first` on are drawn from."""
    return EventSource(seed, first) if layout.batching == "single" else BlockSource(seed, first, events)


def mine_rows(request: Request) -> Rows:
    """Run and replay the events of a request.

    Raises
    ------
    LiveTangent, LeakError, HiddenRandomness, ReplayDiverged
        If x moves with θ other than through the draws.
    """
    record, x, log_prob, score = _record(request)
    replays = [_replay(request, record, x, request.alternatives[:, k]) for k in range(request.alternatives.shape[1])]
    there = [replay.log_prob() for replay in replays]
    ratio = torch.stack([log_prob - other for other in there], 1) if there else torch.empty((len(x), 0))
    undefined = ~log_prob.isfinite() | ratio.isnan().any(1)
    refused = {int(row): _why(request, [record, *replays], int(row)) for row in undefined.nonzero()[:, 0]}
    probed = _probe(request, record, x)
    return Rows(x.numpy(), ratio.numpy(), score.numpy(), [record, *replays], probed, refused)


def _record(request: Request) -> tuple[Record, Tensor, Tensor, Tensor]:
    theta = torch.tensor(request.theta, requires_grad=True)
    source = source_of(request.layout, request.seed, request.first, len(theta))
    record = Record(request.layout, theta, source)
    with torch.enable_grad():
        outputs = run(request.model, record)
        _check_tangent(request, record, outputs)
        moving = record.moving()
        log_prob = record.log_prob()
        score = _gradient(log_prob, theta)
    score[moving | ~score.isfinite().all(1)] = torch.nan
    return record, request.layout.rows([o.detach() for o in outputs], len(theta)), log_prob.detach(), score


def _gradient(output: Tensor, theta: Tensor) -> Tensor:
    if not output.requires_grad:
        return torch.zeros_like(theta).detach()
    (gradient,) = torch.autograd.grad(output.sum(), theta, allow_unused=True)
    return torch.zeros_like(theta).detach() if gradient is None else gradient


def _check_tangent(request: Request, record: Record, outputs: list[Tensor]) -> None:
    for output in outputs:
        if not output.requires_grad:
            continue
        (live,) = torch.autograd.grad(output.sum(), record.theta, allow_unused=True, retain_graph=True)
        if live is not None and bool((live != 0).any()):
            row = int((live != 0).any(1).nonzero()[0, 0])
            raise LiveTangent(_last(record.visits), request.first + row, request.theta[row])


def _replay(request: Request, record: Record, x: Tensor, theta: Array) -> Replay:
    replay = Replay(request.layout, torch.tensor(theta), record.visits)
    found = _run_at(request, replay, np.arange(len(x)), theta)
    _compare(request, record.visits, np.arange(len(x)), x, found, theta, LeakError)
    return replay


def _run_at(request: Request, replay: Replay, rows: NDArray[np.int64], theta: Array) -> Tensor:
    try:
        with torch.no_grad():
            outputs = run(request.model, replay)
    except ReplayDiverged as diverged:
        raise diverged.at(request.first + int(rows[0]), request.theta[rows[0]], theta[0]) from diverged
    return request.layout.rows(outputs, len(rows))


def _compare(
    request: Request,
    visits: list[Visit],
    rows: NDArray[np.int64],
    x: Tensor,
    found: Tensor,
    theta: Array,
    kind: type[LeakError],
) -> None:
    equal = same_rows(x, found) if x.shape == found.shape else torch.zeros(len(x), dtype=torch.bool)
    if bool(equal.all()):
        return
    i = int((~equal).nonzero()[0, 0])
    row = int(rows[i])
    moved = (x[i].numpy(), found[i].numpy())
    raise kind(_last(visits), request.first + row, request.theta[row], theta[i], *moved)


class _ProbeSource:
    """Serve the lanes that a probe redraws."""

    def __init__(self, seed: int, event: int, events: int) -> None:
        self._generator, self._events = philox_generator(seed, event, PROBES), events

    def take(self, width: int) -> Array:
        return self._generator.random((self._events, width))

    def torch_seed(self) -> int | None:
        return int(self._generator.integers(2**62))


def _probe(request: Request, record: Record, x: Tensor) -> int:
    event = request.first + np.arange(len(x))
    rows = np.flatnonzero((event < PROBE_EVENTS) | (event % PROBE_EVERY == 0))
    if len(rows) == 0:
        return 0
    index = torch.from_numpy(rows)
    visits = [take(visit, index) for visit in record.visits]
    streams, (low, high) = EventStreams(request.seed, PROBES), request.box
    there = low + (high - low) * np.array([streams.at(int(i)).random(len(low)) for i in event[rows]])
    here = request.theta[rows]
    for theta, kind in ((here, HiddenRandomness), (there, LeakError)):
        source = _ProbeSource(request.seed, request.first + int(rows[0]), len(rows)) if kind is LeakError else None
        found = _run_at(request, Replay(request.layout, torch.tensor(theta), visits, source), rows, theta)
        _compare(request, visits, rows, x[index], found, theta, kind)
    return len(rows)


def _last(visits: list[Visit]) -> str | None:
    return visits[-1].name if visits else None


def _why(request: Request, passes: Sequence[Pass], row: int) -> str:
    """Say at which site and parameters an event has no density."""
    for handler in passes:
        for visit in handler.visits:
            density = 0.0 if visit.density is None else handler.per_event(visit.density, visit.position)[row].item()
            if math.isnan(density) or (handler is passes[0] and density == -math.inf):
                return str(_invalid(visit, row))
    return "Its log-density is not a number."


def _invalid(visit: Visit, row: int) -> InvalidParameters:
    constraints = {name: c for name, c in visit.fn.arg_constraints.items() if name in vars(visit.fn)}
    given = {name: _at(getattr(visit.fn, name), visit.position, row) for name in constraints}
    domain = {name: str(constraint) for name, constraint in constraints.items()}
    return InvalidParameters(visit.name, type(visit.fn).__name__, given, domain)


def _at(parameter: Any, position: int | None, row: int) -> Any:
    value = torch.as_tensor(parameter).detach()
    return value.tolist() if position is None or value.dim() <= position else value.select(position, row).tolist()
