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
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from motherlode.frontends.pyro.errors import ModelRefused, NotBatched
from motherlode.frontends.pyro.layout import Layout, Style
from motherlode.frontends.pyro.passes import Record, Replay, Visit
from motherlode.frontends.pyro.running import run
from motherlode.frontends.pyro.sites.streams import BlockSource, EventSource
from motherlode.tracing import HiddenRandomness, ReplayDiverged

__all__ = ["MODEL_ERRORS", "TRIAL", "plan", "same_rows", "take"]

TRIAL = 7
"""Events of the trial; a prime that few models use as a size of their own."""

MODEL_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a model may raise when it is called in a way it was not written for, or at parameters it does not know."""

_CLOSE = 1e-10

Model = Callable[..., Any]


def plan(
    model: Model, names: tuple[str, ...], theta: Tensor, observed: tuple[str, ...], batch: bool | None
) -> tuple[Layout, tuple[str, ...]]:
    """Return the layout to use and why faster ones were rejected.

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
            return attempt(model, candidate, theta), tuple(reasons)
        except ReplayDiverged as diverged:
            reasons.append(f"{_label(candidate)}: draws other sites than alone, '{diverged.found_draw}'")
        except MODEL_ERRORS as error:
            if _is_final(error):
                raise
            reasons.append(f"{_label(candidate)}: {type(error).__name__}: {_shortened(error)}")
    raise ModelRefused(getattr(model, "__name__", repr(model)), reasons)


def _is_final(error: BaseException) -> bool:
    return type(error).__module__.startswith("motherlode.") and not isinstance(error, NotBatched)


def _shortened(error: Exception) -> str:
    return " ".join(str(error).split())[:160]


def _label(layout: Layout) -> str:
    return (
        f"{layout.batching} of {layout.style} arguments" if layout.style != "sites" else f"{layout.batching} of sites"
    )


def _candidates(
    model: Model, names: tuple[str, ...], observed: tuple[str, ...], batch: bool | None
) -> Iterator[tuple[Callable[[Model, Layout, Tensor], Layout], Layout]]:
    styles = _styles(model, names)
    if batch is not False:
        yield from ((_rows, Layout(names, s, "rows", observed, plates=None)) for s in styles if s != "sites")
        yield from ((_plate, Layout(names, s, "plate", observed)) for s in styles)
    if batch is not True:
        yield from ((_single, Layout(names, s, "single", observed)) for s in styles)


def _styles(model: Model, names: tuple[str, ...]) -> list[Style]:
    arguments = _signature_of(model).parameters.values()
    positional = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    required = [a.name for a in arguments if a.default is a.empty and a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    named = set(names) <= {a.name for a in arguments} and set(required) <= set(names)
    styles: list[Style] = ["named"] if named else []
    if positional and len(required) <= 1:
        styles.append("tensor")
    return styles if required else ["sites", *styles]


def _signature_of(model: Model) -> inspect.Signature:
    """Return the signature of a function, or of the ``forward`` of a module."""
    return inspect.signature(model.forward if isinstance(model, torch.nn.Module) else model)


def _rows(model: Model, layout: Layout, theta: Tensor) -> Layout:
    record, outputs = _trial(model, layout, theta)
    layout = replace(layout, plates=frozenset(record.plates))
    layout = replace(layout, axes=tuple(_event_axis(output) for output in outputs))
    x = layout.rows(outputs, TRIAL)
    _verify(model, layout, record, x)
    return replace(layout, shape=tuple(x.shape[1:]), elements=_elements(record))


def _plate(model: Model, layout: Layout, theta: Tensor) -> Layout:
    alone = replace(layout, batching="single")
    single = Record(alone, theta[:1], EventSource(0, 0))
    shape = tuple(alone.rows(run(model, single), 1).shape[1:])
    depth = max((len(visit.fn.batch_shape) for visit in single.visits), default=0)
    extra = max((len(visit.fn.event_shape) for visit in single.visits), default=0)
    failure: Exception = NotBatched("no plate fits")
    for width in sorted({depth, depth + extra}):
        try:
            return _plate_of(model, replace(layout, depth=depth, width=width, shape=shape), theta, single.visits)
        except (ReplayDiverged, *MODEL_ERRORS) as error:
            if _is_final(error) and not isinstance(error, ReplayDiverged):
                raise
            failure = error
    raise failure


def _plate_of(model: Model, layout: Layout, theta: Tensor, shapes: list[Visit]) -> Layout:
    record, outputs = _trial(model, layout, theta)
    layout = replace(layout, axes=tuple(_event_axis(output) for output in outputs))
    alone = replace(layout, batching="single")
    _verify(model, alone, record, layout.rows(outputs, TRIAL), shapes)
    return replace(layout, elements=_elements(record))


def _single(model: Model, layout: Layout, theta: Tensor) -> Layout:
    run(model, Record(layout, theta[:1], EventSource(0, 0)))
    return layout


def _trial(model: Model, layout: Layout, theta: Tensor) -> tuple[Record, list[Tensor]]:
    record = Record(layout, theta, BlockSource(0, 0, TRIAL))
    outputs = run(model, record)
    again = run(model, Replay(layout, theta, record.visits))
    for before, after in zip(outputs, again, strict=True):
        if before.shape != after.shape or not bool(same_rows(before, after).all()):
            last = record.visits[-1].name if record.visits else None
            raise HiddenRandomness(last, 0, theta[0].numpy(), theta[0].numpy(), before.numpy(), after.numpy())
    return record, outputs


def _verify(model: Model, alone: Layout, record: Record, x: Tensor, shapes: list[Visit] | None = None) -> None:
    together = record.log_prob()
    for i in range(TRIAL):
        visits = [_row(visit, i, shapes[j] if shapes else None) for j, visit in enumerate(record.visits)]
        replay = Replay(alone, record.theta[i : i + 1], visits)
        row = alone.rows(run(model, replay), 1)
        density = replay.log_prob()
        if not torch.allclose(density, together[i], rtol=1e-9, atol=1e-9, equal_nan=True):
            raise NotBatched(
                f"event {i} has log-density {density.item():g} alone and {together[i].item():g} among others"
            )
        if row.shape[1:] != x.shape[1:] or not bool(same_rows(row, x[i : i + 1]).all()):
            raise NotBatched(f"event {i} has another x alone than among others")


def _row(visit: Visit, row: int, shape: Visit | None) -> Visit:
    if shape is None or visit.position is None:
        return take(visit, torch.tensor([row]))
    value = visit.value.select(visit.position, row).reshape(shape.value.shape)
    mask = None if visit.mask is None else visit.mask.select(visit.position, row).reshape(shape.fn.batch_shape)
    return Visit(visit.name, visit.fn, value, None, None, mask, visit.observed)


def take(visit: Visit, rows: Tensor) -> Visit:
    """Return the given events of a recorded site."""
    if visit.position is None:
        return visit
    value = visit.value.index_select(visit.position, rows)
    mask = None if visit.mask is None else visit.mask.index_select(visit.position, rows)
    return Visit(visit.name, visit.fn, value, visit.position, None, mask, visit.observed)


def same_rows(a: Tensor, b: Tensor) -> Tensor:
    """Return which rows of two outputs agree to a part in 1e10, NaN equal to NaN.

    Not bit for bit: torch's vectorized functions round differently in batches of another size.
    """
    same = (a == b) | ((a - b).abs() <= _CLOSE * a.abs()) | (a.isnan() & b.isnan())
    return same.reshape(len(a), -1).all(1) if a.dim() else same.reshape(1)


def _elements(record: Record) -> int:
    return sum(visit.value.numel() for visit in record.visits) // TRIAL


def _event_axis(output: Tensor) -> int:
    axes = [axis for axis, size in enumerate(output.shape) if size == TRIAL]
    if not axes:
        raise NotBatched(f"an output has shape {tuple(output.shape)}, without an axis of {TRIAL} events")
    return axes[0] - output.dim()
