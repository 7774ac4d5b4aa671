"""Give numbers that are not decided yet the operators of numbers, scalars and arrays alike.

A comparison with a number branches, and so does a search among sorted edges; +, -, * and / with a number stay delayed;
every other use settles the value and goes on with ordinary numbers. The line of the simulator is looked up once, in
the operator that it calls.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from motherlode.core.types import Foreign, ForeignFunction, UserFunction, UserValue
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.tracked.number import NUMBERS

__all__ = ["Delayed", "Function", "Operation", "Side", "settled", "settling"]

Function: TypeAlias = Callable[[UserValue, UserValue], UserValue]
"""A function of two numbers, arrays or delayed ones, as of the module ``operator``."""

Operation: TypeAlias = tuple[Function, UserValue, bool]
"""What a program does with a delayed value: the function, its other operand, and whether that stands on the left."""

Side: TypeAlias = Literal["left", "right"]

_here = NEAREST.site


class Delayed:
    """Branch on comparisons, be its own copy, and settle for every use that is not known here."""

    __slots__ = ()

    def settle(self, site: int) -> UserValue:
        """Return the value as ordinary numbers, settled by the draw or use at `site` if it was not."""
        raise NotImplementedError

    def compare(self, other: UserValue, order: Function, site: int) -> UserValue:
        """Return ``order(self, other)`` for one of the operators <, <=, >, >=."""
        raise NotImplementedError

    def operate(self, operation: Operation, scale: float, offset: float) -> "Delayed":
        """Return ``scale * self + offset``, delayed; `operation` is how the program writes it."""
        raise NotImplementedError

    def locate(self, edges: np.ndarray, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
        """Return where the value falls among sorted `edges`, as ``np.searchsorted`` does."""
        raise NotImplementedError

    def operand(self, other: UserValue, site: int) -> UserValue:
        """Return what an operation takes beside this value."""
        return settled(other, site)

    def calculate(self, function: Function, other: UserValue, reflected: bool, site: int) -> UserValue:
        """Return ``function(self, other)``, or with the operands exchanged: delayed if it is affine."""
        line = _line_of(function, other, reflected)
        if line is not None:
            return self.operate((function, other, reflected), *line)
        if reflected:
            return function(self.operand(other, site), self.settle(site))
        return function(self.settle(site), self.operand(other, site))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, UserValue]) -> Self:
        return self

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.settle(_here()), dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: UserValue, **options: UserValue) -> UserValue:
        site = _here()
        if method == "__call__" and len(inputs) == 2 and not options:
            on_the_left = inputs[0] is self
            other = inputs[on_the_left]
            if ufunc in _ORDERS:
                return self.compare(other, _ORDERS[ufunc][not on_the_left], site)
            if ufunc in _ARITHMETIC:
                return self.calculate(_ARITHMETIC[ufunc], other, not on_the_left, site)
        return getattr(ufunc, method)(*settled(inputs, site), **_settled_values(options, site))

    def __array_function__(
        self,
        func: ForeignFunction,
        types: Sequence[type],
        args: Sequence[UserValue],
        kwargs: Mapping[str, UserValue],
    ) -> UserValue:
        site = _here()
        if func is np.searchsorted and len(args) >= 2 and args[1] is self:
            return self.locate(np.asarray(args[0]), site, *args[2:], **kwargs)
        if func is np.digitize and len(args) == 2 and args[0] is self and np.all(np.diff(args[1]) >= 0):
            return self.locate(np.asarray(args[1]), site, "left" if kwargs.get("right") else "right")
        return func(*settled(args, site), **_settled_values(kwargs, site))

    def __getattr__(self, name: str) -> Foreign:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.settle(_here()), name)


def settled(value: UserValue, site: int) -> UserValue:
    """Return a value with what is delayed in it, or in lists and tuples of it, settled by the draw or use at `site`."""
    if isinstance(value, Delayed):
        return value.settle(site)
    if type(value) in (tuple, list):
        return type(value)([settled(part, site) for part in value])
    return value


def _settled_values(options: Mapping[str, UserValue], site: int) -> dict[str, UserValue]:
    return {name: settled(value, site) for name, value in options.items()}


def _line_of(function: Function, other: UserValue, reflected: bool) -> tuple[float, float] | None:
    """Return the scale and offset that an operation with a number stands for; None where it is not affine."""
    if not isinstance(other, NUMBERS) or isinstance(other, bool):
        return None
    if function is operator.add:
        return 1.0, float(other)
    if function is operator.sub:
        return (-1.0, float(other)) if reflected else (1.0, -float(other))
    if function is operator.mul:
        return float(other), 0.0
    if function is operator.truediv and other and not reflected:
        return 1.0 / float(other), 0.0
    return None


def _comparing(order: Function) -> UserFunction:
    def method(self: Delayed, other: UserValue) -> UserValue:
        return self.compare(other, order, _here())

    return method


def _calculating(function: Function, reflected: bool) -> UserFunction:
    def method(self: Delayed, other: UserValue) -> UserValue:
        return self.calculate(function, other, reflected, _here())

    return method


def settling(function: UserFunction) -> UserFunction:
    """Return a method that settles the value and applies a function to it and to its arguments."""

    def method(self: Delayed, *others: UserValue) -> UserValue:
        site = _here()
        return function(self.settle(site), *[self.operand(other, site) for other in others])

    return method


for _name in ("lt", "le", "gt", "ge"):
    setattr(Delayed, f"__{_name}__", _comparing(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod"):
    setattr(Delayed, f"__{_name}__", _calculating(getattr(operator, _name), False))
    setattr(Delayed, f"__r{_name}__", _calculating(getattr(operator, _name), True))
for _name, _function in (("eq", operator.eq), ("ne", operator.ne), ("abs", abs)):
    setattr(Delayed, f"__{_name}__", settling(_function))
for _kind in (bool, float, int, str):
    setattr(Delayed, f"__{_kind.__name__}__", settling(_kind))

_ORDERS: dict[np.ufunc, tuple[Function, Function]] = {
    np.less: (operator.lt, operator.gt),
    np.less_equal: (operator.le, operator.ge),
    np.greater: (operator.gt, operator.lt),
    np.greater_equal: (operator.ge, operator.le),
}
"""NumPy's comparisons, as they are and with the operands exchanged."""

_ARITHMETIC: dict[np.ufunc, Function] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
}
