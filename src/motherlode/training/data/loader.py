"""Hand out shuffled batches without end; batch n of a training depends on the seed and n alone.

Events are gathered and paired up in blocks of many batches, and a batch is a slice of a block: on a 2x64 perceptron
gathering and pairing batch by batch cost a tenth of the step.
"""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import torch

from motherlode.estimators.batches import Batch, EventBatch
from motherlode.training.data.split import Group, Part, Source

__all__ = ["Loader", "seeded_generator"]

_BATCHES, _BYTES = 64, 1 << 24
_LAPS, _ROWS, _PAIRS = range(3)


def seeded_generator(seed: int, *place: int) -> torch.Generator:
    """Return a generator of random numbers that depends on a seed and a place in the sequence of a training."""
    mixed = np.random.SeedSequence((seed % 2**64, *place)).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(mixed >> 1))


class Loader:
    """Endless batches of a source: each pass takes its groups in random order and their events in random order.

    Parameters
    ----------
    source
        The events.
    size
        Events a batch, no more than a group holds; what is left of a group is dropped in this pass.
    seed
        Decides the order and what ``prepare`` draws.
    prepare
        Makes a block of events what the loss reads, event by event, with a generator for random choices.
    device
        Where batches are wanted.
    """

    def __init__(
        self,
        source: Source,
        size: int,
        seed: int,
        prepare: Callable[[EventBatch, torch.Generator], Batch],
        device: torch.device,
    ) -> None:
        self.source, self.size, self.seed, self.prepare, self.device = source, size, seed, prepare, device

    def batches(self, first: int) -> Iterator[Batch]:
        """Yield batches number ``first``, ``first + 1`` and so on."""
        for block, begin, generator in self._blocks(first):
            batch = self.prepare(block.events, generator)
            width = len(batch) // len(block) * self.size
            for place in range(begin * width, len(batch), width):
                yield batch[place : place + width]

    def events(self, number: int) -> Part:
        """Return the events of one batch as they were before they were prepared."""
        block, begin, _ = next(self._blocks(number))
        return block[begin * self.size : (begin + 1) * self.size]

    def _blocks(self, first: int) -> Iterator[tuple[Part, int, torch.Generator]]:
        for lap in count():
            for place, group in enumerate(self.source.groups(seeded_generator(self.seed, _LAPS, lap))):
                whole = self.source.rows(group) // self.size
                if first < whole:
                    yield from self._of_group(group, whole, first, (lap, place))
                first = max(0, first - whole)

    def _of_group(
        self, group: Group, whole: int, first: int, place: tuple[int, int]
    ) -> Iterator[tuple[Part, int, torch.Generator]]:
        part = self.source.read(group)
        order = torch.randperm(len(part), generator=seeded_generator(self.seed, _ROWS, *place))
        order = order[: whole * self.size]
        length = self.size * _batches_in_a_block(part, self.size)
        for number, begin in enumerate(range(0, len(order), length)):
            rows = order[begin : begin + length]
            skipped = min(first, len(rows) // self.size)
            first -= skipped
            if skipped * self.size < len(rows):
                yield part[rows].to(self.device), skipped, seeded_generator(self.seed, _PAIRS, *place, number)


def _batches_in_a_block(part: Part, size: int) -> int:
    columns = [column for column in vars(part.events[:1]).values() if column is not None]
    alternatives = 1 if part.events.alternatives is None else part.events.alternatives.shape[1]
    pair = 8 * sum(column.numel() for column in columns) * max(1, alternatives)
    return max(1, min(_BATCHES, _BYTES // (size * pair)))
