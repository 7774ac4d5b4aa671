"""Delay an array of uniform numbers, element by element, until the simulator shows what they are for.

``rng.random(n) < p`` is n Bernoulli branchings, ``np.searchsorted(cumulative, rng.random(n))`` n Categorical ones;
they narrow the elements' intervals. Any other use settles the elements as Uniform numbers.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.uniforms.delayed import ARITHMETIC, ORDERS, Delayed, Operation, Order, line_of, settled
from motherlode.frontends.python.uniforms.intervals import Intervals
from motherlode.tracing import caller_site, draw

__all__ = ["LazyUniforms", "plain_at"]

Array = NDArray[np.float64]

_BELOW = (operator.lt, operator.le)


class LazyUniforms(Delayed):
    """Stand for an array of uniform numbers that are not settled.

    Parameters
    ----------
    hidden
        The numbers the plain program would have got, shape (*S).
    low, high
        Interval they are uniform on.
    """

    __array_priority__ = 1000

    def __init__(self, hidden: Array, low: float, high: float) -> None:
        self._numbers = Intervals(np.asarray(hidden), low, high)
        self._where: Any = ...
        self._operations: tuple[Operation, ...] = ()
        self._line = (1.0, 0.0)

    def _view(self, where: Any = None, operations: Any = None, line: Any = None) -> "LazyUniforms":
        view = object.__new__(LazyUniforms)
        view._numbers, view._where = self._numbers, self._where if where is None else where
        view._operations = self._operations if operations is None else operations
        view._line = self._line if line is None else line
        return view

    def _apply(self, numbers: Any) -> Any:
        for function, operand, reflected in self._operations:
            numbers = function(operand, numbers) if reflected else function(numbers, operand)
        return numbers

    def settle(self, site: int) -> Any:
        """Return the numbers as an ordinary array."""
        return self._apply(self._numbers.settle(self._where, site))

    @property
    def shape(self) -> tuple[int, ...]:
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
    def dtype(self) -> Any:
        """Always float64."""
        return np.dtype(np.float64)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator["LazyUniforms"]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        """Return a view; where an element is chosen twice it is settled, because its two copies are no two draws."""
        site = caller_site()
        key = plain_at(key, site)
        if self._where is ... and _is_basic(key):
            return self._view(key)
        positions = self._positions()[key]
        if len(np.unique(positions)) < positions.size:
            return self.settle(site)[key]
        return self._view(np.unravel_index(positions, self._numbers.hidden.shape))

    def _positions(self) -> Any:
        return np.arange(self._numbers.hidden.size).reshape(self._numbers.hidden.shape)[self._where]

    def reshape(self, *shape: Any) -> "LazyUniforms":
        """Return the same numbers in another shape."""
        return self._view(np.unravel_index(self._positions().reshape(*shape), self._numbers.hidden.shape))

    @property
    def T(self) -> "LazyUniforms":  # noqa: N802
        """The same numbers with the axes reversed."""
        return self._view(np.unravel_index(self._positions().T, self._numbers.hidden.shape))

    def ravel(self) -> "LazyUniforms":
        """Return the same numbers along one axis."""
        return self.reshape(-1)

    def compare(self, other: Any, order: Order, site: int) -> Any:
        """Branch on a comparison, element by element."""
        other = other.settle(site) if isinstance(other, LazyUniforms) else settled(other, site)
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
        decide = _Decision(self, other, order, same)
        below = np.asarray(draw(site, FAMILIES["Bernoulli"], (p,), sampler=decide, size=shape), dtype=np.bool_)
        self._numbers.branch(self._where, inverse, p, below)
        return (below if same else ~below)[()]

    def _locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
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

    def _calculate(self, function: Callable[[Any, Any], Any], other: Any, reflected: bool, site: int) -> Any:
        line = line_of(function, other, reflected)
        if line is None:
            numbers = self.settle(site)
            other = other.settle(site) if isinstance(other, LazyUniforms) else settled(other, site)
            return function(other, numbers) if reflected else function(numbers, other)
        scale, offset = self._line
        operations = (*self._operations, (function, other, reflected))
        return self._view(None, operations, (line[0] * scale, line[0] * offset + line[1]))

    def __setitem__(self, key: Any, value: Any) -> None:
        raise NotInstrumented("random(size)", "an element was assigned to; take np.array(rng.random(size)) for that")

    def __reduce__(self) -> tuple[Any, ...]:
        return np.array, (self.settle(caller_site()),)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Any:
        """Search among the settled numbers."""
        return np.searchsorted(self.settle(caller_site()), v, side, sorter)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        site = caller_site()
        if method == "__call__" and len(inputs) == 2 and not options:
            mine = inputs[0] is self
            if ufunc in ORDERS:
                return self.compare(inputs[mine], ORDERS[ufunc][not mine], site)
            if ufunc in ARITHMETIC:
                return self._calculate(ARITHMETIC[ufunc], inputs[mine], not mine, site)
        return getattr(ufunc, method)(*plain_at(inputs, site), **{k: plain_at(v, site) for k, v in options.items()})

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        site = caller_site()
        if func is np.searchsorted and len(args) >= 2 and args[1] is self:
            return self._locate(np.asarray(args[0]), site, *args[2:], **kwargs)
        if func is np.digitize and args[0] is self and np.all(np.diff(args[1]) >= 0):
            return self._locate(np.asarray(args[1]), site, "left" if kwargs.get("right") else "right")
        return func(*plain_at(args, site), **{name: plain_at(value, site) for name, value in kwargs.items()})


def _calculating(function: Callable[[Any, Any], Any], reflected: bool) -> Callable[[LazyUniforms, Any], Any]:
    def method(self: LazyUniforms, other: Any) -> Any:
        return self._calculate(function, other, reflected, caller_site())

    return method


def _settling(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: LazyUniforms, *others: Any) -> Any:
        site = caller_site()
        return function(self.settle(site), *(plain_at(other, site) for other in others))

    return method


for _name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "matmul"):
    setattr(LazyUniforms, f"__{_name}__", _calculating(getattr(operator, _name), False))
    setattr(LazyUniforms, f"__r{_name}__", _calculating(getattr(operator, _name), True))
for _name in ("neg", "pos", "abs", "eq", "ne"):
    setattr(LazyUniforms, f"__{_name}__", _settling(getattr(operator, _name)))
for _name, _function in (("bool", bool), ("float", float), ("int", int), ("str", str)):
    setattr(LazyUniforms, f"__{_name}__", _settling(_function))


def _is_basic(key: Any) -> bool:
    """Return whether an index is made of integers and slices only: it can neither change later nor repeat."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(part is None or part is ... or isinstance(part, (int, slice)) for part in parts)


def _share(thresholds: Array, low: Any, high: Any) -> Array:
    """Return which part of [low, high] lies below each threshold."""
    if np.ndim(low) or low != 0.0 or high != 1.0:
        thresholds = (thresholds - low) / (high - low)
    if thresholds.size and thresholds.min() >= 0.0 and thresholds.max() <= 1.0:
        return thresholds
    return np.clip(thresholds, 0.0, 1.0)


class _Decision:
    """Decide open branchings by the numbers the plain program would have got."""

    def __init__(self, lazy: LazyUniforms, other: Any, order: Order, same: bool) -> None:
        self._lazy, self._other, self._order, self._same = lazy, other, order, same

    def __call__(self) -> Any:
        hidden = self._lazy._numbers.hidden[self._lazy._where]
        outcome = np.asarray(self._order(self._lazy._apply(hidden), self._other))
        return outcome if self._same else ~outcome


def plain_at(value: Any, site: int) -> Any:
    """Return a value with what is lazy in it, and in lists and tuples of it, settled at `site`."""
    if isinstance(value, LazyUniforms):
        return value.settle(site)
    if type(value) in (tuple, list):
        return type(value)(plain_at(part, site) for part in value)
    return settled(value, site)
