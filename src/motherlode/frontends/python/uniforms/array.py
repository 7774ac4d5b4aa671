"""Give arrays of uniform numbers that are real arrays, and notice what their elements are compared with.

``rng.random(n) < p`` is n Bernoulli branchings, ``np.searchsorted(cumulative, rng.random(n))`` n Categorical ones; they
narrow the elements' intervals. Views, copies and NumPy's functions that only move elements carry the positions along.
Any other use settles the elements as Uniform numbers and goes on with an ordinary array on the same memory.
"""

import operator
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from motherlode.core.types import Array, Bools, ForeignFunction, Integers, UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.python.uniforms.conversions import settling
from motherlode.frontends.python.uniforms.intervals import Element, Intervals, share
from motherlode.frontends.python.uniforms.linked import Function, Linked, Side, here, settled
from motherlode.frontends.python.uniforms.memory import Memory
from motherlode.frontends.python.uniforms.operations import ARITHMETIC, BELOW, ORDERS, applied, line_of
from motherlode.frontends.python.uniforms.scalar import DerivedFloat64
from motherlode.tracing import draw

__all__ = ["UniformArray", "uniform_array"]

_view = np.ndarray.view


class UniformArray(np.ndarray, Linked):
    """Be an array of uniform numbers, or a view or copy of one, or an affine function of it."""

    _memory: Memory | None = None
    _where: Integers | None = None

    def __array_finalize__(self, origin: UserValue) -> None:
        """Settle the array that C code makes another one of, in a way that is not known here."""
        if isinstance(origin, UniformArray) and origin._memory is not None:
            origin.settle(here())

    def settle(self, site: int) -> Array:
        """Return the numbers as an ordinary array on the same memory."""
        plain: Array = _view(self, np.ndarray)
        memory = self._memory
        if memory is None:
            return plain
        answer = memory.numbers.settle(memory.positions_of(self._where), site)
        if answer is None or not memory.is_kept():
            return plain
        return memory.apply(answer[memory.positions_of(self._where)].reshape(self.shape))

    def _linked(self) -> Memory | None:
        """Return the memory if the elements are open uniforms that nobody wrote over."""
        memory = self._memory
        if memory is None or not memory.is_kept():
            return None
        numbers = memory.numbers
        if numbers.settled is not None and numbers.is_settled(memory.positions_of(self._where)):
            return None
        return memory

    def _grid(self, memory: Memory) -> Integers:
        return memory.grid if self._where is None else self._where

    def move(self, function: UserFunction, site: int) -> UserValue:
        """Return what a function that only moves elements makes of the array, each element with its uniform."""
        memory = self._linked()
        if memory is None:
            return function(self.settle(site))
        plain = _view(self, np.ndarray)
        moved = function(plain)
        where = function(self._grid(memory))
        if not isinstance(moved, np.ndarray):
            return _element(memory, int(where), moved)
        if not moved.size:
            return moved
        if np.may_share_memory(moved, plain):
            return _made(moved, memory, where)
        positions = np.arange(memory.values.size)[where] if memory.positions is None else memory.positions[where]
        flat = positions.ravel()
        if len(np.unique(flat)) < len(flat):
            self.settle(site)
            return moved
        return _made(moved, Memory(memory.numbers, moved, moved.tobytes(), flat, memory.operations, memory.line))

    def __getitem__(self, key: UserValue) -> UserValue:
        """Return a view; where an element is chosen twice it is settled, because its two copies are no two draws."""
        site = here()
        key = settled(key, site)
        return self.move(lambda values: values[key], site)

    def __setitem__(self, key: UserValue, value: UserValue) -> None:
        site = here()
        _view(self, np.ndarray)[settled(key, site)] = settled(value, site)

    def __iter__(self) -> Iterator[UserValue]:
        return (self[i] for i in range(len(self)))

    def compare(self, other: UserValue, order: Function, site: int) -> UserValue:
        """Branch on a comparison, element by element."""
        memory = self._linked()
        if memory is None or isinstance(other, Linked):
            return order(self.settle(site), settled(other, site))
        scale, offset = memory.line
        thresholds = np.array(other, dtype=np.float64)
        shape = self.shape
        if thresholds.shape not in ((), shape) and np.broadcast_shapes(thresholds.shape, shape) != shape:
            return order(self.settle(site), other)
        inverse = thresholds if not memory.operations else (thresholds - offset) / scale
        same = (order in BELOW) == (scale > 0.0)
        where, numbers = memory.positions_of(self._where), memory.numbers
        low, high = _shaped(numbers.interval(where), shape)
        p = share(inverse, low, high)
        values = _view(self, np.ndarray)
        found = draw(
            site, FAMILIES["Bernoulli"], (p,), sampler=_decide, arguments=(values, other, order, same), size=shape
        )
        below = np.asarray(found, dtype=np.bool_)
        numbers.branch(where, inverse, p, below)
        return (below.copy() if same else ~below)[()]

    def locate(self, edges: Array, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
        """Return where each number falls among sorted edges: a Categorical branching."""
        memory = self._linked()
        if memory is None or memory.operations or sorter is not None or edges.ndim != 1:
            return np.searchsorted(edges, self.settle(site), side, sorter)
        where, numbers = memory.positions_of(self._where), memory.numbers
        low, high = (np.broadcast_to(bound, self.shape) for bound in _shaped(numbers.interval(where), self.shape))
        inner = np.clip(edges, low[..., None], high[..., None])
        bounds = np.concatenate([low[..., None], inner, high[..., None]], axis=-1)
        found = draw(
            site, FAMILIES["Categorical"], (np.diff(bounds),),
            sampler=np.searchsorted, arguments=(edges, _view(self, np.ndarray), side), size=self.shape,
        )  # fmt: skip
        index = np.array(found, dtype=np.intp)
        numbers.remember(where, index.ravel())
        ends = [np.take_along_axis(bounds, index[..., None] + end, axis=-1)[..., 0] for end in (0, 1)]
        possible = ends[0] < ends[1]
        numbers.narrow(where, np.where(possible, ends[0], low).ravel(), np.where(possible, ends[1], high).ravel())
        return index[()]

    def calculate(self, function: Function, other: UserValue, reflected: bool, site: int) -> UserValue:
        """Return ``function(self, other)``, or with the operands exchanged: linked if it is affine."""
        line = line_of(function, other, reflected)
        memory = self._linked() if line is not None else None
        operation = (function, other, reflected)
        plain = _view(self, np.ndarray)
        if line is None or memory is None:
            return applied(((function, settled(other, site), reflected),), self.settle(site))
        made = applied((operation,), plain)
        if type(made) is not np.ndarray or made.dtype != np.float64:
            return applied(((function, settled(other, site), reflected),), self.settle(site))
        mine = memory.line
        where = memory.positions_of(self._where)
        positions = np.arange(memory.numbers.hidden.size)[where]
        operations, both = (*memory.operations, operation), (line[0] * mine[0], line[0] * mine[1] + line[1])
        return _made(made, Memory(memory.numbers, made, made.tobytes(), positions, operations, both))

    def shuffle(self, order: Integers, axis: int) -> None:
        """Put slices along an axis in another order, in place."""
        memory = self._memory
        plain = _view(self, np.ndarray)
        if memory is None or not memory.is_kept():
            plain[...] = np.take(plain, order, axis)
            return
        grid = self._grid(memory)
        memory.reorder(grid.ravel(), np.take(grid, order, axis).ravel())

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: UserValue, **options: UserValue) -> UserValue:
        site = here()
        if method == "__call__" and len(inputs) == 2 and not options:
            on_the_left = inputs[0] is self
            other = inputs[on_the_left]
            if ufunc in ORDERS:
                return self.compare(other, ORDERS[ufunc][not on_the_left], site)
            if ufunc in ARITHMETIC:
                return self.calculate(ARITHMETIC[ufunc], other, not on_the_left, site)
        targets = options.get("out", ())
        if targets:
            options = {**options, "out": tuple(_target(target) for target in targets)}
        result = getattr(ufunc, method)(*settled(inputs, site), **settled(options, site))
        return targets[0] if len(targets) == 1 and targets[0] is not None else result

    def __array_function__(
        self,
        func: ForeignFunction,
        types: Iterable[type],
        args: Iterable[UserValue],
        kwargs: Mapping[str, UserValue],
    ) -> UserValue:
        site = here()
        args = tuple(args)
        if func is np.searchsorted and len(args) >= 2 and args[1] is self and not isinstance(args[0], Linked):
            return self.locate(np.asarray(args[0]), site, *args[2:], **kwargs)
        if func is np.digitize and len(args) == 2 and args[0] is self and np.all(np.diff(args[1]) >= 0):
            return self.locate(np.asarray(args[1]), site, "left" if kwargs.get("right") else "right")
        if func in _MOVING and args and args[0] is self:
            rest, options = settled(tuple(args[1:]), site), settled(dict(kwargs), site)
            return self.move(lambda values: func(values, *rest, **options), site)
        target = kwargs.get("out")
        given = dict(kwargs) if target is None else {**kwargs, "out": _target(target)}
        result = func(*settled(args, site), **settled(given, site))
        return result if target is None else target

    def __copy__(self) -> UserValue:
        return self.move(np.ndarray.copy, here())

    def __deepcopy__(self, memo: dict[int, UserValue] | None) -> UserValue:
        return self.move(np.ndarray.copy, here())

    @property
    def T(self) -> UserValue:  # noqa: N802
        """The same numbers with the axes reversed."""
        return self.move(np.transpose, here())


def uniform_array(numbers: Intervals, values: Array) -> UniformArray:
    """Return an array of uniforms on the memory of their values."""
    return _made(values, Memory(numbers, values, numbers.bytes))


def _made(values: Array, memory: Memory, where: Integers | None = None) -> UniformArray:
    array: UniformArray = _view(values, UniformArray)
    array._memory, array._where = memory, where
    return array


def _element(memory: Memory, where: int, value: np.float64) -> DerivedFloat64:
    number: UserValue = DerivedFloat64(value)
    position = where if memory.positions is None else int(memory.positions[where])
    number._root = Element(memory.numbers, position)
    number._operations, number._line = memory.operations, memory.line
    return number


def _decide(values: Array, other: UserValue, order: Function, same: bool) -> Bools:
    """Decide open branchings as the plain program does."""
    outcome = np.asarray(order(values, other))
    return outcome if same else ~outcome


def _target(target: UserValue) -> UserValue:
    """Return the ordinary array that a function is to write into."""
    return _view(target, np.ndarray) if isinstance(target, UniformArray) else target


def _shaped(interval: tuple[float | Array, float | Array], shape: tuple[int, ...]) -> tuple[float | Array, ...]:
    return tuple(bound.reshape(shape) if isinstance(bound, np.ndarray) else bound for bound in interval)


_MOVING = frozenset((
    np.reshape, np.ravel, np.transpose, np.swapaxes, np.squeeze, np.expand_dims, np.moveaxis, np.rollaxis, np.flip,
    np.fliplr, np.flipud, np.roll, np.rot90, np.take, np.copy, np.diagonal, np.atleast_1d, np.atleast_2d,
))  # fmt: skip
"""Functions of NumPy that only move the elements of their first argument."""

_MOVERS = ("copy", "flatten", "ravel", "reshape", "squeeze", "swapaxes", "take", "transpose", "diagonal")
"""Methods of arrays that only move elements."""

_CONVERSIONS: dict[str, UserFunction] = {
    **{kind.__name__: kind for kind in (bool, float, int, complex, repr, str, format)},
    "index": operator.index,
    "contains": operator.contains,
    "divmod": divmod,
    "reduce": np.ndarray.__reduce__,
    "reduce_ex": np.ndarray.__reduce_ex__,
}


def _moving(name: str) -> UserFunction:
    function = getattr(np.ndarray, name)

    def method(self: UniformArray, *arguments: UserValue, **options: UserValue) -> UserValue:
        site = here()
        rest, named = settled(arguments, site), settled(options, site)
        return self.move(lambda values: function(values, *rest, **named), site)

    method.__doc__ = "Move the elements as NumPy does; they stay linked to the uniforms they are."
    return method


for _name in dir(np.ndarray):
    _function = getattr(np.ndarray, _name)
    if not _name.startswith("_") and callable(_function):
        setattr(UniformArray, _name, _moving(_name) if _name in _MOVERS else settling(_function))
for _name, _function in _CONVERSIONS.items():
    setattr(UniformArray, f"__{_name}__", settling(_function))
