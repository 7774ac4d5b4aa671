"""Show the passes of a Pyro model as the trace columns that every front end gives."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from motherlode.core.types import Array, Integers
from motherlode.events import Site, TraceColumns
from motherlode.families import PYRO_FAMILIES
from motherlode.frontends.pyro.passes import Pass
from motherlode.frontends.pyro.sites.visit import Visit

__all__ = ["trace_columns"]


def trace_columns(passes: Sequence[Pass], theta: Array, x: Array) -> TraceColumns:
    """Return the traces of N events as columns, a row for each element drawn.

    Family, parameters and value are those of :mod:`motherlode.families` where it has the distribution: a Geometric, of
    which torch counts the failures, is given by the number of its trials. The density of a draw that is joint over its
    elements (a multivariate normal) stands in its first row.

    Parameters
    ----------
    passes
        The recorded pass and the replays at K alternatives.
    theta, x
        Shapes (N, D) and (N, *L).
    """
    events = len(theta)
    table: dict[Site, int] = {}
    columns = [_Columns(passes, j, events, table) for j in range(len(passes[0].visits))]
    widths = [column.value.shape[1] for column in columns]
    return TraceColumns(
        sites=tuple(table),
        offsets=np.arange(events + 1, dtype=np.int64) * sum(widths),
        site=np.tile(np.repeat([column.site for column in columns], widths), events).astype(np.int32),
        value=_join([column.value for column in columns], events),
        parameter_offsets=_offsets([column.parameters.shape[2] for column in columns], widths, events),
        parameters=_join([column.parameters.reshape(events, -1) for column in columns], events),
        log_prob=np.stack([_join([c.log_prob[r] for c in columns], events) for r in range(len(passes))], axis=1),
        theta=theta,
        x=x,
    )


class _Columns:
    """Hold one site: value (N, E), parameters (N, E, P) and log_prob (1+K, N, E) for E elements."""

    def __init__(self, passes: Sequence[Pass], index: int, events: int, table: dict[Site, int]) -> None:
        visit = passes[0].visits[index]
        base = _base(visit.fn)
        kind = type(base).__name__
        known = PYRO_FAMILIES.get(kind)
        family, offset = (kind, 0.0) if known is None else (known[0].name, known[1].offset)
        self.site = table.setdefault(Site(visit.name, family, visit.observed), len(table))
        self.value = _rows(visit.value, visit, events) + offset
        self.parameters = _parameters(base, visit, events)
        self.log_prob = [self._elements(handler.visits[index], events) for handler in passes]

    def _elements(self, visit: Visit, events: int) -> Array:
        density = _rows(visit.density if visit.density is not None else torch.zeros(events), visit, events)
        if density.shape == self.value.shape:
            return density
        spread = np.zeros(self.value.shape)
        spread[:, :: self.value.shape[1] // density.shape[1]] = density
        return spread


def _base(fn: Distribution) -> Distribution:
    return _base(fn.base_dist) if isinstance(fn, torch.distributions.Independent) else fn


def _rows(values: Tensor, visit: Visit, events: int) -> Array:
    moved = values if visit.position is None else values.movedim(visit.position, 0)
    return moved.detach().reshape(events, -1).to(torch.float64).numpy()


def _parameters(fn: Distribution, visit: Visit, events: int) -> Array:
    elements = visit.value.numel() // events
    if type(fn).__name__ not in PYRO_FAMILIES:
        return np.empty((events, elements, 0))
    call = PYRO_FAMILIES[type(fn).__name__][1]
    if isinstance(fn, torch.distributions.Categorical):
        return _rows(fn.probs.expand(*visit.value.shape, -1), visit, events).reshape(events, elements, -1)
    given = [torch.as_tensor(getattr(fn, name)).expand(visit.value.shape) for name in call.arguments]
    return np.stack([np.asarray(p) for p in call.parameters_of(*[_rows(p, visit, events) for p in given])], axis=2)


def _join(columns: list[Array], events: int) -> Array:
    return (
        np.concatenate([column.reshape(events, -1) for column in columns], axis=1).ravel() if columns else np.empty(0)
    )


def _offsets(counts: list[int], widths: list[int], events: int) -> Integers:
    numbers = np.tile(np.repeat(np.array(counts, dtype=np.int64), widths), events)
    return np.concatenate([[0], np.cumsum(numbers)]).astype(np.int64)
