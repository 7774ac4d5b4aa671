"""Give a lazy random number the operators of a float.

Comparison, +, -, * and / with a number are left to the number itself, which can stay lazy; every other use asks for
its value and goes on with an ordinary float.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from motherlode.tracing import caller_site

__all__ = ["NUMBERS", "Lazy", "plain", "settled"]

NUMBERS = (int, float, np.integer, np.floating)
"""What a lazy number can be compared with and stay lazy."""


class Lazy:
    """Behave as a float whose value is not known yet; the base of lazy uniforms."""

    __slots__ = ()

    def _number(self, depth: int = 2) -> float:
        """Return the value, settled at the line `depth` frames above."""
        return self.settle(caller_site(depth))

    def settle(self, site: int) -> float:
        """Return the value, settled at `site` if it was not."""
        raise NotImplementedError

    def _compare(self, other: Any, below: bool, closed: bool, depth: int = 2) -> Any:
        """Return self < other (`below`) or self > other, or-equal when `closed`."""
        raise NotImplementedError

    def _affine(self, scale: float, offset: float) -> Any:
        """Return scale * self + offset, still lazy."""
        raise NotImplementedError

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, True, False)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, True, True)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, False, False)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, False, True)

    def __eq__(self, other: object) -> Any:
        return self._number() == plain(other)

    def __hash__(self) -> int:
        return hash(self._number())

    def __bool__(self) -> bool:
        return bool(self._number())

    def __float__(self) -> float:
        return self._number()

    def __int__(self) -> int:
        return int(self._number())

    def __trunc__(self) -> int:
        return int(self._number())

    def __floor__(self) -> int:
        return self._number().__floor__()

    def __ceil__(self) -> int:
        return self._number().__ceil__()

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._number(), digits)

    def __abs__(self) -> float:
        return abs(self._number())

    def __neg__(self) -> Any:
        return self._affine(-1.0, 0.0)

    def __pos__(self) -> Any:
        return self

    def __add__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            return self._affine(1.0, other)  # type: ignore[arg-type]
        return self._number() + plain(other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            return self._affine(1.0, -other)
        return self._number() - plain(other)

    def __rsub__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            return self._affine(-1.0, other)  # type: ignore[arg-type]
        return plain(other) - self._number()

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS):
            return self._affine(other, 0.0)  # type: ignore[arg-type]
        return self._number() * plain(other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, NUMBERS) and other != 0:
            return self._affine(1.0 / other, 0.0)
        return self._number() / plain(other)

    def __rtruediv__(self, other: Any) -> Any:
        return plain(other) / self._number()

    def __pow__(self, other: Any) -> Any:
        return self._number() ** plain(other)

    def __rpow__(self, other: Any) -> Any:
        return plain(other) ** self._number()

    def __floordiv__(self, other: Any) -> Any:
        return self._number() // plain(other)

    def __rfloordiv__(self, other: Any) -> Any:
        return plain(other) // self._number()

    def __mod__(self, other: Any) -> Any:
        return self._number() % plain(other)

    def __rmod__(self, other: Any) -> Any:
        return plain(other) % self._number()

    def __divmod__(self, other: Any) -> Any:
        return divmod(self._number(), plain(other))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self._number(), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        simple = method == "__call__" and len(inputs) == 2 and not options
        if simple and ufunc in _OPERATORS:
            return _OPERATORS[ufunc](*inputs) if inputs[0] is self else _REFLECTED[ufunc](self, inputs[0])
        return getattr(ufunc, method)(*(plain(value) for value in inputs), **options)


def plain(value: Any) -> Any:
    """Return a number or array for what may be lazy."""
    return value._number(3) if isinstance(value, Lazy) else value


def settled(value: Any, site: int) -> Any:
    """Return a number or array for what may be lazy, settled by the draw at `site` that it is an argument of."""
    return value.settle(site) if isinstance(value, Lazy) else value


_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
}
_REFLECTED: dict[Any, Callable[..., Any]] = {
    np.less: operator.gt,
    np.less_equal: operator.ge,
    np.greater: operator.lt,
    np.greater_equal: operator.le,
    np.add: Lazy.__radd__,
    np.subtract: Lazy.__rsub__,
    np.multiply: Lazy.__rmul__,
    np.true_divide: Lazy.__rtruediv__,
}
