"""Give uniform numbers that are real numbers: floats that notice what they are compared with.

``rng.random() < p`` is a Bernoulli(p) branching, and often nothing else of the number is used; a Uniform would
hide its dependence on θ. So a comparison becomes the branching and narrows the interval that the number is known
to lie in; sums and products with a number keep the link; every other use settles it, as Uniform(low, high) on what is
left of the interval. The value is that of the plain program all the time, also in C code that no method here sees.
"""

import operator
import sys
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from motherlode.core.types import Array, ForeignFunction, UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.tracked.number import NUMBERS, Number, at_point
from motherlode.frontends.python.uniforms.conversions import CONVERSIONS, settle_the_rest
from motherlode.frontends.python.uniforms.linked import Function, Linked, Operation, Side, here, settled
from motherlode.frontends.python.uniforms.operations import ARITHMETIC, BELOW, ORDERS, Root, applied, line_of
from motherlode.tracing.shortcut import Channel

__all__ = ["DerivedFloat", "DerivedFloat64", "LinkedFloat", "compare_below"]

_BERNOULLI = FAMILIES["Bernoulli"]
_CATEGORICAL = FAMILIES["Categorical"]
_UNIFORM = FAMILIES["Uniform"]
_lt = operator.lt
_getframe = sys._getframe
_known = NEAREST.known
_float = float.__float__


class LinkedFloat(float, Linked):
    """Be a uniform number that is not settled, with its value; an interval of no width is a settled one.

    Parameters
    ----------
    value
        The number the plain program gets from the same stream.
    channel
        Makes the draws, see :func:`motherlode.tracing.shortcut.channel`.
    low, high
        Interval the number is uniform on.
    """

    __slots__ = ("_channel", "_high", "_low")

    _channel: Channel
    _low: float
    _high: float

    def __new__(cls, value: float, channel: Channel, low: float = 0.0, high: float = 1.0) -> "LinkedFloat":
        """Make a number."""
        number = float.__new__(cls, value)
        number._channel = channel
        number._low = low
        number._high = high
        return number

    def __lt__(self, other: UserValue) -> UserValue:
        """Branch; the commonest draw of all, so the general way is written out once more for it."""
        low, high = self._low, self._high
        if other.__class__ is not float or not low < other < high:
            return _compare(self, other, _lt, here())
        frame = _getframe(1)
        site = _known((id(frame.f_code), frame.f_lasti))
        if site is None:
            site = here()
        p = other if low == 0.0 and high == 1.0 else (other - low) / (high - low)
        outcome = self._channel.branch(site, p, _float(self), other)
        if outcome:
            self._high = other
        else:
            self._low = other
        return outcome

    def branch(self, threshold: UserValue, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch on whether the number lies below a threshold, which ``below(*arguments)`` decides if it is open."""
        low, high = self._low, self._high
        p = 0.0 if threshold <= low else 1.0 if threshold >= high else (threshold - low) / (high - low)
        outcome = bool(self._channel.take(site, _BERNOULLI, (p,), below, arguments))
        if 0.0 < p < 1.0:
            self._low, self._high = (low, threshold) if outcome else (threshold, high)
        return outcome

    def locate(self, edges: Array, site: int, side: Side) -> int:
        """Branch on the number's place among sorted edges."""
        low, high = self._low, self._high
        bounds = np.concatenate([[low], np.clip(edges, low, high), [high]])
        arguments = (edges.copy(), _float(self), side)
        found = int(self._channel.take(site, _CATEGORICAL, (np.diff(bounds),), np.searchsorted, arguments))
        if bounds[found] < bounds[found + 1]:
            self._low, self._high = float(bounds[found]), float(bounds[found + 1])
        return found

    @property
    def is_settled(self) -> bool:
        """Whether the number is recorded as such."""
        return self._low == self._high

    def settle(self, site: int) -> float:
        """Return the number, drawn as a Uniform if it was not."""
        low, high = self._low, self._high
        if low != high:
            value: UserValue = self._channel.take(site, _UNIFORM, (low, high), float, (_float(self),))
            self._low = self._high = value
        return self._low


class DerivedFloat(float, Linked):
    """Be ``scale * u + offset`` as the program computed it from a uniform number u; copies share u."""

    __slots__ = ("_line", "_operations", "_root")

    _root: Root
    _operations: tuple[Operation, ...]
    _line: tuple[float, float]

    def settle(self, site: int) -> Number:
        """Return the value, with u settled."""
        return applied(self._operations, self._root.settle(site))


class DerivedFloat64(np.float64, Linked):  # type: ignore[misc]
    """Be the same where NumPy gives one of its own floats: an element of an array, or a product with one."""

    __slots__ = ("_line", "_operations", "_root")

    _root: Root
    _operations: tuple[Operation, ...]
    _line: tuple[float, float]

    def settle(self, site: int) -> Number:
        """Return the value, with u settled."""
        return applied(self._operations, self._root.settle(site))


Scalar: TypeAlias = LinkedFloat | DerivedFloat | DerivedFloat64


def _plain(number: UserValue) -> float:
    """Return the value as the class that the plain program has."""
    return np.float64(_float(number)) if isinstance(number, np.float64) else _float(number)


def _parts(number: Scalar) -> tuple[Root, tuple[Operation, ...], tuple[float, float]]:
    if isinstance(number, LinkedFloat):
        return number, (), (1.0, 0.0)
    return number._root, number._operations, number._line


def _calculate(number: Scalar, function: Function, other: UserValue, reflected: bool, site: int) -> UserValue:
    """Return ``function(number, other)``, or with the operands exchanged: linked if it is affine."""
    line = line_of(function, other, reflected)
    root, operations, mine = _parts(number)
    if line is not None and not root.is_settled:
        value = applied(((function, other, reflected),), _plain(number))
        numpys = type(value) is np.float64
        if numpys or (isinstance(value, float) and not hasattr(value, "dtype")):
            derived: UserValue = DerivedFloat64(value) if numpys else DerivedFloat(_float(value))
            derived._root = root
            derived._operations = (*operations, (function, other, reflected))
            derived._line = (line[0] * mine[0], line[0] * mine[1] + line[1])
            return derived
    return applied(((function, settled(other, site), reflected),), number.settle(site))


def _compare(number: Scalar, other: UserValue, order: Function, site: int) -> UserValue:
    """Branch on a comparison."""
    if isinstance(other, np.ndarray) and not isinstance(other, Linked):
        if other.ndim:
            outcomes = [_compare(number, element, order, site) for element in other.ravel()]
            return np.array(outcomes, dtype=np.bool_).reshape(other.shape)
        other = other[()]
    root, _, (scale, offset) = _parts(number)
    first = at_point(other, 0)
    if isinstance(other, Linked) or not isinstance(first, NUMBERS) or root.is_settled:
        return order(number.settle(site), settled(other, site))
    threshold = other if first is not other else float(first)
    if root is not number:
        threshold = (threshold - offset) / scale
    same = (order in BELOW) == (scale > 0.0)
    value = _plain(number)
    outcome = root.branch(threshold, site, _decide, (value, first, order, same)) is same
    return np.bool_(outcome) if isinstance(first, np.generic) or isinstance(value, np.generic) else outcome


def compare_below(number: LinkedFloat, other: UserValue) -> UserValue:
    """Return ``number < other``."""
    return _compare(number, other, _lt, here())


def _decide(value: float, other: Number, order: Function, same: bool) -> bool:
    return bool(order(value, other)) is same


def _locate(number: Scalar, edges: np.ndarray, site: int, side: Side = "left", sorter: UserValue = None) -> UserValue:
    """Return where the number falls among sorted edges."""
    if not isinstance(number, LinkedFloat) or number.is_settled or sorter is not None or edges.ndim != 1:
        return np.searchsorted(edges, number.settle(site), side, sorter)
    return np.intp(number.locate(edges, site, side))


def _array_ufunc(self: Scalar, ufunc: np.ufunc, method: str, *inputs: UserValue, **options: UserValue) -> UserValue:
    site = here()
    if method == "__call__" and len(inputs) == 2 and not options:
        on_the_left = inputs[0] is self
        other = inputs[on_the_left]
        if ufunc in ORDERS:
            return _compare(self, other, ORDERS[ufunc][not on_the_left], site)
        if ufunc in ARITHMETIC:
            return _calculate(self, ARITHMETIC[ufunc], other, not on_the_left, site)
    return getattr(ufunc, method)(*settled(inputs, site), **settled(options, site))


def _array_function(
    self: Scalar,
    func: ForeignFunction,
    types: Sequence[type],
    args: Sequence[UserValue],
    kwargs: Mapping[str, UserValue],
) -> UserValue:
    site = here()
    if func is np.searchsorted and len(args) >= 2 and args[1] is self and not isinstance(args[0], Linked):
        return _locate(self, np.asarray(args[0]), site, *args[2:], **kwargs)
    if func is np.digitize and len(args) == 2 and args[0] is self and np.all(np.diff(args[1]) >= 0):
        return _locate(self, np.asarray(args[1]), site, "left" if kwargs.get("right") else "right")
    return func(*settled(tuple(args), site), **settled(dict(kwargs), site))


def _comparing(order: Function) -> UserFunction:
    def method(self: Scalar, other: UserValue) -> UserValue:
        return _compare(self, other, order, here())

    return method


def _calculating(function: Function, reflected: bool) -> UserFunction:
    def method(self: Scalar, other: UserValue) -> UserValue:
        return _calculate(self, function, other, reflected, here())

    return method


def _itself(self: Scalar, memo: UserValue = None) -> Scalar:
    return self


def _negated(self: Scalar) -> UserValue:
    return _calculate(self, operator.mul, -1.0, False, here())


def _reduced(self: Scalar, protocol: int = 2) -> tuple[UserValue, ...]:
    number = self.settle(here())
    return type(number), (number,)


_METHODS: dict[str, UserFunction] = {
    **CONVERSIONS,
    **{f"__{order.__name__}__": _comparing(order) for pair in ORDERS.values() for order in pair},
    **{
        f"__{prefix}{function.__name__}__": _calculating(function, bool(prefix))
        for function in ARITHMETIC.values()
        for prefix in ("", "r")
    },
    "__neg__": _negated,
    "__pos__": _itself,
    "__copy__": _itself,
    "__deepcopy__": _itself,
    "__reduce__": _reduced,
    "__reduce_ex__": _reduced,
    "__array_ufunc__": _array_ufunc,
    "__array_function__": _array_function,
}

for _class in (LinkedFloat, DerivedFloat, DerivedFloat64):
    for _name, _method in _METHODS.items():
        if _name not in vars(_class) or _name == "__hash__":
            setattr(_class, _name, _method)
    settle_the_rest(_class)
