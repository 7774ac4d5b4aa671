"""Hold the columns a loss reads as tensors, split by event into those to fit and those held out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from motherlode.core.types import Integers
from motherlode.estimators.arrays import to_tensor
from motherlode.estimators.batches import Batch, EventBatch, PairBatch, make_marginal_pairs, make_pairs
from motherlode.events import Events
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.training.data.inputs import Columns, columns_of

__all__ = [
    "Dataset",
    "Group",
    "InMemory",
    "Part",
    "Source",
    "as_batch",
    "held_out",
    "pair_up",
    "prepare",
    "split_events",
]


@dataclass(frozen=True)
class Part:
    """Some events with the numbers ``(B,)`` they have in the set they come from."""

    events: EventBatch
    index: Tensor

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, place: slice | Tensor) -> "Part":
        """Return some of them, by a slice or by a tensor of places, which may be on another device."""
        if isinstance(place, slice):
            return Part(self.events[place], self.index[place])
        return Part(self.events[place.to(self.events.theta.device)], self.index[place])

    def to(self, device: torch.device) -> "Part":
        """Return them with their columns on a device; the numbers stay where they are."""
        return Part(self.events.to(device), self.index)


Group: TypeAlias = tuple[int, ...]
"""Numbers of the shards that are in memory together; empty where all events are."""


class Source(Protocol):
    """Where training events come from: groups of them, each of which fits into memory."""

    def __len__(self) -> int:
        """Return the number of events in all groups."""

    def groups(self, generator: torch.Generator) -> Sequence[Group]:
        """Return the groups of one pass in the order of that pass."""

    def rows(self, group: Group) -> int:
        """Return the number of events in a group, without reading it."""

    def read(self, group: Group) -> Part:
        """Return the events of a group."""


@dataclass(frozen=True)
class InMemory:
    """A source of one group that is in memory."""

    part: Part

    def __len__(self) -> int:
        return len(self.part)

    def groups(self, generator: torch.Generator) -> Sequence[Group]:
        """Return the only group."""
        return ((),)

    def rows(self, group: Group) -> int:
        """Return the number of events."""
        return len(self.part)

    def read(self, group: Group) -> Part:
        """Return all events."""
        return self.part


@dataclass(frozen=True)
class Dataset:
    """Events to fit, events held out, and the fitted events that coordinates and ranges are taken from.

    The latter are all of them, or a sample that has every column's extremes where the others are not in memory.
    """

    training: Source
    validation: Part
    reference: EventBatch


def as_batch(events: Events | Columns, loss: Loss[E]) -> EventBatch:
    """Return the columns of Events that a loss reads as float64 tensors."""
    return EventBatch(**{name: to_tensor(getattr(events, name)) for name in columns_of(loss)})


def held_out(total: int, share: float, seed: int, most: int | None = None) -> Integers:
    """Return the sorted numbers of the events to hold out, chosen by the seed alone.

    Parameters
    ----------
    total
        Number of events.
    share
        Share to hold out; at least 16 or half of the events are.
    seed
        Decides which.
    most
        Upper bound of their number.
    """
    held = min(max(16, round(share * total)), total // 2)
    count = held if most is None else min(held, most)
    return np.sort(np.random.default_rng(seed % 2**64).choice(total, count, replace=False))


def split_events(events: EventBatch, share: float, seed: int, device: torch.device) -> Dataset:
    """Hold out a share of events in memory, and move all to a device."""
    validation = held_out(len(events), share, seed)
    training = np.delete(np.arange(len(events)), validation)
    whole = Part(events, torch.arange(len(events)))
    fitted, held = whole[torch.from_numpy(training)], whole[torch.from_numpy(validation)]
    return Dataset(InMemory(fitted.to(device)), held.to(device), fitted.events)


def prepare(events: EventBatch, loss: Loss[E], estimator: E, generator: torch.Generator) -> Batch:
    """Return the batch that the loss reads: the events themselves or pairs of them."""
    return pair_up(events, estimator.marginal, generator) if loss.reads_pairs else events


def pair_up(events: EventBatch, marginal: bool, generator: torch.Generator) -> PairBatch:
    """Return the pairs of events that suit a ratio against the marginal, or one against another parameter."""
    return make_marginal_pairs(events, generator) if marginal else make_pairs(events, generator)
