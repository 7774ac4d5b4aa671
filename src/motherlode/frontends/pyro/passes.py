"""See every sample site of one run: draw and record it, or replay it at other parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyro
import torch
from pyro.distributions.torch_distribution import MaskedDistribution
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_factor, site_is_subsample
from torch import Tensor

from motherlode.frontends.pyro.errors import NameClash, NoDensity
from motherlode.frontends.pyro.layout import Layout
from motherlode.frontends.pyro.sites.density import log_density, support_bounds
from motherlode.frontends.pyro.sites.drawing import sample
from motherlode.frontends.pyro.sites.streams import Source
from motherlode.tracing import ReplayDiverged

__all__ = ["Pass", "Record", "Replay", "Visit", "check_density", "masked", "moves_with"]


@dataclass(slots=True)
class Visit:
    """Keep one sample site of one pass.

    Attributes
    ----------
    name
        The site's name.
    fn
        Its distribution, without masks.
    value
        What was drawn, detached.
    position
        Event axis of the value, from the left; None in a single run.
    density
        log p(value) with the batch shape of `fn`, masked lanes 0; None where it was not asked for.
    mask
        Lanes that count; None for all.
    observed
        Whether the model gave data for it (``obs=``) or it was named as x.
    """

    name: str
    fn: Any
    value: Tensor
    position: int | None
    density: Tensor | None
    mask: Tensor | None
    observed: bool


class Pass(Messenger):  # type: ignore[misc]
    """See every sample site of a run; the base of :class:`Record` and :class:`Replay`.

    Parameters
    ----------
    layout
        How the model is read.
    theta
        Shape (N, D).
    """

    def __init__(self, layout: Layout, theta: Tensor) -> None:
        super().__init__()
        self.layout, self.theta = layout, theta
        self.size = len(theta)
        self.visits: list[Visit] = []
        self.plates: set[str] = set()
        self._names: set[str] = set()
        self._given = dict(zip(layout.names, layout.columns(theta), strict=True)) if layout.style == "sites" else {}

    def log_prob(self) -> Tensor:
        """Return log p(x, z) of each event, shape (N,)."""
        total = torch.zeros(self.size, dtype=torch.float64)
        for visit in self.visits:
            if visit.density is not None:
                total += self.per_event(visit.density, visit.position)
        return total

    def per_event(self, values: Tensor, position: int | None) -> Tensor:
        """Sum a site's batch-shaped values over all but the events."""
        if position is None:
            return values.sum().reshape(1)
        return values if values.dim() == 1 else values.movedim(position, 0).reshape(self.size, -1).sum(1)

    def _pyro_sample(self, msg: dict[str, Any]) -> None:
        if msg["infer"].get("_deterministic") or site_is_subsample(msg):
            return
        if msg["name"] in self._given:
            self._give(msg)
            return
        self._refuse(msg)
        fn, mask = _unmasked(msg["fn"], msg["mask"])
        position = self.layout.position(msg, self.size)
        self._names.add(msg["name"])
        self.plates.update(frame.name for frame in self.layout.event_frames(msg, self.size))
        self._visit(msg, fn, mask, position)
        msg["done"] = True

    def _pyro_post_param(self, msg: dict[str, Any]) -> None:
        msg["value"] = msg["value"].detach()

    def _give(self, msg: dict[str, Any]) -> None:
        value = self._given[msg["name"]]
        msg["value"] = value.expand(msg["fn"].shape()) if self.layout.batching == "plate" else value
        msg["done"], msg["is_observed"] = True, True

    def _refuse(self, msg: Mapping[str, Any]) -> None:
        name = msg["name"]
        if site_is_factor(msg):
            raise NoDensity(name, "is a pyro.factor", "Write the term as the log-density of a pyro.sample site.")
        if name in self._names:
            raise NameClash(name, "an earlier site of the same run")
        if name in self.layout.names:
            raise NameClash(name, "a parameter that is passed as an argument")

    def _visit(self, msg: dict[str, Any], fn: Any, mask: Tensor | None, position: int | None) -> None:
        raise NotImplementedError

    def _observed(self, msg: Mapping[str, Any]) -> bool:
        return bool(msg["is_observed"]) or msg["name"] in self.layout.observed


class Record(Pass):
    """Draw every site from a source of uniforms and keep it.

    Parameters
    ----------
    layout, theta
        As in :class:`Pass`; θ requires a gradient where gold is wanted.
    source
        The uniforms.
    density
        Whether to evaluate log-densities.
    """

    def __init__(self, layout: Layout, theta: Tensor, source: Source, density: bool = True) -> None:
        super().__init__(layout, theta)
        self._source, self._density = source, density

    def _visit(self, msg: dict[str, Any], fn: Any, mask: Tensor | None, position: int | None) -> None:
        with torch.no_grad():
            value = sample(fn, self._source, position)
        density = masked(log_density(fn, value), mask) if self._density else None
        if density is not None:
            check_density(msg, fn, density)
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, self._observed(msg)))
        msg["value"] = value

    def moving(self) -> Tensor:
        """Return which events have a draw whose support moves with θ, shape (N,)."""
        bounds = [bound for visit in self.visits for bound in support_bounds(visit.fn)]
        return moves_with(bounds, self.theta)


class Replay(Pass):
    """Answer every site with its recorded value.

    Parameters
    ----------
    layout, theta
        As in :class:`Pass`.
    visits
        The record, in order.
    source
        Where given, masked lanes are redrawn: they must not reach x.
    """

    def __init__(self, layout: Layout, theta: Tensor, visits: list[Visit], source: Source | None = None) -> None:
        super().__init__(layout, theta)
        self._record, self._source = visits, source

    def _visit(self, msg: dict[str, Any], fn: Any, mask: Tensor | None, position: int | None) -> None:
        recorded = self._expect(msg["name"], fn)
        if not _same_mask(recorded.mask, mask):
            raise self._diverged(f"'{msg['name']}' with another mask")
        value = recorded.value
        density = masked(log_density(fn, value), mask)
        if recorded.density is not None and _is_scaled(msg) and not torch.equal(density, recorded.density):
            _check_scale(msg)
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, recorded.observed))
        if mask is not None and self._source is not None:
            lanes = mask.reshape(mask.shape + (1,) * len(fn.event_shape))
            value = torch.where(lanes, value, sample(fn, self._source, position).to(value.dtype))
        msg["value"] = value

    def _expect(self, name: str, fn: Any) -> Visit:
        index = len(self.visits)
        if index >= len(self._record) or self._record[index].name != name:
            raise self._diverged(f"'{name}'")
        recorded = self._record[index]
        if recorded.value.shape != fn.shape():
            raise self._diverged(f"'{name}' with shape {tuple(fn.shape())}")
        return recorded

    def _diverged(self, found: str | None) -> ReplayDiverged:
        index = len(self.visits)
        expected = f"'{self._record[index].name}'" if index < len(self._record) else None
        last = self.visits[-1].name if self.visits else None
        return ReplayDiverged(index, last, expected, found)

    def finish(self) -> None:
        """Check that the whole record was asked for.

        Raises
        ------
        ReplayDiverged
            If it was not.
        """
        if len(self.visits) < len(self._record):
            raise self._diverged(None)


def _unmasked(fn: Any, mask: Any) -> tuple[Any, Tensor | None]:
    while isinstance(fn, MaskedDistribution):
        mask = fn._mask if mask is None else torch.as_tensor(mask) & torch.as_tensor(fn._mask)
        fn = fn.base_dist
    if mask is None or mask is True:
        return fn, None
    return fn, torch.as_tensor(mask).bool().expand(fn.batch_shape)


def moves_with(bounds: Sequence[Tensor], theta: Tensor) -> Tensor:
    """Return in which events a bound of a support has a derivative in θ (N, D), shape (N,)."""
    moved = torch.zeros(len(theta), dtype=torch.bool)
    for bound in bounds:
        if bound.requires_grad:
            (gradient,) = torch.autograd.grad(bound.sum(), theta, retain_graph=True, allow_unused=True)
            moved |= False if gradient is None else (gradient != 0).any(-1)
    return moved


def masked(density: Tensor, mask: Tensor | None) -> Tensor:
    """Return a site's density with the lanes that do not count at 0."""
    return density if mask is None else torch.where(mask, density, 0.0)


def _same_mask(mine: Tensor | None, theirs: Tensor | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return torch.equal(mine, theirs)


def check_density(msg: Mapping[str, Any], fn: Any, density: Tensor) -> None:
    """Refuse a scale or a Delta where θ enters.

    Raises
    ------
    NoDensity
        If the site is no normalized density.
    """
    if isinstance(fn, pyro.distributions.Delta) and (fn.v.requires_grad or density.requires_grad):
        remedy = "Draw the value from a distribution with a density, such as Normal(value, noise)."
        raise NoDensity(msg["name"], "is a Delta at a value that depends on theta", remedy)
    if density.requires_grad:
        _check_scale(msg)


def _check_scale(msg: Mapping[str, Any]) -> None:
    if _is_scaled(msg):
        what = f"depends on theta and is scaled by {msg['scale']}"
        raise NoDensity(msg["name"], what, "Remove the scale or subsampling.")


def _is_scaled(msg: Mapping[str, Any]) -> bool:
    return isinstance(msg["scale"], Tensor) or msg["scale"] != 1
