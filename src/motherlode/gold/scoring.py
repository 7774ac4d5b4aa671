"""Evaluate the log-probabilities of many draws at many parameters, family by family."""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Bools, Integers, Shape
from motherlode.families import Family
from motherlode.tracing.branching import DrawParameters, RecordedDraw

__all__ = ["Scores", "log_probs"]

Item = TypeVar("Item")


class Scores(NamedTuple):
    """Hold log-probabilities of M elements, one for each number drawn (a draw of an array has many).

    Attributes
    ----------
    log_prob
        Shape (R, M): element m at the parameters of run r.
    draw
        The draw each element belongs to, shape (M,), ascending.
    moved
        Whether a parameter that moves the support differs in run r from run 0, shape (R, M).
    """

    log_prob: Array
    draw: Integers
    moved: Bools


class _Group(NamedTuple):
    """Tell apart draws that can be evaluated in one call."""

    family: Family
    shape: Shape
    categories: int


def log_probs(draws: Sequence[RecordedDraw], runs: Sequence[Sequence[DrawParameters]]) -> Scores:
    """Return log p(value of draw j | parameters of draw j in run r).

    Parameters
    ----------
    draws
        J recorded draws, of any number of events.
    runs
        R runs, each with the parameters of all J draws; run 0 is the recording.
    """
    groups = _groups(draws)
    elements = np.empty(len(draws), dtype=np.int64)
    for group, members in groups:
        elements[members] = math.prod(group.shape)
    starts = np.concatenate([[0], np.cumsum(elements)]).astype(np.int64)
    log_prob = np.empty((len(runs), starts[-1]))
    moved = np.zeros((len(runs), starts[-1]), dtype=np.bool_)
    for group, members in groups:
        value = np.array([draw.value for draw in _chosen(draws, members)], dtype=np.float64)
        parameters = [_gather(runs, members, p, group) for p in range(len(group.family.parameters))]
        where = _where(starts, members, math.prod(group.shape))
        log_prob[:, where] = group.family.log_prob(value, *parameters).reshape(len(runs), -1)
        for name in group.family.moving:
            parameter = parameters[group.family.parameters.index(name)]
            differs = np.broadcast_to(parameter != parameter[0], (len(runs), *value.shape))
            moved[:, where] |= differs.reshape(len(runs), -1)
    return Scores(log_prob, np.repeat(np.arange(len(draws)), elements), moved)


def _where(starts: Integers, members: Integers, width: int) -> slice | Integers:
    if len(members) == len(starts) - 1:
        return slice(None)
    elements: Integers = (starts[members][:, None] + np.arange(width)).ravel()
    return elements


def _groups(draws: Sequence[RecordedDraw]) -> list[tuple[_Group, Integers]]:
    kinds = {(family, value.__class__ is np.ndarray) for _, family, _, value, _ in draws}
    if len(kinds) == 1:
        ((only, is_array),) = kinds
        if not (is_array or only.vector):
            return [(_Group(only, (), 0), np.arange(len(draws)))]
    groups: dict[tuple[Family, Shape, int], list[int]] = defaultdict(list)
    for j, (_, family, parameters, value, _) in enumerate(draws):
        shape = value.shape if isinstance(value, np.ndarray) else ()
        groups[family, shape, np.shape(parameters[0])[-1] if family.vector else 0].append(j)
    return [(_Group(*group), np.array(members)) for group, members in groups.items()]


def _chosen(items: Sequence[Item], members: Integers) -> Sequence[Item]:
    return items if len(members) == len(items) else [items[j] for j in members.tolist()]


def _gather(runs: Sequence[Sequence[DrawParameters]], members: Integers, position: int, group: _Group) -> Array:
    """Return one parameter with shape (R, members, *shape), and (.., C) for a vector family.

    Where no member has an array for it, its elements' axes have size 1: what it needs is evaluated once a draw.
    """
    numbers = itemgetter(position)
    if not group.shape and not group.family.vector:
        count = len(members)
        return np.stack([np.fromiter(map(numbers, _chosen(run, members)), np.float64, count) for run in runs])
    rows = [list(map(numbers, _chosen(run, members))) for run in runs]
    if not group.shape:
        return np.array(rows, dtype=np.float64)
    if not any(map(np.ndim, chain.from_iterable(rows))):
        scalars = np.array(rows, dtype=np.float64)
        return scalars.reshape(*scalars.shape, *(1,) * len(group.shape))
    shape = (*group.shape, group.categories) if group.family.vector else group.shape
    return np.array([[_spread(number, shape) for number in row] for row in rows], dtype=np.float64)


def _spread(number: ArrayLike, shape: Shape) -> ArrayLike:
    return number if np.shape(number) == shape else np.broadcast_to(number, shape)
