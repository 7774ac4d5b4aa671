"""Carry a number at θ and at other points together, so that one run of plain Python serves all of them.

Operators and NumPy's scalar functions work on every lane. A comparison must come out alike in all lanes; what needs
an ordinary float (``math.exp``, ``int``, an array) raises :class:`motherlode.gold.TrackingEnded`.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from motherlode.frontends.python.uniforms.delayed import NUMBERS
from motherlode.gold.one_pass import TrackingEnded

__all__ = ["Tracked", "lane"]


class Tracked:
    """Stand for a float with one value for each point.

    Attributes
    ----------
    lanes
        The values, P floats; the first is that at θ.
    """

    __slots__ = ("lanes",)

    def __init__(self, lanes: Sequence[Any]) -> None:
        self.lanes: Sequence[float] = lanes

    def __add__(self, other: Any) -> Any:
        if other.__class__ is float or isinstance(other, NUMBERS):
            return Tracked([a + other for a in self.lanes])
        if other.__class__ is Tracked:
            return Tracked([a + b for a, b in zip(self.lanes, other.lanes)])  # noqa: B905
        return NotImplemented

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        if other.__class__ is float or isinstance(other, NUMBERS):
            return Tracked([a * other for a in self.lanes])
        if other.__class__ is Tracked:
            return Tracked([a * b for a, b in zip(self.lanes, other.lanes)])  # noqa: B905
        return NotImplemented

    __rmul__ = __mul__

    def __rtruediv__(self, other: Any) -> Any:
        if other.__class__ is float or isinstance(other, NUMBERS):
            return Tracked([other / a for a in self.lanes])
        return NotImplemented

    def __rsub__(self, other: Any) -> Any:
        if other.__class__ is float or isinstance(other, NUMBERS):
            return Tracked([other - a for a in self.lanes])
        return NotImplemented

    def __neg__(self) -> "Tracked":
        return Tracked([-a for a in self.lanes])

    def __pos__(self) -> "Tracked":
        return self

    def __abs__(self) -> "Tracked":
        return Tracked([abs(a) for a in self.lanes])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        known = _MATH.get(ufunc)
        if known is not None and not options and method == "__call__":
            return Tracked(list(map(known, self.lanes)))
        if method != "__call__" or options or any(isinstance(value, np.ndarray) and value.ndim for value in inputs):
            raise TrackingEnded(f"np.{ufunc.__name__}", "arrays are not tracked")
        columns = [np.array(value.lanes) if isinstance(value, Tracked) else value for value in inputs]
        result = ufunc(*columns)
        return _agreed(result.tolist(), ufunc.__name__) if result.dtype == np.bool_ else Tracked(result.tolist())

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> NoReturn:
        raise TrackingEnded(f"np.{func.__name__}", "only NumPy's scalar functions are tracked")

    def __repr__(self) -> str:
        return f"Tracked({', '.join(f'{a:g}' for a in self.lanes)})"


def lane(value: Any, index: int) -> Any:
    """Return a number at one of the points."""
    return value.lanes[index] if value.__class__ is Tracked else value


def _agreed(outcomes: Sequence[Any], operation: str) -> Any:
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise TrackingEnded(operation, f"it comes out differently at other parameters ({outcomes})")
    return outcomes[0]


def _power(base: Any, exponent: Any) -> Any:
    """Raise as the elements of a NumPy array do: a negative base gives NaN, where Python's floats turn complex."""
    return float(np.float64(base) ** exponent)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Tracked, Any], Any]:
    def method(self: Tracked, other: Any) -> Any:
        if isinstance(other, Tracked):
            return Tracked(list(map(function, self.lanes, other.lanes)))
        return Tracked([function(a, other) for a in self.lanes]) if isinstance(other, NUMBERS) else NotImplemented

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Tracked, Any], Any]:
    def method(self: Tracked, other: Any) -> Any:
        return Tracked([function(other, a) for a in self.lanes]) if isinstance(other, NUMBERS) else NotImplemented

    return method


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[[Tracked, Any], Any]:
    def method(self: Tracked, other: Any) -> Any:
        if isinstance(other, Tracked):
            return _agreed(list(map(function, self.lanes, other.lanes)), function.__name__)
        if isinstance(other, NUMBERS):
            return _agreed([function(a, other) for a in self.lanes], function.__name__)
        return NotImplemented

    return method


def _refused(name: str) -> Callable[..., NoReturn]:
    def method(self: Tracked, *arguments: Any) -> NoReturn:
        raise TrackingEnded(f"{name}() or math.*", "it needs an ordinary float")

    return method


for _name in ("sub", "truediv", "floordiv", "mod"):
    setattr(Tracked, f"__{_name}__", _binary(getattr(operator, _name)))
for _name, _function in (("pow", _power), ("floordiv", operator.floordiv), ("mod", operator.mod)):
    setattr(Tracked, f"__r{_name}__", _reflected(_function))
Tracked.__pow__ = _binary(_power)  # type: ignore[operator]
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Tracked, f"__{_name}__", _comparison(getattr(operator, _name)))
for _name in (
    "float",
    "int",
    "index",
    "bool",
    "round",
    "trunc",
    "floor",
    "ceil",
    "complex",
    "hash",
    "array",
    "len",
    "iter",
    "str",
    "format",
):
    setattr(Tracked, f"__{_name}__", _refused(_name))

_MATH: dict[Any, Callable[[float], float]] = {
    np.exp: math.exp,
    np.sin: math.sin,
    np.cos: math.cos,
    np.tan: math.tan,
    np.tanh: math.tanh,
    np.arctan: math.atan,
    np.negative: operator.neg,
    np.absolute: abs,
}
"""Functions that are defined everywhere and much faster on four floats than on an array of four."""
