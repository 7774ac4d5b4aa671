"""Describe one reading of a Pyro model: how θ goes in, where the events lie, and what x is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict

import pyro
import torch
from torch import Tensor
from torch.distributions import Distribution

from motherlode.core.types import Shape, UserFunction, UserValue
from motherlode.frontends.pyro.errors import NotBatched
from motherlode.frontends.pyro.sites.streams import BlockSource, EventSource, UniformSource

__all__ = ["Batching", "Layout", "Plate", "SiteMessage", "Style"]

Style = Literal["tensor", "named", "sites"]
Batching = Literal["rows", "plate", "single"]

_PLATE = "motherlode_events"
_CHUNK = 1 << 17
_NUMBERS = 1 << 21


class Plate(Protocol):
    """Show what Pyro tells of a plate around a site."""

    @property
    def name(self) -> str:
        """The plate's name."""

    @property
    def dim(self) -> int:
        """Its axis in batch shapes, counted from the right; negative."""

    @property
    def size(self) -> int:
        """Its length."""

    @property
    def vectorized(self) -> bool:
        """Whether it is an axis rather than a loop."""


class SiteMessage(TypedDict):
    """Show what Pyro's handlers are told of a sample site, as far as it is read here."""

    name: str
    fn: Distribution
    value: Tensor | None
    is_observed: bool
    mask: Tensor | bool | None
    scale: Tensor | float
    infer: Mapping[str, bool]
    cond_indep_stack: tuple[Plate, ...]
    done: bool


@dataclass(frozen=True)
class Layout:
    """Say how a model is called for N events.

    Attributes
    ----------
    names
        Names of the D parameters.
    style
        ``tensor``: one argument; ``named``: an argument for each parameter; ``sites``: θ are sample sites.
    batching
        ``rows``: the model is written for rows, θ is (N, D) or named (N,). ``plate``: it is written for one event and
        runs inside a plate over events, each θ with shape (N, 1, ..., 1). ``single``: one event a call, θ is (D,) or
        named scalars.
    observed
        Names of the sites that are x; the return value when empty.
    depth
        Batch dimensions right of the event plate.
    width
        Trailing dimensions of size 1 on each θ.
    plates
        The model's own plates over events; None where any plate of N events is one (the trial run).
    axes
        Event axis of each output, counted from the right.
    shape
        Shape of one event's x; None before it is known.
    elements
        Numbers drawn in an event, as far as known.
    fixed
        Names of the sites whose values the script gives and that are not data.
    counted
        Names of the masked sites of which lanes that the mask leaves out reach x or another site: all lanes count.
    dtype
        The type of float that θ is given in, and torch's default while the model runs.
    """

    names: tuple[str, ...]
    style: Style
    batching: Batching
    observed: tuple[str, ...] = ()
    depth: int = 0
    width: int = 0
    plates: frozenset[str] | None = frozenset()
    axes: tuple[int, ...] = ()
    shape: Shape | None = None
    elements: int = 1
    fixed: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    dtype: torch.dtype = torch.float64

    @property
    def chunk(self) -> int:
        """Events that are run in one pass: enough to hide Python, few enough for the graph to stay small."""
        return 1 if self.batching == "single" else max(64, min(_CHUNK, _NUMBERS // max(1, self.elements)))

    def source(self, seed: int, first: int, events: int) -> UniformSource:
        """Return the stream of uniforms that `events` events from `first` on are drawn from."""
        return EventSource(seed, first) if self.batching == "single" else BlockSource(seed, first, events)

    def call(self, model: UserFunction, theta: Tensor) -> UserValue:
        """Run the model at θ, shape (N, D), under the handlers that are active."""
        theta = theta.to(self.dtype)
        arguments, named = self._arguments(theta)
        if self.batching == "plate":
            with pyro.plate(_PLATE, len(theta), dim=-1 - self.depth):
                return model(*arguments, **named)
        return model(*arguments, **named)

    def columns(self, theta: Tensor) -> list[Tensor]:
        """Return each parameter as the model sees it by name."""
        theta = theta.to(self.dtype)
        if self.batching == "single":
            return list(theta[0].unbind())
        return [column.reshape(-1, *(1,) * self.width) for column in theta.unbind(-1)]

    def _arguments(self, theta: Tensor) -> tuple[tuple[Tensor, ...], Mapping[str, Tensor]]:
        if self.style == "sites":
            return (), {}
        if self.style == "named":
            return (), dict(zip(self.names, self.columns(theta), strict=True))
        if self.batching == "rows":
            return (theta,), {}
        return (theta[0] if self.batching == "single" else torch.stack(self.columns(theta)),), {}

    def position(self, message: SiteMessage, events: int) -> int | None:
        """Return the event axis of a site counted from the left of its batch shape; None in a single run.

        Raises
        ------
        NotBatched
            If the site has none.
        """
        if self.batching == "single":
            return None
        shape = message["fn"].batch_shape
        axis = len(shape) + self._axis(message, events)
        if not (0 <= axis < len(shape)) or shape[axis] != events:
            raise NotBatched(
                f"site '{message['name']}' has batch shape {tuple(shape)}, without an axis of {events} events"
            )
        return axis

    def _axis(self, message: SiteMessage, events: int) -> int:
        if self.batching == "plate":
            return -1 - self.depth
        plates = self.event_plates(message, events)
        return int(plates[-1].dim) if plates else -len(message["fn"].batch_shape)

    def event_plates(self, message: SiteMessage, events: int) -> list[Plate]:
        """Return the model's own plates around a site that run over events."""
        plates = [plate for plate in message["cond_indep_stack"] if plate.vectorized]
        if self.plates is None:
            return [plate for plate in plates if plate.size == events]
        return [plate for plate in plates if plate.name in self.plates]

    def rows(self, outputs: list[Tensor], events: int) -> Tensor:
        """Return the outputs of a call as x with shape (N, *L)."""
        if self.batching == "single":
            moved = [output[None] for output in outputs]
        else:
            moved = [output.movedim(axis, 0) for output, axis in zip(outputs, self.axes, strict=True)]
        flat = moved[0] if len(moved) == 1 else torch.cat([part.reshape(events, -1) for part in moved], 1)
        return flat if self.shape is None or self.batching == "single" else flat.reshape(events, *self.shape)
