"""Run a Pyro model once for a run of events: draw and record its sites, or replay them at other parameters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyro
import torch
from pyro.distributions.torch_distribution import MaskedDistribution
from pyro.poutine.messenger import Messenger
from pyro.poutine.util import site_is_factor, site_is_subsample
from torch import Tensor

from motherlode.frontends.pyro.density import log_density, moving_bounds
from motherlode.frontends.pyro.errors import NameClash, NoDensity, NotBatched
from motherlode.frontends.pyro.layout import Layout
from motherlode.frontends.pyro.samplers import draw, has_sampler
from motherlode.frontends.pyro.streams import Source
from motherlode.tracing import ReplayDiverged

__all__ = ["Pass", "Record", "Replay", "Visit", "run"]


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
        self.events = len(theta)
        self.visits: list[Visit] = []
        self.plates: set[str] = set()
        self._names: set[str] = set()
        self._given = dict(zip(layout.names, layout.columns(theta), strict=True)) if layout.style == "sites" else {}

    def log_prob(self) -> Tensor:
        """Return log p(x, z) of each event, shape (N,)."""
        total = torch.zeros(self.events, dtype=torch.float64)
        for visit in self.visits:
            if visit.density is not None:
                total = total + self.per_event(visit.density, visit.position)
        return total

    def per_event(self, values: Tensor, position: int | None) -> Tensor:
        """Sum a site's batch-shaped values over all but the events."""
        if position is None:
            return values.sum().reshape(1)
        return values if values.dim() == 1 else values.movedim(position, 0).reshape(self.events, -1).sum(1)

    def _pyro_sample(self, msg: dict[str, Any]) -> None:
        if msg["infer"].get("_deterministic") or site_is_subsample(msg):
            return
        if msg["name"] in self._given:
            self._give(msg)
            return
        self._refuse(msg)
        fn, mask = _unmasked(msg["fn"], msg["mask"])
        position = self.layout.position(msg, self.events)
        self._names.add(msg["name"])
        self.plates.update(frame.name for frame in self.layout.event_frames(msg, self.events))
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
        density = _masked(log_density(fn, value), mask) if self._density else None
        if density is not None:
            _check_density(msg, fn, density)
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, self._observed(msg)))
        msg["value"] = value

    def moving(self) -> Tensor:
        """Return which events have a draw whose support moves with θ, shape (N,)."""
        bounds = [bound for visit in self.visits for bound in moving_bounds(visit.fn)]
        if not bounds:
            return torch.zeros(self.events, dtype=torch.bool)
        total = torch.stack([bound.sum() for bound in bounds])
        gradients = [torch.autograd.grad(b, self.theta, retain_graph=True, allow_unused=True)[0] for b in total]
        moved = [(gradient != 0).any(-1) for gradient in gradients if gradient is not None]
        return torch.stack(moved).any(0) if moved else torch.zeros(self.events, dtype=torch.bool)


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
        density = _masked(log_density(fn, value), mask)
        if recorded.density is not None and _is_scaled(msg) and not torch.equal(density, recorded.density):
            _check_scale(msg)
        self.visits.append(Visit(msg["name"], fn, value, position, density, mask, recorded.observed))
        msg["value"] = value if mask is None or self._source is None else self._redraw(fn, value, mask, position)

    def _redraw(self, fn: Any, value: Tensor, mask: Tensor, position: int | None) -> Tensor:
        lanes = mask.reshape(mask.shape + (1,) * len(fn.event_shape))
        return torch.where(lanes, value, sample(fn, self._source, position).to(value.dtype)) if self._source else value

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


def run(model: Callable[..., Any], handler: Pass, validate: bool = False) -> list[Tensor]:
    """Run the model under a pass in float64 and return its outputs: observed sites, else what it returned.

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
    NotBatched
        If there is no output.
    """
    with _alone(validate), handler:
        returned = handler.layout.call(model, handler.theta)
    if isinstance(handler, Replay):
        handler.finish()
    seen = [visit.value for visit in handler.visits if visit.observed]
    return seen or _tensors(returned)


@contextmanager
def _alone(validate: bool) -> Iterator[None]:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with pyro.poutine.block(), pyro.validation_enabled(validate):
            yield
    finally:
        torch.set_default_dtype(default)


def sample(fn: Any, source: Source | None, position: int | None) -> Tensor:
    """Draw a site from uniforms, or with torch's own sampler under a seed of the event's stream."""
    if source is None:
        raise NotBatched("no stream")
    if not has_sampler(fn):
        return _sample_with_torch(fn, source)
    return draw(fn, lambda shape: _uniform(source, shape, position), fn.batch_shape)


def _uniform(source: Source, shape: torch.Size, position: int | None) -> Tensor:
    if position is None:
        return torch.from_numpy(source.take(shape.numel())).reshape(shape)
    events = shape[position]
    rest = shape[:position] + shape[position + 1 :]
    numbers = torch.from_numpy(source.take(rest.numel()))
    return numbers.reshape(events, *rest).movedim(0, position)


def _sample_with_torch(fn: Any, source: Source) -> Tensor:
    seed = source.torch_seed()
    if seed is None:
        raise NotBatched(f"{type(fn).__name__} has no sampler of fixed cost, so rows would depend on each other")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.as_tensor(fn.sample())


def _tensors(returned: Any) -> list[Tensor]:
    if returned is None:
        raise NotBatched("the model has no observed site and returns nothing, so there is no x")
    parts = returned if isinstance(returned, (tuple, list)) else (returned,)
    return [torch.as_tensor(part, dtype=torch.float64) for part in parts]


def _unmasked(fn: Any, mask: Any) -> tuple[Any, Tensor | None]:
    while isinstance(fn, MaskedDistribution):
        mask = fn._mask if mask is None else torch.as_tensor(mask) & torch.as_tensor(fn._mask)
        fn = fn.base_dist
    if mask is None or mask is True:
        return fn, None
    return fn, torch.as_tensor(mask).bool().expand(fn.batch_shape)


def _masked(density: Tensor, mask: Tensor | None) -> Tensor:
    return density if mask is None else torch.where(mask, density, 0.0)


def _same_mask(mine: Tensor | None, theirs: Tensor | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return torch.equal(mine, theirs)


def _check_density(msg: Mapping[str, Any], fn: Any, density: Tensor) -> None:
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
