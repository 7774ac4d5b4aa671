"""Run a model's recorded events again at other parameters and insist on the same x."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from motherlode.core.types import Array, Integers, UserFunction
from motherlode.frontends.pyro.layouts.layout import Layout
from motherlode.frontends.pyro.passes import ReplayPass, run_model
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.tracing import LeakError, ReplayDiverged

__all__ = ["PyroRequest", "close", "compare", "last_site", "run_at", "same_rows"]

_CLOSE = 1e-10
_CLOSE_IN_SINGLE = 1e-4


@dataclass(frozen=True)
class PyroRequest:
    """Say what to mine: N events from `first` on, at `theta` (N, D), with `alternatives` (N, K, D).

    Attributes
    ----------
    model, layout
        The Pyro model and how it is called.
    theta, alternatives
        Shapes (N, D) and (N, K, D).
    steps
        Steps of differences in θ, shape (N, D).
    box
        Lower and upper bounds of probe parameters, shape (D,) each.
    seed, first
        The streams that the events are drawn from.
    """

    model: UserFunction
    layout: Layout
    theta: Array
    alternatives: Array
    steps: Array
    box: tuple[Array, Array]
    seed: int
    first: int

    def part(self, rows: slice) -> "PyroRequest":
        """Return the request for some of its events."""
        theta, alternatives, steps = self.theta[rows], self.alternatives[rows], self.steps[rows]
        return replace(self, theta=theta, alternatives=alternatives, steps=steps, first=self.first + rows.start)


def run_at(request: PyroRequest, replay: ReplayPass, rows: Integers, theta: Array) -> Tensor:
    """Return x (n, *L) of a replay of the given rows at θ (n, D)."""
    try:
        with torch.no_grad():
            outputs = run_model(request.model, replay)
    except ReplayDiverged as diverged:
        raise diverged.at(request.first + int(rows[0]), request.theta[rows[0]], theta[0]) from diverged
    return request.layout.rows(outputs, len(rows))


def compare(
    request: PyroRequest,
    visits: list[Visit],
    rows: Integers,
    x: Tensor,
    found: Tensor,
    theta: Array,
    kind: type[LeakError],
) -> None:
    """Raise `kind` if a row's x moved.

    Parameters
    ----------
    request, visits
        What is mined, and the recorded sites.
    rows
        Which rows of the request were replayed, shape (n,).
    x, found
        Recorded and replayed outputs, shape (n, *L).
    theta
        Where they were replayed, shape (n, D).
    kind
        LeakError or HiddenRandomness.
    """
    equal = same_rows(x, found, close(visits)) if x.shape == found.shape else torch.zeros(len(x), dtype=torch.bool)
    if bool(equal.all()):
        return
    i = int((~equal).nonzero()[0, 0])
    row = int(rows[i])
    moved = (x[i].numpy(), found[i].numpy())
    raise kind(last_site(visits), request.first + row, request.theta[row], theta[i], *moved)


def close(visits: list[Visit]) -> float:
    """Return how far apart two runs of the same events may round: more where the model computes in float32."""
    return _CLOSE_IN_SINGLE if any(visit.is_single for visit in visits) else _CLOSE


def same_rows(a: Tensor, b: Tensor, tolerance: float = _CLOSE) -> Tensor:
    """Return which rows of two outputs agree to a part in 1e10, or the tolerance given, NaN equal to NaN.

    Not bit for bit: torch's vectorized functions round differently in batches of another size.
    """
    same = (a == b) | ((a - b).abs() <= tolerance * a.abs()) | (a.isnan() & b.isnan())
    return same.reshape(len(a), -1).all(1) if a.dim() else same.reshape(1)


def last_site(visits: list[Visit]) -> str | None:
    """Return the name of the last site before x."""
    return visits[-1].name if visits else None
