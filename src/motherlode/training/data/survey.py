"""Look once at all shards of a store that memory does not hold, and keep what a training needs at hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from motherlode.core.types import Array, Integers
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.store import StoredColumns
from motherlode.training.checks import faults, refuse_faults
from motherlode.training.data.inputs import Columns
from motherlode.training.data.split import held_out

__all__ = ["BUFFER", "Survey", "survey"]

BUFFER = 0.4
"""Share of the memory that is the buffer's."""

_KEPT, _LEAST, _MOST, _MANY = 0.125, 1000, 100_000, 256


@dataclass(frozen=True)
class Survey:
    """What one look at all shards found.

    Attributes
    ----------
    sample
        Some events to be fitted, in order: random ones and, for each column, those with its smallest value, its largest
        and its first that is no whole number, so that ranges and kinds of columns are those of all events. Where x has
        more than 256 columns they are those of the random ones.
    validation
        The events held out.
    held
        Their sorted numbers in the store.
    """

    sample: Columns
    validation: Columns
    held: Integers

    def together(self) -> Columns:
        """Return sample and held-out events as one set: what tables and bounds of a default estimator must hold."""
        one, other = vars(self.sample), vars(self.validation)
        columns = {name: np.concatenate([one[name], other[name]]) for name in ("theta", "x")}
        return Columns(**columns, exchangeable=self.sample.exchangeable)


def survey(stored: StoredColumns, loss: Loss[E], share: float, memory: float, seed: int) -> Survey:
    """Read all shards once.

    Parameters
    ----------
    stored
        The columns the loss reads.
    loss
        What is to be minimized.
    share
        Share of the events to hold out, as far as they fit into an eighth of the memory.
    memory
        Bytes; the sample takes another eighth, 100,000 events at most.
    seed
        Decides which events are held out and which are sampled.

    Raises
    ------
    NonFiniteEvents, ScoreUnavailable
        With the numbers of all events concerned.
    """
    total = len(stored)
    room = max(_LEAST, int(_KEPT * memory / stored.bytes_per_event))
    held = held_out(total, share, seed, room)
    picked = _picked(total, held, min(room, _MOST), seed)
    found: dict[str, list[int]] = {}
    sample, validation, extremes = [], [], _Extremes(held)
    for first, columns in _shards(stored):
        for name, rows in faults(Columns(**columns, exchangeable=None), loss).items():
            found.setdefault(name, []).extend(first + row for row in rows)
        validation.append(_rows(columns, first, held))
        sample.append(_rows(columns, first, picked))
        extremes.look(columns, first)
    refuse_faults(found, loss, total)
    others = np.setdiff1d(extremes.numbers(), picked)
    sample += [_rows(columns, first, others) for first, columns in _shards(stored, others)]
    order = np.argsort(np.concatenate([picked, others]))
    return Survey(_join(sample, stored, order), _join(validation, stored), held)


def _shards(stored: StoredColumns, numbers: Integers | None = None) -> Iterator[tuple[int, dict[str, Array]]]:
    """Yield the number of the first event and the columns of each shard, or of those that hold some numbers."""
    first = 0
    for shard, rows in enumerate(stored.rows):
        if numbers is None or len(within(numbers, first, rows)):
            yield first, stored.read(shard)
        first += rows


def within(numbers: Integers, first: int, count: int) -> Integers:
    """Return the sorted numbers from ``first`` to ``first + count - 1``."""
    low, high = np.searchsorted(numbers, (first, first + count))
    return numbers[low:high]


def _rows(columns: dict[str, Array], first: int, numbers: Integers) -> dict[str, Array]:
    places = within(numbers, first, len(columns["theta"])) - first
    return {name: values[places] for name, values in columns.items()}


def _join(parts: list[dict[str, Array]], stored: StoredColumns, order: Integers | slice = slice(None)) -> Columns:
    arrays = {name: np.concatenate([part[name] for part in parts])[order] for name in stored.names}
    return Columns(**arrays, exchangeable=stored.exchangeable)


def _picked(total: int, held: Integers, most: int, seed: int) -> Integers:
    if total - len(held) <= most:
        return np.setdiff1d(np.arange(total), held, assume_unique=True)
    generator = np.random.default_rng((seed % 2**64, 1))
    return np.setdiff1d(generator.choice(total, most, replace=False, shuffle=False), held)


class _Extremes:
    """The numbers of the events that a column's smallest, largest and first broken value come from."""

    def __init__(self, held: Integers) -> None:
        self.held = held
        self.found: dict[tuple[str, str], tuple[Array, Integers]] = {}

    def look(self, columns: dict[str, Array], first: int) -> None:
        """Take a shard into account whose first event has this number."""
        places = np.arange(len(columns["theta"]))
        places = np.setdiff1d(places, within(self.held, first, len(places)) - first, assume_unique=True)
        for name in ("theta", "alternatives", "x"):
            values = columns.get(name)
            if len(places) and values is not None and 0 < prod(values.shape[1:]) <= _MANY:
                flat = values.reshape(len(values), -1)[places]
                for kind, key in (("low", flat), ("high", -flat), ("broken", -1.0 * (flat != np.floor(flat)))):
                    self._offer(name, kind, key.min(axis=0), first + places[key.argmin(axis=0)])

    def _offer(self, name: str, kind: str, value: Array, number: Integers) -> None:
        if (name, kind) in self.found:
            lowest, where = self.found[name, kind]
            number = np.where(value < lowest, number, where)
            value = np.minimum(value, lowest)
        self.found[name, kind] = value, number

    def numbers(self) -> Integers:
        """Return them, sorted."""
        return np.unique(np.concatenate([number for _, number in self.found.values()]))
