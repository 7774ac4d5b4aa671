"""Mine a run of consecutive events of a Pyro model: one recorded pass with autograd, one replay an alternative."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core.types import Array
from motherlode.frontends.pyro.errors import LiveTangent
from motherlode.frontends.pyro.passes import Pass, RecordingPass, ReplayPass, run_model
from motherlode.frontends.pyro.probes import Probed, probe
from motherlode.frontends.pyro.replays import PyroRequest, compare, last_site, run_at
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.tracing import InvalidParameters, LeakError

__all__ = ["MinedRows", "mine_rows"]


@dataclass(frozen=True)
class MinedRows:
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
        What the probes say.
    """

    x: Array
    joint_log_ratio: Array
    joint_score: Array
    passes: Sequence[Pass]
    probed: Probed
    refused: dict[int, str] = field(default_factory=dict)


def mine_rows(request: PyroRequest) -> MinedRows:
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
    probed = probe(request, record, x, score.numpy())
    return MinedRows(x.numpy(), ratio.numpy(), score.numpy(), [record, *replays], probed, refused)


def _record(request: PyroRequest) -> tuple[RecordingPass, Tensor, Tensor, Tensor]:
    theta = torch.tensor(request.theta, requires_grad=True)
    source = request.layout.source(request.seed, request.first, len(theta))
    record = RecordingPass(request.layout, theta, source)
    with torch.enable_grad():
        outputs = run_model(request.model, record)
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


def _check_tangent(request: PyroRequest, record: RecordingPass, outputs: list[Tensor]) -> None:
    for output in outputs:
        if not output.requires_grad:
            continue
        (live,) = torch.autograd.grad(output.sum(), record.theta, allow_unused=True, retain_graph=True)
        if live is not None and bool((live != 0).any()):
            row = int((live != 0).any(1).nonzero()[0, 0])
            raise LiveTangent(last_site(record.visits), request.first + row, request.theta[row])


def _replay(request: PyroRequest, record: RecordingPass, x: Tensor, theta: Array) -> ReplayPass:
    replay = ReplayPass(request.layout, torch.tensor(theta), record.visits)
    found = run_at(request, replay, np.arange(len(x)), theta)
    compare(request, record.visits, np.arange(len(x)), x, found, theta, LeakError)
    return replay


def _why(request: PyroRequest, passes: Sequence[Pass], row: int) -> str:
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


def _at(parameter: Tensor | float, position: int | None, row: int) -> ArrayLike:
    value = torch.as_tensor(parameter).detach()
    return (value if position is None or value.dim() <= position else value.select(position, row)).numpy()
