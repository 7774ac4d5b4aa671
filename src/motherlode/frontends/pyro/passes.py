"""Run a model under one pass over its sample sites: drawn and recorded, or replayed at other parameters."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyro
import torch
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_factor, site_is_subsample
from torch import Tensor
from torch.distributions import Distribution

from motherlode.core.types import UserFunction, UserValue
from motherlode.frontends.errors import OutputRefused
from motherlode.frontends.output import checked_output
from motherlode.frontends.pyro.errors import NameClash, NoDensity
from motherlode.frontends.pyro.layouts.layout import Layout, SiteMessage
from motherlode.frontends.pyro.sites.density import (
    check_density,
    depends_on,
    is_scaled,
    log_density,
    masked,
    moves_with,
    support_bounds,
    unmasked,
)
from motherlode.frontends.pyro.sites.precision import to_double
from motherlode.frontends.pyro.sites.samplers import sample_site
from motherlode.frontends.pyro.sites.streams import UniformSource
from motherlode.frontends.pyro.sites.visit import Visit
from motherlode.frontends.python.frames import runs_program
from motherlode.tracing import ReplayDiverged

__all__ = ["Pass", "RecordingPass", "ReplayPass", "call_model", "run_model"]


class Pass(Messenger):  # type: ignore[misc]
    """See every sample site of a run; the base of :class:`RecordingPass` and :class:`ReplayPass`.

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

    def _pyro_sample(self, msg: SiteMessage) -> None:
        if msg["infer"].get("_deterministic") or site_is_subsample(msg):
            return
        if msg["name"] in self._given:
            self._give(msg)
            return
        if self._keeps(msg):
            msg["done"] = True
            return
        self._refuse(msg)
        fn, mask = unmasked(msg["fn"], msg["mask"])
        mask = None if self._counts_all(msg) else mask
        position = self.layout.position(msg, self.size)
        self._names.add(msg["name"])
        self.plates.update(plate.name for plate in self.layout.event_plates(msg, self.size))
        self._visit(msg, fn, mask, position)
        msg["done"] = True

    def _pyro_post_param(self, msg: SiteMessage) -> None:
        if msg["value"] is not None and not depends_on(msg["value"], self.theta):
            msg["value"] = msg["value"].detach()

    def _keeps(self, msg: SiteMessage) -> bool:
        """Return whether the script gave the site a value that is no data: it stays, and its density does not count."""
        return msg["value"] is not None and (not msg["is_observed"] or msg["name"] in self.layout.fixed)

    def _counts_all(self, msg: SiteMessage) -> bool:
        """Return whether lanes that a mask leaves out count nevertheless, because the program uses them."""
        return msg["name"] in self.layout.counted

    def _give(self, msg: SiteMessage) -> None:
        value = self._given[msg["name"]]
        msg["value"] = value.expand(_shape(msg["fn"])) if self.layout.batching == "plate" else value
        msg["done"], msg["is_observed"] = True, True

    def _refuse(self, msg: SiteMessage) -> None:
        name = msg["name"]
        if site_is_factor(msg):
            raise NoDensity(name, "is a pyro.factor", "Write the term as the log-density of a pyro.sample site.")
        if name in self._names:
            raise NameClash(name, "an earlier site of the same run")
        if name in self.layout.names:
            raise NameClash(name, "a parameter that is passed as an argument")

    def _visit(self, msg: SiteMessage, fn: Distribution, mask: Tensor | None, position: int | None) -> None:
        raise NotImplementedError

    def _observed(self, msg: SiteMessage) -> bool:
        return bool(msg["is_observed"]) or msg["name"] in self.layout.observed


class RecordingPass(Pass):
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

    def __init__(self, layout: Layout, theta: Tensor, source: UniformSource, density: bool = True) -> None:
        super().__init__(layout, theta)
        self._source, self._density = source, density

    def _visit(self, msg: SiteMessage, fn: Distribution, mask: Tensor | None, position: int | None) -> None:
        if msg["value"] is not None and depends_on(torch.as_tensor(msg["value"]), self.theta):
            remedy = "Give the site in every run, or pass theta to its distribution."
            raise NoDensity(msg["name"], "is given a value that depends on theta, but not in every run", remedy)
        with torch.no_grad():
            value = sample_site(fn, self._source, position)
        density = masked(log_density(fn, value), mask) if self._density else None
        if density is not None:
            check_density(msg["name"], fn, density, msg["scale"], self.theta)
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, self._observed(msg)))
        msg["value"] = value.clone()

    def moving(self) -> Tensor:
        """Return which events have a draw whose support moves with θ, shape (N,)."""
        bounds = [bound for visit in self.visits for bound in support_bounds(visit.fn)]
        return moves_with(bounds, self.theta)


class ReplayPass(Pass):
    """Answer every site with its recorded value.

    Parameters
    ----------
    layout, theta
        As in :class:`Pass`.
    visits
        The record, in order.
    source
        Where given, lanes that a mask leaves out are redrawn: they must reach neither x nor another site.
    redrawn
        The sites of which they are; None for all.
    """

    def __init__(
        self,
        layout: Layout,
        theta: Tensor,
        visits: list[Visit],
        source: UniformSource | None = None,
        redrawn: frozenset[str] | None = None,
    ) -> None:
        super().__init__(layout, theta)
        self._record, self._source, self._redrawn = visits, source, redrawn

    def _visit(self, msg: SiteMessage, fn: Distribution, mask: Tensor | None, position: int | None) -> None:
        recorded = self._expect(msg["name"], fn)
        if not _same_mask(recorded.mask, mask):
            raise self._diverged(f"'{msg['name']}' with another mask")
        value = recorded.value
        density = masked(log_density(fn, value), mask)
        if recorded.density is not None and is_scaled(msg["scale"]) and not torch.equal(density, recorded.density):
            raise NoDensity.scaled(msg["name"], msg["scale"])
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, recorded.observed))
        if mask is not None and self._source is not None and self._is_redrawn(msg["name"]):
            lanes = mask.reshape(mask.shape + (1,) * len(fn.event_shape))
            value = torch.where(lanes, value, sample_site(fn, self._source, position).to(value.dtype))
            self.visits[-1].value = value
        msg["value"] = value.clone()

    def _is_redrawn(self, name: str) -> bool:
        return self._redrawn is None or name in self._redrawn

    def _expect(self, name: str, fn: Distribution) -> Visit:
        index = len(self.visits)
        if index >= len(self._record) or self._record[index].name != name:
            raise self._diverged(f"'{name}'")
        recorded = self._record[index]
        if recorded.value.shape != _shape(fn):
            raise self._diverged(f"'{name}' with shape {tuple(_shape(fn))}")
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


@runs_program
def call_model(model: UserFunction, handler: Pass, validate: bool = False) -> UserValue:
    """Run the model under a pass, unseen by handlers outside, and return what it returned."""
    with _alone(validate, handler.layout.dtype), handler:
        return handler.layout.call(model, handler.theta)


def run_model(model: UserFunction, handler: Pass, validate: bool = False) -> list[Tensor]:
    """Run the model under a pass as :func:`call_model` does, and return its outputs: observed sites, else the value.

    Parameters
    ----------
    model
        The Pyro model.
    handler
        What answers its sites.
    validate
        Whether Pyro checks the parameters of each distribution; mining looks at the densities instead.

    Raises
    ------
    OutputRefused
        If there is no output, or one that is no array of real numbers.
    """
    returned = call_model(model, handler, validate)
    if isinstance(handler, ReplayPass):
        handler.finish()
    seen = [to_double(visit.value) for visit in handler.visits if visit.observed]
    return seen or _outputs(returned)


@contextmanager
def _alone(validate: bool, dtype: torch.dtype) -> Iterator[None]:
    default = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with pyro.poutine.block(), pyro.validation_enabled(validate):
            yield
    finally:
        torch.set_default_dtype(default)


def _outputs(returned: UserValue) -> list[Tensor]:
    if returned is None:
        raise OutputRefused(
            "None, and has no observed site",
            "A `return` is missing: end the model with `return x`, or give the site that is x an obs=, or name it in "
            "observed=.",
        )
    parts = returned if isinstance(returned, (tuple, list)) else (returned,)
    for part in parts:
        checked_output(part.detach() if isinstance(part, Tensor) else part)
    return [torch.as_tensor(part, dtype=torch.float64) for part in parts]


def _shape(fn: Distribution) -> torch.Size:
    return fn.batch_shape + fn.event_shape


def _same_mask(mine: Tensor | None, theirs: Tensor | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return torch.equal(mine, theirs)
