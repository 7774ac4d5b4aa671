"""Find the columns of x that are no continuous numbers, and build the probability that suits them."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from motherlode.core.types import Array
from motherlode.estimators.density.base import DiscreteDensity
from motherlode.estimators.density.discrete import Categorical, Ordinal, WholeNumbers

__all__ = ["TABLE", "AtomColumns", "WholeColumns", "find_atoms", "find_whole_numbers", "make_head"]

TABLE = 64
"""Largest number of values that a table of logits is made for."""

_FEWEST, _SHARE, _ALL_WHOLE = 10, 0.005, 2.0**53


class WholeColumns(TypedDict, total=False):
    """Columns of x that hold whole numbers; empty where there are none.

    Attributes
    ----------
    columns
        Which columns of the flattened x.
    lows, highs
        Smallest and largest number of each.
    """

    columns: list[int]
    lows: list[int]
    highs: list[int]


class AtomColumns(TypedDict, total=False):
    """Columns of x with values of positive probability; empty where there are none.

    Attributes
    ----------
    columns
        Which columns of the flattened x.
    values
        These values of each.
    """

    columns: list[int]
    values: list[list[float]]


def find_whole_numbers(x: Array, except_for: Sequence[int] = ()) -> WholeColumns:
    """Return the columns that hold nothing but whole numbers, with their smallest and largest and an eighth beyond.

    A number that did not occur is rare, not impossible: an eighth is one number at least, on each side and for flags of
    0 and 1 too. Numbers below 0 are only expected where there were some. From 2⁵³ on, where float64 has nothing but
    whole numbers, that a column holds no others says nothing, and it is left to a density.

    Parameters
    ----------
    x
        Outcomes with shape ``(N, V)``.
    except_for
        Columns to leave out, because they were given atoms.
    """
    whole = ((np.abs(x) < _ALL_WHOLE) & (x == np.round(x))).all(axis=0)
    columns = [int(j) for j in np.flatnonzero(whole) if j not in set(except_for)]
    edges = [_range(x[:, column]) for column in columns]
    return {"columns": columns, "lows": [low for low, _ in edges], "highs": [high for _, high in edges]}


def find_atoms(x: Array, except_for: Sequence[int] = ()) -> AtomColumns:
    """Return the columns with values that come back, and these values.

    A continuous law gives no value twice, so a value met in 10 events and 0.5 % of them has a probability of its own:
    the 0 of a cell that did not fire, the edge of a clipped reading. A column of more than :data:`TABLE` such values is
    a rounded one, and left to a density.

    Parameters
    ----------
    x
        Outcomes with shape ``(N, V)``.
    except_for
        Columns to leave out, because they hold whole numbers.
    """
    found = {j: _atoms(x[:, j]) for j in range(x.shape[1]) if j not in set(except_for)}
    found = {j: values for j, values in found.items() if 0 < len(values) <= TABLE}
    return {"columns": list(found), "values": list(found.values())}


def _atoms(column: Array) -> list[float]:
    values, counts = np.unique(column, return_counts=True)
    often: list[float] = values[counts >= max(_FEWEST, _SHARE * len(column))].tolist()
    return often


def _range(column: Array) -> tuple[int, int]:
    low, high = int(column.min()), int(column.max())
    margin = max(1, (high - low + 1) // 8)
    return low - margin if low < 0 else max(low - margin, 0), high + margin


def make_head(whole: WholeColumns, context: int, hidden: Sequence[int], activation: str) -> DiscreteDensity:
    """Return tables of logits for columns of few values, mixtures of logistics over the cells for the others."""
    lows, highs = whole["lows"], whole["highs"]
    narrow = [j for j, (low, high) in enumerate(zip(lows, highs, strict=True)) if high - low < TABLE]
    if len(narrow) == len(lows):
        return Categorical(lows, highs, context, hidden, activation)
    if not narrow:
        return Ordinal(len(lows), context, hidden, activation)
    return WholeNumbers(lows, highs, narrow, context, hidden, activation)
