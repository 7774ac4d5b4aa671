"""Find the whole-number columns of x and build the probability that suits them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motherlode.surrogates.density.discrete import Categorical, Ordinal

__all__ = ["TABLE", "find_whole_numbers", "make_head"]

TABLE = 64
"""Largest number of values that a table of logits is made for."""


def find_whole_numbers(x: NDArray[np.float64]) -> dict[str, list[int]]:
    """Return the columns that hold nothing but whole numbers, with their smallest and largest and an eighth beyond.

    A number that did not occur is rare, not impossible. Numbers below 0 are only expected where there were some.

    Parameters
    ----------
    x
        Outcomes with shape ``(N, V)``.
    """
    finite = np.isfinite(x).all(axis=0)
    columns = [int(j) for j in np.flatnonzero(finite & (x == np.round(x)).all(axis=0))]
    edges = [_range(x[:, column]) for column in columns]
    return {"columns": columns, "lows": [low for low, _ in edges], "highs": [high for _, high in edges]}


def _range(column: NDArray[np.float64]) -> tuple[int, int]:
    low, high = int(column.min()), int(column.max())
    margin = max(1, (high - low + 1) // 8) if high - low > 2 else 0
    return max(low - margin, min(low, 0)), high + margin


def make_head(whole: dict[str, list[int]], context: int, hidden: Sequence[int], activation: str) -> Any:
    """Return a table of logits where all columns have few values, else mixtures of logistics over the cells."""
    widest = max(high - low + 1 for low, high in zip(whole["lows"], whole["highs"], strict=True))
    if widest <= TABLE:
        return Categorical(whole["lows"], whole["highs"], context, hidden, activation)
    return Ordinal(len(whole["columns"]), context, hidden, activation)
