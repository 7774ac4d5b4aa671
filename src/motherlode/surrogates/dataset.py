"""Hold the columns a loss reads as tensors, split by event, and hand out shuffled batches by index."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from motherlode.surrogates.batch import EventBatch, PairBatch, make_marginal_pairs, make_pairs
from motherlode.surrogates.losses import Loss

__all__ = ["Batches", "Dataset", "as_batch", "pair_up", "prepare", "split"]


@dataclass(frozen=True)
class Dataset:
    """Events to fit and events held out, with the indices they have in the set they come from."""

    training: EventBatch
    validation: EventBatch
    training_index: Tensor
    validation_index: Tensor


def as_batch(events: Any, loss: Loss) -> EventBatch:
    """Return the columns of Events that a loss reads as float64 tensors."""
    pairs = loss.kind == "pairs"
    wanted = {
        "alternatives": pairs or "alternatives" in loss.columns,
        "joint_log_ratio": "joint_log_ratio" in loss.columns,
        "joint_score": "joint_score" in loss.columns,
    }
    optional: dict[str, Tensor] = {
        name: torch.as_tensor(getattr(events, name)) for name, needed in wanted.items() if needed
    }
    return EventBatch(theta=torch.as_tensor(events.theta), x=torch.as_tensor(events.x), **optional)


def split(events: EventBatch, share: float, seed: int) -> Dataset:
    """Hold out a share of the events, at least 16 or half of them, chosen by the seed alone."""
    total = len(events)
    order = torch.randperm(total, generator=torch.Generator().manual_seed(seed))
    held = min(max(16, round(share * total)), total // 2)
    validation, training = order[:held].sort().values, order[held:].sort().values
    return Dataset(events[training], events[validation], training, validation)


def prepare(events: EventBatch, loss: Loss, estimator: Any, generator: torch.Generator) -> EventBatch | PairBatch:
    """Return the batch that the loss reads: the events themselves or pairs of them."""
    return events if loss.kind == "events" else pair_up(events, estimator, generator)


def pair_up(events: EventBatch, estimator: Any, generator: torch.Generator) -> PairBatch:
    """Return the pairs of events that suit the reference of a ratio estimator."""
    if getattr(estimator, "marginal", False):
        return make_marginal_pairs(events, generator)
    return make_pairs(events, generator)


class Batches:
    """Endless shuffled batches of row numbers; its state can be kept and restored.

    Parameters
    ----------
    total
        Number of events.
    size
        Events a batch; the last short batch of a pass is dropped.
    generator
        Source of the order.
    """

    def __init__(self, total: int, size: int, generator: torch.Generator) -> None:
        self.total, self.size, self.generator = total, size, generator
        self.order = torch.empty(0, dtype=torch.int64)
        self.position = 0

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        if self.position + self.size > len(self.order):
            self.order = torch.randperm(self.total, generator=self.generator)
            self.position = 0
        rows = self.order[self.position : self.position + self.size]
        self.position += self.size
        return rows

    def state(self) -> dict[str, Any]:
        """Return what restores the sequence."""
        return {"order": self.order, "position": self.position, "generator": self.generator.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where a state was taken."""
        self.order, self.position = state["order"], state["position"]
        self.generator.set_state(state["generator"])
