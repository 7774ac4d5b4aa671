r"""Say which draws make the joint log-ratio vary, by the line that makes them.

.. math:: \text{share}_a = \frac{\mathrm{Cov}(\ell_a, \ell)}{\mathrm{Var}(\ell)}, \qquad
   \ell = \log r(x, z) = \sum_a \ell_a

with :math:`\ell_a` the part of the draws at line a. Shares sum to 1; a share below 0 belongs to draws that cancel
others.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motherlode.core.types import Array, Bools, Integers
from motherlode.events.batch import Events
from motherlode.events.errors import EventsError
from motherlode.events.traces import TraceColumns
from motherlode.families import FAMILIES, Family

__all__ = ["SiteShare", "site_shares"]

_PROFILE = 1000


@dataclass(frozen=True)
class SiteShare:
    """Sum up the draws made at one place.

    Attributes
    ----------
    address
        ``file:function:line``, or the name of the draw.
    family
        Name of the probability family.
    draws
        Numbers drawn there in an event, on average.
    depends
        Whether any of their densities changed between θ and an alternative.
    share
        Part of the variance of the joint log-ratio; NaN where that does not vary.
    moving
        Events without a joint score in which the support of a draw here moved with θ.
    profile
        The share by repetition: first, second, … draw made there in an event.
    """

    address: str
    family: str
    draws: float
    depends: bool
    share: float
    moving: int
    profile: tuple[float, ...]


def site_shares(events: Events) -> tuple[SiteShare, ...]:
    """Return what each place contributes, largest share first.

    Events that are impossible at an alternative do not count for the shares.

    Parameters
    ----------
    events
        Mined with traces and K ≥ 1 alternatives.

    Raises
    ------
    EventsError
        If the traces were not kept.
    """
    traces = events.traces
    if traces is None:
        raise EventsError("The events have no traces, so nobody knows which draws they made. Mine with traces=True.")
    event = np.repeat(np.arange(len(events)), np.diff(traces.offsets))
    parts = _parts(events, traces, event)
    occurrence = _occurrences(traces.site, event)
    moved = _moved(traces, event, np.asarray(np.isnan(events.joint_score).any(axis=1)))
    differs = (traces.log_prob[:, 1:] != traces.log_prob[:, :1]).any(axis=1)
    found = []
    for index, site in enumerate(traces.sites):
        here = traces.site == index
        profile = np.bincount(np.minimum(occurrence[here], _PROFILE - 1), parts[here])
        found.append(
            SiteShare(
                site.address,
                site.family,
                float(here.sum() / max(1, len(events))),
                bool(differs[here].any()),
                float(profile.sum()),
                len(np.unique(event[here & moved])),
                tuple(profile.tolist()),
            )
        )
    return tuple(sorted(found, key=lambda site: (-np.nan_to_num(site.share), not site.depends, site.address)))


def _parts(events: Events, traces: TraceColumns, event: Integers) -> Array:
    """Return the contribution of each draw to the variance, as a share of it, shape (M,)."""
    log_ratio = events.joint_log_ratio
    possible = np.isfinite(log_ratio)
    centred = np.where(possible, log_ratio, 0.0)
    counts = np.maximum(1, possible.sum(axis=0))
    centred = np.where(possible, centred - centred.sum(axis=0) / counts, 0.0)
    variance = float(np.sum(centred**2))
    with np.errstate(invalid="ignore"):
        terms = np.where(possible[event], traces.log_prob[:, :1] - traces.log_prob[:, 1:], 0.0)
    total = np.sum(terms * centred[event], axis=1)
    return total / variance if variance > 0 else np.full(len(event), np.nan)


def _occurrences(site: NDArray[np.int32], event: Integers) -> Integers:
    """Return how many draws of the same event came from the same place before each draw."""
    if not len(site):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((np.arange(len(site)), site, event))
    starts = np.concatenate([[True], (np.diff(site[order]) != 0) | (np.diff(event[order]) != 0)])
    first = np.maximum.accumulate(np.where(starts, np.arange(len(site)), 0))
    occurrence = np.empty(len(site), dtype=np.int64)
    occurrence[order] = np.arange(len(site)) - first
    return occurrence


def _moved(traces: TraceColumns, event: Integers, scoreless: Bools) -> Bools:
    """Return which draws moved their support with θ and so cost their event its score.

    A changed density shows it where all parameters of the family move its support (Uniform); of other families
    (Binomial) only where no such draw explains the missing score.
    """
    differs = (traces.log_prob[:, 1:] != traces.log_prob[:, :1]).any(axis=1) & scoreless[event]
    certain = differs & _of_sites(traces, _only_moves)
    explained = np.zeros(len(scoreless), dtype=np.bool_)
    explained[event[certain]] = True
    return certain | (differs & _of_sites(traces, _can_move) & ~explained[event])


def _of_sites(traces: TraceColumns, has: Callable[[Family], bool]) -> Bools:
    """Return for each draw whether its family has a property."""
    known = [site.family in FAMILIES and has(FAMILIES[site.family]) for site in traces.sites]
    return np.array(known, dtype=np.bool_)[traces.site]


def _can_move(family: Family) -> bool:
    return bool(family.moving)


def _only_moves(family: Family) -> bool:
    return bool(family.parameters) and set(family.parameters) <= set(family.moving)
