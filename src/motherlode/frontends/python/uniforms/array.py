"""Delay an array of uniform numbers, element by element, until the simulator shows what they are for.

``rng.random(n) < p`` is n Bernoulli branchings, ``np.searchsorted(cumulative, rng.random(n))`` n Categorical ones;
they narrow the elements' intervals. Any other use settles the elements as Uniform numbers.
"""

import operator
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from motherlode.core.types import Array, Bools, Integers, Shape, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.uniforms.delayed import Delayed, Function, Operation, Side, settling
from motherlode.frontends.python.uniforms.intervals import Intervals
from motherlode.tracing import draw

__all__ = ["LazyUniforms"]

Index: TypeAlias = UserValue
_BELOW = (operator.lt, operator.le)
_here = NEAREST.site


class LazyUniforms(Delayed):
    """Stand for an array of uniform numbers that are not settled, or for a view of one.

    Parameters
    ----------
    numbers
        What is known of the elements, shared by all views.
    where
        Index of the view's elements.
    operations, line
        What the program did to them, and the scale and offset that it amounts to.
    """

    __array_priority__ = 1000

    def __init__(
        self,
        numbers: Intervals,
        where: Index = ...,
        operations: tuple[Operation, ...] = (),
        line: tuple[float, float] = (1.0, 0.0),
    ) -> None:
        self._numbers = numbers
        self._where = where
        self._operations = operations
        self._line = line

    def _view(self, where: Index) -> "LazyUniforms":
        return LazyUniforms(self._numbers, where, self._operations, self._line)

    def _apply(self, numbers: Array) -> Array:
        for function, operand, reflected in self._operations:
            numbers = function(operand, numbers) if reflected else function(numbers, operand)
        return numbers

    def settle(self, site: int) -> Array:
        """Return the numbers as an ordinary array."""
        return self._apply(self._numbers.settle(self._where, site))

    @property
    def shape(self) -> Shape:
        """Shape of the array."""
        return self._numbers.hidden[self._where].shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape))

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """Always float64."""
        return np.dtype(np.float64)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator["Array | LazyUniforms"]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Index) -> "Array | LazyUniforms":
        """Return a view; where an element is chosen twice it is settled, because its two copies are no two draws."""
        site = _here()
        key = self.operand(key, site)
        if self._where is ... and _is_basic(key):
            return self._view(key)
        positions = self._positions()[key]
        if len(np.unique(positions)) < positions.size:
            return self.settle(site)[key]
        return self._at(positions)

    def _positions(self) -> Integers:
        hidden = self._numbers.hidden
        positions: Integers = np.arange(hidden.size).reshape(hidden.shape)[self._where]
        return positions

    def _at(self, positions: Integers) -> "LazyUniforms":
        return self._view(np.unravel_index(positions, self._numbers.hidden.shape))

    def reshape(self, *shape: UserValue) -> "LazyUniforms":
        """Return the same numbers in another shape."""
        return self._at(self._positions().reshape(*shape))

    @property
    def T(self) -> "LazyUniforms":  # noqa: N802
        """The same numbers with the axes reversed."""
        return self._at(self._positions().T)

    def ravel(self) -> "LazyUniforms":
        """Return the same numbers along one axis."""
        return self.reshape(-1)

    def compare(self, other: UserValue, order: Function, site: int) -> UserValue:
        """Branch on a comparison, element by element."""
        other = self.operand(other, site)
        scale, offset = self._line
        thresholds = np.array(other, dtype=np.float64)
        shape = self.shape
        if (
            self._numbers.is_settled(self._where)
            or scale == 0.0
            or (thresholds.shape not in ((), shape) and np.broadcast_shapes(thresholds.shape, shape) != shape)
        ):
            return order(self.settle(site), other)
        inverse = thresholds if not self._operations else (thresholds - offset) / scale
        same = (order in _BELOW) == (scale > 0.0)
        low, high = self._numbers.interval(self._where)
        p = _share(inverse, low, high)
        found = draw(
            site, FAMILIES["Bernoulli"], (p,), sampler=self._decide, arguments=(other, order, same), size=shape
        )
        below = np.asarray(found, dtype=np.bool_)
        self._numbers.branch(self._where, inverse, p, below)
        return (below if same else ~below)[()]

    def _decide(self, other: UserValue, order: Function, same: bool) -> Bools:
        """Decide open branchings by the numbers the plain program would have got."""
        hidden = self._numbers.hidden[self._where]
        outcome = np.asarray(order(self._apply(hidden), other))
        return outcome if same else ~outcome

    def locate(self, edges: Array, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
        """Return where each number falls among sorted edges: a Categorical branching."""
        if self._numbers.is_settled(self._where) or self._operations or sorter is not None or edges.ndim != 1:
            return np.searchsorted(edges, self.settle(site), side, sorter)
        low, high = (np.broadcast_to(bound, self.shape) for bound in self._numbers.interval(self._where))
        inner = np.clip(edges, low[..., None], high[..., None])
        bounds = np.concatenate([low[..., None], inner, high[..., None]], axis=-1)
        hidden = self._numbers.hidden[self._where]
        law = (np.diff(bounds),)
        found = draw(
            site, FAMILIES["Categorical"], law,
            sampler=np.searchsorted, arguments=(edges, hidden, side), size=self.shape,
        )  # fmt: skip
        index = np.asarray(found, dtype=np.intp)
        ends = [np.take_along_axis(bounds, index[..., None] + end, axis=-1)[..., 0] for end in (0, 1)]
        possible = ends[0] < ends[1]
        self._numbers.narrow(self._where, np.where(possible, ends[0], low), np.where(possible, ends[1], high))
        return index[()]

    def operate(self, operation: Operation, scale: float, offset: float) -> "LazyUniforms":
        """Return ``scale * self + offset``, delayed."""
        mine = self._line
        line = (scale * mine[0], scale * mine[1] + offset)
        return LazyUniforms(self._numbers, self._where, (*self._operations, operation), line)

    def __setitem__(self, key: Index, value: UserValue) -> None:
        raise NotInstrumented("random(size)", "an element was assigned to; take np.array(rng.random(size)) for that")

    def __reduce__(self) -> tuple[UserValue, ...]:
        return np.array, (self.settle(_here()),)

    def searchsorted(self, v: UserValue, side: Side = "left", sorter: UserValue = None) -> Integers | np.intp:
        """Search among the settled numbers."""
        return np.searchsorted(self.settle(_here()), v, side, sorter)


for _name in ("neg", "pos"):
    setattr(LazyUniforms, f"__{_name}__", settling(getattr(operator, _name)))
for _name in ("matmul", "rmatmul"):
    setattr(LazyUniforms, f"__{_name}__", settling(getattr(np.ndarray, f"__{_name}__")))


def _is_basic(key: Index) -> bool:
    """Return whether an index is made of integers and slices only: it can neither change later nor repeat."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is ... or isinstance(part, (int, slice)) for part in parts)


def _share(thresholds: Array, low: float | Array, high: float | Array) -> Array:
    """Return which part of [low, high] lies below each threshold."""
    if np.ndim(low) or low != 0.0 or high != 1.0:
        thresholds = (thresholds - low) / (high - low)
    if thresholds.size and thresholds.min() >= 0.0 and thresholds.max() <= 1.0:
        return thresholds
    return np.clip(thresholds, 0.0, 1.0)
