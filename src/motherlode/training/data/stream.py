"""Train on more events than memory holds: shards in random order through a buffer, its events in random order.

Ranges, scales and labels that need neighbours are those of a sample; see :mod:`.survey`. Where sample and buffer hold
everything, batches are those of a training in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from motherlode.core.types import Array, Integers
from motherlode.estimators.batches import EventBatch
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.store import StoredColumns
from motherlode.training.data.inputs import Columns
from motherlode.training.data.split import Dataset, Group, Part, as_batch
from motherlode.training.data.survey import BUFFER, Survey, within
from motherlode.training.options import TrainingOptions

__all__ = ["StreamedSource", "streamed"]

_SHARDS = 2
"""Fewest shards of a buffer: events of one alone, mined side by side, would not be mixed with others."""


def streamed(
    stored: StoredColumns,
    survey: Survey,
    sample: EventBatch,
    loss: Loss[E],
    score: Callable[[Array], Array] | None,
    options: TrainingOptions,
    device: torch.device,
) -> Dataset:
    """Return the events of a store, to be trained on without ever being in memory together.

    Parameters
    ----------
    stored
        The columns on disk.
    survey
        What one look at them found.
    sample
        Its sample with all columns that the loss reads.
    loss
        What is to be minimized.
    score
        Gives ∇θ log π(θ) of the proposal where the loss reads it.
    options
        0.4 of their memory is the buffer's; it holds at least a batch and two shards.
    device
        Where the events held out are wanted.
    """
    finish = _Finish(sample, score)
    held = Part(finish(as_batch(survey.validation, loss)), torch.from_numpy(survey.held)).to(device)
    event = sum(column[0].nbytes for column in vars(sample).values() if column is not None)
    batch = options.batch(len(stored) - len(survey.held))
    rows = max(batch, int(BUFFER * options.memory / event))
    training = StreamedSource(stored, survey.held, rows, batch, lambda columns: finish(as_batch(columns, loss)))
    return Dataset(training, held, sample)


class StreamedSource:
    """A source of as many groups of shards as memory asks for.

    Parameters
    ----------
    stored
        The columns on disk.
    held
        Sorted numbers of the events that are left out.
    buffer
        Events a group: shards are added until there are as many and two shards, which are mixed.
    batch
        Events that a group has at least, where there are so many: what is left at the end of a pass joins the group
        before if it is fewer events or one shard.
    finish
        Makes a batch with all columns that the loss reads of those on disk.
    """

    def __init__(
        self,
        stored: StoredColumns,
        held: Integers,
        buffer: int,
        batch: int,
        finish: Callable[[Columns], EventBatch],
    ) -> None:
        self.stored, self.held, self.buffer, self.batch, self.finish = stored, held, buffer, batch, finish
        self._first = np.concatenate([[0], np.cumsum(stored.rows)])
        self._rows = [rows - len(self._held(shard)) for shard, rows in enumerate(stored.rows)]

    def __len__(self) -> int:
        return sum(self._rows)

    def groups(self, generator: torch.Generator) -> Sequence[Group]:
        """Return the shards of each group of a pass."""
        groups: list[list[int]] = [[]]
        for shard in torch.randperm(len(self._rows), generator=generator).tolist():
            if self._is_full(groups[-1], self.buffer):
                groups.append([])
            groups[-1].append(shard)
        if len(groups) > 1 and not self._is_full(groups[-1], self.batch):
            left = groups.pop()
            groups[-1] += left
        return [tuple(sorted(group)) for group in groups]

    def _is_full(self, group: Sequence[int], events: int) -> bool:
        return len(group) >= _SHARDS and self.rows(tuple(group)) >= events

    def rows(self, group: Group) -> int:
        """Return the number of events to be fitted in these shards."""
        return sum(self._rows[shard] for shard in group)

    def read(self, group: Group) -> Part:
        """Return the events to be fitted in these shards."""
        total = self.rows(group)
        arrays = {name: np.empty((total, *shape)) for name, shape in self.stored.shapes.items()}
        index = np.empty(total, dtype=np.int64)
        last = 0
        for shard in group:
            place = slice(last, last := last + self._rows[shard])
            kept = np.delete(np.arange(self.stored.rows[shard]), self._held(shard) - self._first[shard])
            index[place] = self._first[shard] + kept
            for name, values in self.stored.read(shard).items():
                arrays[name][place] = values[kept]
        return Part(self.finish(Columns(**arrays, exchangeable=None)), torch.from_numpy(index))

    def _held(self, shard: int) -> Integers:
        return within(self.held, int(self._first[shard]), self.stored.rows[shard])


class _Finish:
    """Give a batch the columns that are worked out and not stored, as the sample has them."""

    def __init__(self, sample: EventBatch, score: Callable[[Array], Array] | None) -> None:
        self.sample, self.score = sample, score
        self._scale = sample.theta.std(0).clamp_min(torch.finfo(torch.float64).tiny)
        self._tree = None if sample.whitener is None else cKDTree((sample.theta / self._scale).numpy())

    def __call__(self, batch: EventBatch) -> EventBatch:
        score = None if self.score is None else torch.as_tensor(self.score(batch.theta.numpy()))
        return replace(batch, whitener=self._whitener(batch.theta), prior_score=score)

    def _whitener(self, theta: Tensor) -> Tensor | None:
        if self.sample.whitener is None or self._tree is None:
            return None
        return self.sample.whitener[torch.from_numpy(self._tree.query((theta / self._scale).numpy())[1])]
