"""Run a model's recorded events again at other parameters and insist on the same x."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motherlode.frontends.pyro.layout import Layout
from motherlode.frontends.pyro.layout_search import same_rows
from motherlode.frontends.pyro.passes import Replay, Visit
from motherlode.frontends.pyro.running import run
from motherlode.frontends.pyro.sites.streams import BlockSource, EventSource, Source
from motherlode.tracing import LeakError, ReplayDiverged

__all__ = ["Request", "compare", "last_site", "run_at", "source_of"]

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


def source_of(layout: Layout, seed: int, first: int, events: int) -> Source:
    """Return the stream of uniforms that `events` events from `first` on are drawn from."""
    return EventSource(seed, first) if layout.batching == "single" else BlockSource(seed, first, events)


def run_at(request: Request, replay: Replay, rows: NDArray[np.int64], theta: Array) -> Tensor:
    """Return x (n, *L) of a replay of the given rows at θ (n, D)."""
    try:
        with torch.no_grad():
            outputs = run(request.model, replay)
    except ReplayDiverged as diverged:
        raise diverged.at(request.first + int(rows[0]), request.theta[rows[0]], theta[0]) from diverged
    return request.layout.rows(outputs, len(rows))


def compare(
    request: Request,
    visits: list[Visit],
    rows: NDArray[np.int64],
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
    equal = same_rows(x, found) if x.shape == found.shape else torch.zeros(len(x), dtype=torch.bool)
    if bool(equal.all()):
        return
    i = int((~equal).nonzero()[0, 0])
    row = int(rows[i])
    moved = (x[i].numpy(), found[i].numpy())
    raise kind(last_site(visits), request.first + row, request.theta[row], theta[i], *moved)


def last_site(visits: list[Visit]) -> str | None:
    """Return the name of the last site before x."""
    return visits[-1].name if visits else None
