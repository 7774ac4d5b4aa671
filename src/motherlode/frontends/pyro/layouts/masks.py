"""Find the masked sites whose masked lanes the program uses nevertheless.

Pyro draws a masked lane like any other and leaves its density out. If the draw reaches x or another site, the joint
density of what the program does has that term, so all lanes of the site count. Otherwise the term would be noise, and
the mask stands. Which it is, is found by drawing the masked lanes anew with everything else held fixed.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from motherlode.core.types import Array, UserFunction
from motherlode.frontends.pyro.layouts.layout import Layout
from motherlode.frontends.pyro.passes import ReplayPass, run_model
from motherlode.frontends.pyro.replays import close, same_rows
from motherlode.frontends.pyro.sites.streams import UniformSource
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.tracing import ReplayDiverged

__all__ = ["counted_sites", "reaches"]

_UNIFORMS = (1e-9, 0.5, 1 - 1e-9)


class _Constant:
    """Answer every draw with the quantile at one probability."""

    def __init__(self, u: float, events: int) -> None:
        self._u, self._events = u, events

    def take(self, width: int) -> Array:
        return np.full((self._events, width), self._u)

    def torch_seed(self) -> int | None:
        return int(1e9 * self._u)


def counted_sites(model: UserFunction, layout: Layout, theta: Tensor, visits: list[Visit]) -> frozenset[str]:
    """Return the masked sites of a run of which all lanes are to count, besides those of the layout.

    Sites are asked from the last to the first, so that a lane that only reaches lanes that do not count does not count.
    Sites whose mask leaves nothing out in this run count as a whole.

    Parameters
    ----------
    model, layout
        The Pyro model and how it is called.
    theta
        Where it was run, shape (n, D).
    visits
        The recorded sites.
    """
    counted = layout.counted
    for visit in reversed(visits):
        if visit.mask is None or visit.name in counted:
            continue
        now = replace(layout, counted=counted)
        sources = (_Constant(u, len(theta)) for u in _UNIFORMS)
        if bool(visit.mask.all()) or reaches(model, now, theta, visits, sources, frozenset({visit.name})):
            counted |= {visit.name}
    return counted


def reaches(
    model: UserFunction,
    layout: Layout,
    theta: Tensor,
    visits: list[Visit],
    sources: Iterator[UniformSource],
    names: frozenset[str] | None = None,
) -> bool:
    """Return whether drawing masked lanes anew changes x or the density of another site.

    Parameters
    ----------
    model, layout, theta, visits
        As in :func:`counted_sites`.
    sources
        Where each redraw comes from.
    names
        The sites of which lanes are drawn anew; None for all masked ones.
    """
    record = [replace(visit, mask=None) if visit.name in layout.counted else visit for visit in visits]
    before = ReplayPass(layout, theta, record)
    with torch.no_grad():
        x = run_model(model, before)
        for source in sources:
            after = ReplayPass(layout, theta, record, source, names)
            try:
                moved = run_model(model, after)
            except ReplayDiverged:
                return True
            pairs = [*zip(x, moved, strict=True), *zip(_densities(before), _densities(after), strict=True)]
            if not all(a.shape == b.shape and bool(same_rows(a, b, close(visits)).all()) for a, b in pairs):
                return True
    return False


def _densities(replay: ReplayPass) -> list[Tensor]:
    return [visit.density for visit in replay.visits if visit.density is not None]
