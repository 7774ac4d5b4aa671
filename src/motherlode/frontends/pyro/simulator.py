"""Mine a Pyro model: the simulator protocol over vectorized passes."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike

from motherlode.core import MotherlodeError, Parameters
from motherlode.core.types import Array, UserFunction
from motherlode.events import CheckReport, Counts, Events, Failure
from motherlode.frontends.fingerprint import fingerprint
from motherlode.frontends.pyro.layouts.layout import Layout
from motherlode.frontends.pyro.layouts.search import TRIAL, LayoutChoice, choose_layout
from motherlode.frontends.pyro.passes import RecordingPass, run_model
from motherlode.frontends.pyro.provenance import explain_model
from motherlode.frontends.pyro.replays import PyroRequest
from motherlode.frontends.pyro.rows import MinedRows, mine_rows
from motherlode.frontends.pyro.trace_columns import trace_columns
from motherlode.gold import check_output_shapes, check_simulator, gather

__all__ = ["PyroSimulator"]

_TIER = "autograd: one vectorized pass, one backward pass, and one replay for each alternative"
_GIVE_UP = 16


class PyroSimulator:
    """Run and mine a Pyro model.

    How the model is called (for rows, in a plate over events, or event by event) is found out at the first use; see
    :mod:`motherlode.frontends.pyro.layouts.search` for the rule and :attr:`layout` for the outcome. Global torch and
    Pyro random state is neither used nor changed; θ and the default dtype are float64 while the model runs, and float32
    where its own tensors (weights, data) need that. Densities are float64 in both.

    Parameters
    ----------
    model
        ``model(theta)`` with θ a tensor (N, D) or (D,); ``model(**named)``; or ``model()`` with
        sample sites named like the parameters, whose own priors are not part of the joint density.
    parameters
        Names and bounds of θ.
    observed
        Names of the sites that are x. When empty, sites with ``obs=`` (they are drawn), else the return value.
    batch
        True: refuse to run event by event; False: always do; None: only when nothing else works.
    """

    def __init__(
        self, model: UserFunction, parameters: Parameters, observed: Sequence[str] = (), batch: bool | None = None
    ) -> None:
        self._model, self._parameters = model, parameters
        self._observed, self._batch = tuple(observed), batch
        self._choice: LayoutChoice | None = None
        self.version = fingerprint(model)

    @property
    def name(self) -> str:
        """Name of the model."""
        return getattr(self._model, "__name__", type(self._model).__name__)

    @property
    def parameters(self) -> Parameters:
        """Names and bounds of θ."""
        return self._parameters

    @property
    def layout(self) -> Layout | None:
        """How the model is called; None before the first use."""
        return None if self._choice is None else self._choice.layout

    @property
    def rejected(self) -> tuple[str, ...]:
        """Why faster ways of calling the model were rejected."""
        return () if self._choice is None else self._choice.rejected

    def simulate(self, theta: ArrayLike, seed: int = 0, first: int = 0) -> Array:
        """Return x with shape (N, *L) for θ with shape (N, D); event i uses stream (seed, first + i)."""
        rows = self._parameters.check(theta)
        layout = self._layout(rows)
        parts = _parts(layout, len(rows))
        outputs = [self._draw(layout, rows[part], seed, first + part.start) for part in parts]
        check_output_shapes({x.shape[1:]: first + part.start for x, part in zip(outputs, parts, strict=True)})
        return np.concatenate(outputs)

    def mine(
        self,
        theta: ArrayLike,
        alternatives: ArrayLike | None = None,
        *,
        seed: int = 0,
        first: int = 0,
        traces: bool = False,
    ) -> Events:
        """Return events with gold at `alternatives`, shape (N, K, D) or (K, D).

        Raises
        ------
        LeakError
            If x moves with θ other than through the draws.
        NoDensity
            If a site is no normalized density.
        SimulatorFailed
            If every event failed.
        """
        rows = self._parameters.check(theta)
        others = self._parameters.check_alternatives(alternatives, len(rows))
        layout = self._layout(rows)
        box = self._parameters.probe_box(rows, others)
        whole = PyroRequest(self._model, layout, rows, others, self._parameters.steps(rows), box, seed, first)
        batches = [batch for part in _parts(layout, len(rows)) for batch in _mine(whole.part(part), traces)]
        return gather(batches)

    def check(self, theta: ArrayLike, alternatives: ArrayLike | None = None) -> CheckReport:
        """Say whether the model can be mined; see :func:`motherlode.gold.check_simulator`."""
        return check_simulator(self, theta, alternatives, tier=_TIER, explain=self._explain, notes=self._notes)

    def _explain(self, error: MotherlodeError) -> str:
        return explain_model(self._model, self.layout, error)

    def _notes(self) -> tuple[str, ...]:
        """Say why the model is run event by event, if it is."""
        return tuple(f"Slower than it could be: {reason}" for reason in self.rejected if self._is_single())

    def _is_single(self) -> bool:
        return self.layout is not None and self.layout.batching == "single"

    def _layout(self, theta: Array) -> Layout:
        if self._choice is None:
            trial = torch.tensor(np.resize(theta, (TRIAL, theta.shape[1])))
            if self._parameters.low is not None:
                low, high = self._parameters.probe_box(theta)
                trial = torch.tensor(low + (high - low) * np.linspace(0.1, 0.9, TRIAL)[:, None])
            self._choice = choose_layout(self._model, self._parameters.names, trial, self._observed, self._batch)
        return self._choice.layout

    def _draw(self, layout: Layout, theta: Array, seed: int, first: int) -> Array:
        source = layout.source(seed, first, len(theta))
        record = RecordingPass(layout, torch.tensor(theta), source, density=False)
        with torch.no_grad():
            return layout.rows(run_model(self._model, record, validate=True), len(theta)).numpy()


def _parts(layout: Layout, events: int) -> list[slice]:
    return [slice(begin, min(begin + layout.chunk, events)) for begin in range(0, events, layout.chunk)]


def _mine(request: PyroRequest, traces: bool) -> list[Events]:
    """Mine a request; where the model raises, halve it until the failing events stand alone."""
    try:
        return [_events(request, mine_rows(request), traces)]
    except MotherlodeError:
        raise
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything; it becomes a failure record
        if len(request.theta) == 1:
            failure = _failure(request, 0, f"{type(error).__name__}: {error}")
            return [Events.failed([failure], request.alternatives.shape[1])]
    half = len(request.theta) // 2
    return _mine(request.part(slice(0, half)), traces) + _mine(request.part(slice(half, len(request.theta))), traces)


def _failure(request: PyroRequest, row: int, reason: str) -> Failure:
    return Failure(request.first + row, tuple(request.theta[row].tolist()), request.seed, reason)


def _events(request: PyroRequest, rows: MinedRows, traces: bool) -> Events:
    kept = np.delete(np.arange(len(request.theta)), list(rows.refused))
    columns = trace_columns(rows.passes, request.theta, rows.x) if traces else None
    draws = sum(visit.value.numel() for visit in rows.passes[0].visits)
    return Events(
        theta=request.theta[kept],
        alternatives=request.alternatives[kept],
        x=rows.x[kept],
        joint_log_ratio=rows.joint_log_ratio[kept],
        joint_score=rows.joint_score[kept],
        event=request.first + kept,
        seed=request.seed,
        traces=None if columns is None else columns[kept],
        failures=tuple(_failure(request, row, why) for row, why in rows.refused.items()),
        counts=Counts(draws, rows.probed.events, rows.probed.discrepancy),
    )
