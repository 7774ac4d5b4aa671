"""Give a lazy random number the operators of a float.

Comparison with a number, and +, -, * and / with one, are left to the lazy number itself; every other use settles it
and goes on with an ordinary float. The line of the simulator is looked up once, in the operator that it calls.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from motherlode.tracing import caller_site

__all__ = ["ARITHMETIC", "NUMBERS", "ORDERS", "Delayed", "Lazy", "Operation", "Order", "line_of", "settled"]

NUMBERS = (int, float, np.integer, np.floating)
"""What a lazy number can be compared with and stay lazy."""

Order = Callable[[Any, Any], Any]
Operation = tuple[Callable[[Any, Any], Any], Any, bool]


class Delayed:
    """Branch on comparisons, be its own copy, and settle for every method that is not known here."""

    __slots__ = ()

    def settle(self, site: int) -> Any:
        """Return the value, settled by the draw or use at `site` if it was not."""
        raise NotImplementedError

    def compare(self, other: Any, order: Order, site: int) -> Any:
        """Return ``order(self, other)`` for one of the operators <, <=, >, >=."""
        raise NotImplementedError

    def __lt__(self, other: Any) -> Any:
        return self.compare(other, operator.lt, caller_site())

    def __le__(self, other: Any) -> Any:
        return self.compare(other, operator.le, caller_site())

    def __gt__(self, other: Any) -> Any:
        return self.compare(other, operator.gt, caller_site())

    def __ge__(self, other: Any) -> Any:
        return self.compare(other, operator.ge, caller_site())

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.settle(caller_site()), dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.settle(caller_site()), name)


class Lazy(Delayed):
    """Behave as a float whose value is not known yet; the base of lazy uniforms."""

    __slots__ = ()

    def operate(self, operation: Operation, scale: float, offset: float) -> Any:
        """Return ``scale * self + offset`` lazily; `operation` is how the program writes it."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return _arithmetic(self, operator.add, other, False, caller_site())

    def __radd__(self, other: Any) -> Any:
        return _arithmetic(self, operator.add, other, True, caller_site())

    def __sub__(self, other: Any) -> Any:
        return _arithmetic(self, operator.sub, other, False, caller_site())

    def __rsub__(self, other: Any) -> Any:
        return _arithmetic(self, operator.sub, other, True, caller_site())

    def __mul__(self, other: Any) -> Any:
        return _arithmetic(self, operator.mul, other, False, caller_site())

    def __rmul__(self, other: Any) -> Any:
        return _arithmetic(self, operator.mul, other, True, caller_site())

    def __truediv__(self, other: Any) -> Any:
        return _arithmetic(self, operator.truediv, other, False, caller_site())

    def __neg__(self) -> Any:
        return self.operate((operator.mul, -1.0, False), -1.0, 0.0)

    def __pos__(self) -> Any:
        return self

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (self.settle(caller_site()),)

    def __format__(self, specification: str) -> str:
        return format(self.settle(caller_site()), specification)

    def __str__(self) -> str:
        return str(self.settle(caller_site()))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        site = caller_site()
        if method == "__call__" and len(inputs) == 2 and not options:
            mine = inputs[0] is self
            if ufunc in ORDERS:
                return self.compare(inputs[mine], ORDERS[ufunc][not mine], site)
            if ufunc in ARITHMETIC:
                return _arithmetic(self, ARITHMETIC[ufunc], inputs[mine], not mine, site)
        given = [settled(value, site) for value in inputs]
        return getattr(ufunc, method)(*given, **options)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        site = caller_site()
        if func is np.searchsorted and len(args) == 2:
            return self.locate(np.asarray(args[0]), site, **kwargs)
        if func is np.digitize and len(args) == 2 and np.all(np.diff(args[1]) >= 0):
            side = "left" if kwargs.get("right") else "right"
            return self.locate(np.asarray(args[1]), site, side)
        return func(*_settled_within(args, site), **{name: settled(value, site) for name, value in kwargs.items()})

    def locate(self, edges: Any, site: int, side: Any = "left", sorter: Any = None) -> Any:
        """Return where the number falls among sorted `edges`, as ``np.searchsorted`` does."""
        raise NotImplementedError


def settled(value: Any, site: int) -> Any:
    """Return a number or array for what may be lazy, settled by the draw at `site` that it is an argument of."""
    return value.settle(site) if isinstance(value, Lazy) else value


def _settled_within(values: Any, site: int) -> Any:
    if isinstance(values, (tuple, list)):
        return type(values)(_settled_within(value, site) for value in values)
    return settled(values, site)


def _arithmetic(lazy: Lazy, function: Callable[[Any, Any], Any], other: Any, reflected: bool, site: int) -> Any:
    line = line_of(function, other, reflected)
    if line is not None:
        return lazy.operate((function, other, reflected), *line)
    pair = (settled(other, site), lazy.settle(site)) if reflected else (lazy.settle(site), settled(other, site))
    return function(*pair)


def line_of(function: Callable[[Any, Any], Any], other: Any, reflected: bool) -> tuple[float, float] | None:
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


def _settling(function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Lazy, *others: Any) -> Any:
        site = caller_site()
        number = self.settle(site)
        return function(number, *(settled(other, site) for other in others))

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Lazy, Any], Any]:
    def method(self: Lazy, other: Any) -> Any:
        return function(other, self.settle(caller_site()))

    return method


for _name in ("eq", "ne", "abs", "pow", "floordiv", "mod"):
    setattr(Lazy, f"__{_name}__", _settling(getattr(operator, _name)))
for _name in ("hash", "bool", "float", "int", "trunc", "floor", "ceil", "round", "divmod"):
    setattr(Lazy, f"__{_name}__", _settling(getattr(float, f"__{_name}__")))
for _name in ("pow", "floordiv", "mod", "truediv"):
    setattr(Lazy, f"__r{_name}__", _reflected(getattr(operator, _name)))

ORDERS: dict[Any, tuple[Order, Order]] = {
    np.less: (operator.lt, operator.gt),
    np.less_equal: (operator.le, operator.ge),
    np.greater: (operator.gt, operator.lt),
    np.greater_equal: (operator.ge, operator.le),
}
ARITHMETIC: dict[Any, Callable[[Any, Any], Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
}
