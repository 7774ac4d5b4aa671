"""Find out how a Pyro model can be run for many events in one pass, by trying and comparing with single runs.

The readings are tried in this order, and the first that is verified is used:

1. *rows*: the model is written for rows; θ has shape (N, D), or is passed by name with shape (N,). Each site needs an
   axis over events, its plate of N or else the first one.
2. *plate*: the model is written for one event; a plate over events is put around it, left of its own plates, and each
   θ has shape (N, 1, ..., 1).
3. *single*: one event a call; slower, but any control flow is allowed.

Verified means: the densities and x of each of :data:`TRIAL` events are those of the same event run alone with the same
draws. So a model that mixes events (``z.sum()``) or branches on values falls back to single runs.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from motherlode.core import MotherlodeError
from motherlode.core.types import UserFunction
from motherlode.frontends.pyro.errors import ModelRefused, NotBatched
from motherlode.frontends.pyro.layouts.layout import Layout, Style
from motherlode.frontends.pyro.layouts.masks import counted_sites
from motherlode.frontends.pyro.layouts.script import fixed_sites
from motherlode.frontends.pyro.passes import RecordingPass, ReplayPass, call_model, run_model
from motherlode.frontends.pyro.replays import close, last_site, same_rows
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.tracing import HiddenRandomness, ReplayDiverged

__all__ = ["TRIAL", "LayoutChoice", "choose_layout"]

TRIAL = 7
"""Events of the trial; a prime that few models use as a size of their own."""

_MODEL_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model may raise when it is called in a way it was not written for, or at parameters it does not know."""


_ABOUT_PRECISION = re.compile(r"dtype|scalar type|double|float", re.IGNORECASE)
"""What torch says where float64 meets float32."""

Attempt = Callable[[UserFunction, Layout, Tensor], Layout]
"""Try one way of calling a model, and complete its layout."""


class LayoutChoice(NamedTuple):
    """Hold the layout to use, and why faster ones were rejected."""

    layout: Layout
    rejected: tuple[str, ...]


def choose_layout(
    model: UserFunction, names: tuple[str, ...], theta: Tensor, observed: tuple[str, ...], batch: bool | None
) -> LayoutChoice:
    """Return the first layout that is verified, and why those before it were rejected.

    Parameters
    ----------
    model
        The Pyro model.
    names
        Names of the D parameters.
    theta
        Where to try, shape (TRIAL, D).
    observed
        Sites that are x; found by ``obs=`` when empty.
    batch
        True: rows or plate only; False: single runs only; None: the first that works.

    Raises
    ------
    ModelRefused
        If the model runs under no reading.
    HiddenRandomness
        If x moves between two runs with the same draws.
    """
    reasons: list[str] = []
    for attempt, candidate in _candidates(model, names, observed, batch):
        try:
            return LayoutChoice(_in_its_precision(attempt, model, candidate, theta), tuple(reasons))
        except ReplayDiverged as diverged:
            reasons.append(f"{_label(candidate)}: draws other sites than alone, '{diverged.found_draw}'")
        except _MODEL_ERRORS as error:
            if _is_final(error):
                raise
            reasons.append(f"{_label(candidate)}: {type(error).__name__}: {_shortened(error)}")
    raise ModelRefused(getattr(model, "__name__", repr(model)), reasons)


def _in_its_precision(attempt: Attempt, model: UserFunction, candidate: Layout, theta: Tensor) -> Layout:
    """Try a layout with θ in float64, and in float32 where the model's own tensors need that."""
    try:
        return attempt(model, candidate, theta)
    except _MODEL_ERRORS as error:
        if _is_final(error) or not _ABOUT_PRECISION.search(str(error)):
            raise
    return attempt(model, replace(candidate, dtype=torch.float32), theta)


def _is_final(error: BaseException) -> bool:
    return isinstance(error, MotherlodeError) and not isinstance(error, NotBatched)


def _shortened(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _label(layout: Layout) -> str:
    return (
        f"{layout.batching} of {layout.style} arguments" if layout.style != "sites" else f"{layout.batching} of sites"
    )


def _candidates(
    model: UserFunction, names: tuple[str, ...], observed: tuple[str, ...], batch: bool | None
) -> Iterator[tuple[Attempt, Layout]]:
    styles = _styles(model, names)
    if batch is not False:
        yield from ((_rows, Layout(names, s, "rows", observed, plates=None)) for s in styles if s != "sites")
        yield from ((_plate, Layout(names, s, "plate", observed)) for s in styles)
    if batch is not True:
        yield from ((_single, Layout(names, s, "single", observed)) for s in styles)


def _styles(model: UserFunction, names: tuple[str, ...]) -> list[Style]:
    arguments = _signature_of(model).parameters.values()
    positional = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    required = [a.name for a in arguments if a.default is a.empty and a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    named = set(names) <= {a.name for a in arguments} and set(required) <= set(names)
    styles: list[Style] = ["named"] if named else []
    if positional and len(required) <= 1:
        styles.append("tensor")
    return styles if required else ["sites", *styles]


def _signature_of(model: UserFunction) -> inspect.Signature:
    """Return the signature of a function, or of the ``forward`` of a module."""
    return inspect.signature(model.forward if isinstance(model, torch.nn.Module) else model)


def _rows(model: UserFunction, layout: Layout, theta: Tensor) -> Layout:
    layout = replace(layout, fixed=fixed_sites(model, layout, theta))
    record, outputs = _trial(model, layout, theta)
    layout = replace(layout, plates=frozenset(record.plates))
    layout = replace(layout, axes=tuple(_event_axis(output) for output in outputs))
    x = layout.rows(outputs, TRIAL)
    _verify(model, layout, record, x)
    counted = counted_sites(model, layout, theta, record.visits)
    return replace(layout, shape=tuple(x.shape[1:]), elements=_elements(record), counted=counted)


def _plate(model: UserFunction, layout: Layout, theta: Tensor) -> Layout:
    alone = replace(layout, batching="single")
    alone = replace(alone, fixed=fixed_sites(model, alone, theta))
    layout = replace(layout, fixed=alone.fixed)
    single = RecordingPass(alone, theta[:1], alone.source(0, 0, 1))
    shape = tuple(alone.rows(run_model(model, single), 1).shape[1:])
    depth = max((len(visit.fn.batch_shape) for visit in single.visits), default=0)
    extra = max((len(visit.fn.event_shape) for visit in single.visits), default=0)
    failure: Exception = NotBatched("no plate fits")
    for width in sorted({depth, depth + extra}):
        try:
            return _plate_of(model, replace(layout, depth=depth, width=width, shape=shape), theta, single.visits)
        except (ReplayDiverged, *_MODEL_ERRORS) as error:
            if _is_final(error) and not isinstance(error, ReplayDiverged):
                raise
            failure = error
    raise failure


def _plate_of(model: UserFunction, layout: Layout, theta: Tensor, shapes: list[Visit]) -> Layout:
    record, outputs = _trial(model, layout, theta)
    layout = replace(layout, axes=tuple(_event_axis(output) for output in outputs))
    alone = replace(layout, batching="single")
    _verify(model, alone, record, layout.rows(outputs, TRIAL), shapes)
    counted = counted_sites(model, layout, theta, record.visits)
    return replace(layout, elements=_elements(record), counted=counted)


def _single(model: UserFunction, layout: Layout, theta: Tensor) -> Layout:
    layout = replace(layout, fixed=fixed_sites(model, layout, theta))
    run_model(model, RecordingPass(layout, theta[:1], layout.source(0, 0, 1)))
    for i, point in enumerate(theta.split(1)):
        record = RecordingPass(layout, point, layout.source(0, i, 1), density=False)
        call_model(model, record)
        if any(visit.mask is not None for visit in record.visits):
            layout = replace(layout, counted=counted_sites(model, layout, point, record.visits))
    return layout


def _trial(model: UserFunction, layout: Layout, theta: Tensor) -> tuple[RecordingPass, list[Tensor]]:
    record = RecordingPass(layout, theta, layout.source(0, 0, TRIAL))
    outputs = run_model(model, record)
    again = run_model(model, ReplayPass(layout, theta, record.visits))
    for before, after in zip(outputs, again, strict=True):
        if before.shape != after.shape or not bool(same_rows(before, after, close(record.visits)).all()):
            raise HiddenRandomness(
                last_site(record.visits), 0, theta[0].numpy(), theta[0].numpy(), before.numpy(), after.numpy()
            )
    return record, outputs


def _verify(
    model: UserFunction, alone: Layout, record: RecordingPass, x: Tensor, shapes: list[Visit] | None = None
) -> None:
    together, visits_of = record.log_prob(), list(enumerate(record.visits))
    near = 10 * close(record.visits)
    for i in range(TRIAL):
        visits = [visit.alone(i, shapes[j]) if shapes else visit.rows(torch.tensor([i])) for j, visit in visits_of]
        replay = ReplayPass(alone, record.theta[i : i + 1], visits)
        row = alone.rows(run_model(model, replay), 1)
        density = replay.log_prob()
        if not torch.allclose(density, together[i], rtol=near, atol=near, equal_nan=True):
            raise NotBatched(
                f"event {i} has log-density {density.item():g} alone and {together[i].item():g} among others"
            )
        if row.shape[1:] != x.shape[1:] or not bool(same_rows(row, x[i : i + 1], near / 10).all()):
            raise NotBatched(f"event {i} has another x alone than among others")


def _elements(record: RecordingPass) -> int:
    return sum(visit.value.numel() for visit in record.visits) // TRIAL


def _event_axis(output: Tensor) -> int:
    axes = [axis for axis, size in enumerate(output.shape) if size == TRIAL]
    if not axes:
        raise NotBatched(f"an output has shape {tuple(output.shape)}, without an axis of {TRIAL} events")
    return axes[0] - output.dim()
