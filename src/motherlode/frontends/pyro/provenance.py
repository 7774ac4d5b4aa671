"""Find the line of a Pyro model where θ reaches x outside a sample site.

The event that leaked is run again with its draws held fixed, while every torch operation on a tensor that carries θ
is written down with its line; once where it was drawn and once where x moved.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from motherlode.core import MotherlodeError
from motherlode.core.types import Foreign, ForeignFunction, UserFunction, UserValue
from motherlode.frontends.pyro.layouts.layout import Layout
from motherlode.frontends.pyro.passes import RecordingPass, ReplayPass, run_model
from motherlode.frontends.pyro.shadows import tensors_in
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.frontends.python.frames import keeps_aside
from motherlode.frontends.python.provenance.hidden import hidden_calls, told
from motherlode.frontends.python.provenance.leaks import Found, lost_in, parting
from motherlode.frontends.python.provenance.lines import Step
from motherlode.frontends.python.provenance.ways import Log, Way
from motherlode.tracing import HiddenRandomness, LeakError

__all__ = ["explain_model"]


class _Following(TorchFunctionMode):
    """Let tensors remember the lines that θ went through; tensors are kept, so that no two share an identity."""

    def __init__(self, theta: Tensor, visits: list[Visit], log: Log) -> None:
        super().__init__()
        self._ways = {id(theta): (theta, Way(log, (Step("", 0, "", "theta"),)))}
        self._ways |= {id(visit.value): (visit.value, Way(log, drawn=True)) for visit in visits}
        self._log = log

    @keeps_aside
    def __torch_function__(
        self,
        function: ForeignFunction,
        types: Sequence[type],
        args: tuple[Foreign, ...] = (),
        kwargs: dict[str, Foreign] | None = None,
    ) -> Foreign:
        result = function(*args, **(kwargs or {}))
        way = self.way_of(args, kwargs)
        if way.log is None:
            return result
        name = getattr(function, "__name__", "")
        tensors = list(tensors_in(result))
        after = way.after(name)
        for tensor in tensors:
            self._ways[id(tensor)] = (tensor, after)
        if not tensors and way.steps and isinstance(result, (bool, int, float, np.ndarray)):
            kind = "truth" if isinstance(result, bool) else "int" if isinstance(result, int) else "float"
            self._log.decide(kind, result)
        return result

    def way_of(self, *values: UserValue) -> Way:
        """Return the joint way of the tensors among values."""
        ways = [self._ways[id(tensor)][1] for tensor in tensors_in(values) if id(tensor) in self._ways]
        steps = {step[:2]: step for way in ways for step in way.steps}
        met = next((way.met for way in ways if way.met is not None), None)
        return Way(ways[0].log if ways else None, tuple(steps.values()), any(way.drawn for way in ways), met)


def explain_model(model: UserFunction, layout: Layout | None, error: MotherlodeError) -> str:
    """Return the error's message, after the line where θ got past the sites if that can be told."""
    if isinstance(error, HiddenRandomness) and error.theta is not None:
        return str(error) + told(hidden_calls(lambda: _again(model, layout, error)))
    if layout is None or not isinstance(error, LeakError) or error.theta is None:
        return str(error)
    found = _find_leak(model, layout, error)
    if found.steps:
        return f"theta reaches x outside a sample site at {_line(found.met or found.steps[-1])}\n{error}"
    if found.decision is not None:
        return f"theta decides without a sample site at {_line(found.decision.step)}\n{error}"
    last = f"{error}\nThe last site before x is named; theta could not be followed to the line"
    return f"{last}: it becomes a plain number at {_line(found.lost[0])}" if found.lost else f"{last}."


def _line(step: Step) -> str:
    return f"{step.where}\n{step.source}"


def _find_leak(model: UserFunction, layout: Layout, error: LeakError) -> Found:
    """Run the event again with a θ that is followed."""
    try:
        record = _record(model, layout, error)
    except Exception as failure:  # noqa: BLE001 - a model that keeps state may fail where it did not before
        return Found(refused=f"{type(failure).__name__}: {failure}")
    here, log = _follow(model, layout, record.visits, torch.tensor(np.asarray(error.theta))[None])
    steps = tuple(step for step in here.steps if step.line)
    if steps or error.probe is None:
        return Found(steps, here.met)
    _, there = _follow(model, layout, record.visits, torch.tensor(np.asarray(error.probe))[None])
    return Found(decision=parting(log.decisions, there.decisions), lost=lost_in(log.decisions))


def _again(model: UserFunction, layout: Layout | None, error: LeakError) -> None:
    """Run the model for the sake of its calls; before its layout is known, as it is."""
    try:
        if layout is None:
            model(torch.tensor(np.atleast_2d(np.asarray(error.theta))))
        else:
            _record(model, layout, error)
    except Exception:  # noqa: BLE001 - whatever ran until here was seen
        return


def _record(model: UserFunction, layout: Layout, error: LeakError) -> RecordingPass:
    theta = torch.tensor(np.asarray(error.theta))[None]
    record = RecordingPass(layout, theta, layout.source(0, error.event or 0, 1), density=False)
    with torch.no_grad():
        run_model(model, record)
    return record


def _follow(model: UserFunction, layout: Layout, visits: list[Visit], theta: Tensor) -> tuple[Way, Log]:
    log = Log()
    following = _Following(theta, visits, log)
    try:
        with torch.no_grad(), following:
            return following.way_of(run_model(model, ReplayPass(layout, theta, visits))), log
    except Exception:  # noqa: BLE001 - what was seen until here may tell
        return Way(), log
