"""Carry a number at θ and at other points together, so that one run of plain Python serves all of them.

Operators and NumPy's scalar functions work at every point. A comparison must come out alike at all of them; what needs
an ordinary float (``math.exp``, ``int``, an array) raises :class:`motherlode.gold.TrackingEnded`.
"""

import math
import operator
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

import numpy as np

from motherlode.core.types import ForeignFunction, UserFunction, UserValue
from motherlode.frontends.python.uniforms.linked import Linked
from motherlode.gold.one_pass import TrackingEnded

__all__ = ["NUMBERS", "Number", "Tracked", "at_point"]

Number: TypeAlias = int | float | np.integer | np.floating
"""An ordinary number."""

NUMBERS = (int, float, np.integer, np.floating)
"""Classes of ordinary numbers."""

Binary: TypeAlias = Callable[[UserValue, UserValue], UserValue]


class Tracked:
    """Stand for a float with one value for each point.

    Attributes
    ----------
    values
        One float for each of P points; the first is that at θ.
    """

    __slots__ = ("values",)

    def __init__(self, values: Sequence[UserValue]) -> None:
        self.values: Sequence[float] = values

    def __add__(self, other: UserValue) -> "Tracked":
        if other.__class__ is float or _is_plain(other):
            return Tracked([a + other for a in self.values])
        if other.__class__ is Tracked:
            return Tracked([a + b for a, b in zip(self.values, other.values)])  # noqa: B905
        return NotImplemented

    __radd__ = __add__

    def __mul__(self, other: UserValue) -> "Tracked":
        if other.__class__ is float or _is_plain(other):
            return Tracked([a * other for a in self.values])
        if other.__class__ is Tracked:
            return Tracked([a * b for a, b in zip(self.values, other.values)])  # noqa: B905
        return NotImplemented

    __rmul__ = __mul__

    def __rtruediv__(self, other: UserValue) -> "Tracked":
        if other.__class__ is float or _is_plain(other):
            return Tracked([other / a for a in self.values])
        return NotImplemented

    def __rsub__(self, other: UserValue) -> "Tracked":
        if other.__class__ is float or _is_plain(other):
            return Tracked([other - a for a in self.values])
        return NotImplemented

    def __neg__(self) -> "Tracked":
        return Tracked([-a for a in self.values])

    def __pos__(self) -> "Tracked":
        return self

    def __abs__(self) -> "Tracked":
        return Tracked([abs(a) for a in self.values])

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: UserValue, **options: UserValue) -> UserValue:
        known = _MATH.get(ufunc)
        if known is not None and not options and method == "__call__":
            return Tracked(list(map(known, self.values)))
        if method != "__call__" or options or any(isinstance(value, np.ndarray) and value.ndim for value in inputs):
            raise TrackingEnded(f"np.{ufunc.__name__}", "arrays are not tracked")
        columns = [np.array(value.values) if isinstance(value, Tracked) else value for value in inputs]
        result = ufunc(*columns)
        return _agreed(result.tolist(), ufunc.__name__) if result.dtype == np.bool_ else Tracked(result.tolist())

    def __array_function__(
        self, func: ForeignFunction, types: Sequence[type], args: UserValue, kwargs: UserValue
    ) -> NoReturn:
        raise TrackingEnded(f"np.{func.__name__}", "only NumPy's scalar functions are tracked")

    def __repr__(self) -> str:
        return f"Tracked({', '.join(f'{a:g}' for a in self.values)})"


def _is_plain(value: UserValue) -> bool:
    """Say whether a value is a number with no link: one with a link notices itself what is done with it."""
    return isinstance(value, NUMBERS) and not isinstance(value, Linked)


def at_point(value: UserValue, index: int) -> UserValue:
    """Return a number at one of the points."""
    return value.values[index] if value.__class__ is Tracked else value


def _agreed(outcomes: Sequence[bool], operation: str) -> bool:
    if any(outcome != outcomes[0] for outcome in outcomes):
        raise TrackingEnded(operation, f"it comes out differently at other parameters ({outcomes})")
    return outcomes[0]


def _power(base: Number, exponent: Number) -> float:
    """Raise as the elements of a NumPy array do: a negative base gives NaN, where Python's floats turn complex."""
    return float(np.float64(base) ** exponent)


def _binary(function: Binary) -> Binary:
    def method(self: Tracked, other: UserValue) -> Tracked:
        if isinstance(other, Tracked):
            return Tracked(list(map(function, self.values, other.values)))
        return Tracked([function(a, other) for a in self.values]) if _is_plain(other) else NotImplemented

    return method


def _reflected(function: Binary) -> Binary:
    def method(self: Tracked, other: UserValue) -> Tracked:
        return Tracked([function(other, a) for a in self.values]) if _is_plain(other) else NotImplemented

    return method


def _comparison(function: Binary) -> Binary:
    def method(self: Tracked, other: UserValue) -> bool:
        if isinstance(other, Tracked):
            return _agreed(list(map(function, self.values, other.values)), function.__name__)
        if _is_plain(other):
            return _agreed([function(a, other) for a in self.values], function.__name__)
        return NotImplemented

    return method


def _refused(name: str) -> UserFunction:
    def method(self: Tracked, *arguments: UserValue) -> NoReturn:
        raise TrackingEnded(f"{name}() or math.*", "it needs an ordinary float")

    return method


_ORDINARY = (
    *("float", "int", "index", "bool", "complex", "hash", "str", "format"),
    *("round", "trunc", "floor", "ceil", "array", "len", "iter"),
)
"""Methods for which Python or NumPy takes an ordinary number."""

_ARITHMETIC: dict[str, Binary] = {
    "sub": operator.sub,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": _power,
}

for _name, _function in _ARITHMETIC.items():
    setattr(Tracked, f"__{_name}__", _binary(_function))
for _name in ("floordiv", "mod", "pow"):
    setattr(Tracked, f"__r{_name}__", _reflected(_ARITHMETIC[_name]))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Tracked, f"__{_name}__", _comparison(getattr(operator, _name)))
for _name in _ORDINARY:
    setattr(Tracked, f"__{_name}__", _refused(_name))

_MATH: dict[np.ufunc, Callable[[float], float]] = {
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
