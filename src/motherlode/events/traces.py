"""Hold the traces of many events as flat columns, and show each as a Trace."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from motherlode.core.types import Array, Bools, Integers
from motherlode.families import FAMILIES
from motherlode.tracing import Branching, Trace

__all__ = ["Site", "TraceColumns"]


class Site(NamedTuple):
    """Name a place where draws are made: its address, its family, and whether it is data."""

    address: str
    family: str
    observed: bool = False


@dataclass(frozen=True, eq=False)
class TraceColumns(Sequence[Trace]):
    """Hold N traces with M draws in all.

    Attributes
    ----------
    sites
        The distinct places; ``site`` points into it.
    offsets
        Draws offsets[i] to offsets[i+1] are those of event i, shape (N+1,).
    site
        Shape (M,), int32.
    value
        Shape (M,), float64; a draw of an array takes one row for each element.
    parameter_offsets, parameters
        Parameters of draw j at θ are parameters[parameter_offsets[j]:parameter_offsets[j+1]].
    log_prob
        Shape (M, 1+K): at θ, then at each alternative.
    theta, x
        Those of the events, shape (N, D) and (N, *L).
    """

    sites: tuple[Site, ...]
    offsets: Integers
    site: NDArray[np.int32]
    value: Array
    parameter_offsets: Integers
    parameters: Array
    log_prob: Array
    theta: Array
    x: Array

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> Trace: ...
    @overload
    def __getitem__(self, index: slice | Integers | Bools) -> "TraceColumns": ...
    def __getitem__(self, index: int | slice | Integers | Bools) -> "Trace | TraceColumns":
        if isinstance(index, (int, np.integer)):
            return self._trace(range(len(self))[index])
        return self._select(np.arange(len(self))[index])

    def _trace(self, event: int) -> Trace:
        seen: Counter[tuple[str, str]] = Counter()
        branchings = []
        for j in range(self.offsets[event], self.offsets[event + 1]):
            site = self.sites[self.site[j]]
            count = seen[site.address, site.family]
            seen[site.address, site.family] += 1
            address = site.address + (f"[{count}]" if count else "")
            parameters = self.parameters[self.parameter_offsets[j] : self.parameter_offsets[j + 1]]
            shown = (parameters,) if _is_vector(site.family) else tuple(float(p) for p in parameters)
            value = float(self.value[j])
            branchings.append(Branching(address, site.family, shown, value, site.observed, self.log_prob[j]))
        return Trace(tuple(branchings), self.theta[event], self.x[event])

    def _select(self, rows: Integers) -> "TraceColumns":
        draws = _ragged_rows(self.offsets, rows)
        numbers = _ragged_rows(self.parameter_offsets, draws)
        return replace(
            self,
            offsets=_offsets(np.diff(self.offsets)[rows]),
            site=self.site[draws],
            value=self.value[draws],
            parameter_offsets=_offsets(np.diff(self.parameter_offsets)[draws]),
            parameters=self.parameters[numbers],
            log_prob=self.log_prob[draws],
            theta=self.theta[rows],
            x=self.x[rows],
        )

    @classmethod
    def concatenate(cls, parts: Sequence["TraceColumns"]) -> "TraceColumns":
        """Join columns, merging their site tables."""
        table: dict[Site, int] = {}
        renumbered = []
        for part in parts:
            new = np.array([table.setdefault(site, len(table)) for site in part.sites], dtype=np.int32)
            renumbered.append(new[part.site] if len(new) else part.site)
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("value", "parameters", "log_prob", "theta", "x")
        }
        return cls(
            sites=tuple(table),
            offsets=_offsets(np.concatenate([np.diff(part.offsets) for part in parts])),
            site=np.concatenate(renumbered),
            parameter_offsets=_offsets(np.concatenate([np.diff(part.parameter_offsets) for part in parts])),
            **joined,
        )


def _is_vector(family: str) -> bool:
    return family in FAMILIES and FAMILIES[family].vector


def _offsets(counts: Integers) -> Integers:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ragged_rows(offsets: Integers, rows: Integers) -> Integers:
    counts = np.diff(offsets)[rows]
    starts = np.repeat(offsets[rows] - _offsets(counts)[:-1], counts)
    return starts + np.arange(counts.sum())
