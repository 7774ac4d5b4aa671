"""Follow θ through a program: numbers and arrays that remember every line of an operation they went through.

A followed number is a float and a followed array an ndarray, so most code runs unchanged. Where a program turns
one into a plain number or asks it for a decision (``if``, ``int``), the log of the run says so.
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from motherlode.core.types import ForeignFunction, UserFunction, UserValue
from motherlode.frontends.python.provenance.lines import Step
from motherlode.frontends.python.provenance.ways import Log, Way
from motherlode.frontends.python.uniforms.linked import Linked

__all__ = ["Followed", "FollowedArray", "follow", "plain", "way_of"]


def way_of(*values: UserValue) -> Way:
    """Return the joint way of values, looking into sequences."""
    log: Log | None = None
    steps: dict[tuple[str, int], Step] = {}
    drawn, met = False, None
    for value in _parts(values):
        way = value.way
        log = log or way.log
        steps.update({(step.file, step.line): step for step in way.steps})
        drawn, met = drawn or way.drawn, met or way.met
    return Way(log, tuple(steps.values()), drawn, met)


def _parts(value: UserValue) -> Iterator["Followed | FollowedArray"]:
    if isinstance(value, (Followed, FollowedArray)):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, dict):
        yield from _parts(list(value.values()))


def plain(value: UserValue) -> UserValue:
    """Return ordinary numbers and arrays, looking into sequences."""
    if isinstance(value, Followed):
        return float.__float__(value)
    if isinstance(value, FollowedArray):
        return value.view(np.ndarray)
    if isinstance(value, list) or type(value) is tuple:
        return type(value)([plain(part) for part in value])
    return {key: plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def follow(value: UserValue, way: Way, operation: str = "") -> UserValue:
    """Return a value that is followed from here on; what is no float is a decision."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fbi":
        followed = value.view(FollowedArray)
        followed.way = way
        return followed
    if isinstance(value, (float, np.floating)):
        return Followed(value, way)
    if isinstance(value, (tuple, list)):
        return type(value)([follow(part, way, operation) for part in value])
    if isinstance(value, (bool, int, np.bool_, np.integer)):
        return way.decide(operation, value)
    return value


def _call(
    name: str, function: ForeignFunction, values: Sequence[UserValue], options: Mapping[str, UserValue]
) -> UserValue:
    """Call a function of NumPy with plain values and follow what it returns."""
    way = way_of(values, options)
    return follow(function(*plain(values), **plain(options)), way.after(name), name)


class _Dispatched:
    """Take part in NumPy's functions."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: UserValue, **options: UserValue) -> UserValue:
        if any(isinstance(value, Linked) for value in inputs):
            return NotImplemented
        return _call(ufunc.__name__, getattr(ufunc, method), inputs, options)

    def __array_function__(
        self,
        function: ForeignFunction,
        types: Sequence[type],
        values: Sequence[UserValue],
        options: Mapping[str, UserValue],
    ) -> UserValue:
        return _call(function.__name__, function, values, options)


class Followed(_Dispatched, float):
    """Be a float that remembers its way."""

    __slots__ = ("way",)
    way: Way

    def __new__(cls, value: float | np.floating, way: Way) -> "Followed":
        """Make a number from a value and its way."""
        number = float.__new__(cls, value)
        number.way = way
        return number

    def __round__(self, digits: UserValue = None) -> UserValue:
        rounded = float.__round__(self, digits)
        return follow(rounded, self.way.after("round"), "round")

    def __format__(self, form: str) -> str:
        return format(float(self), form)

    def __hash__(self) -> int:
        return float.__hash__(self)

    def item(self) -> "Followed":
        """Return itself, as NumPy's scalars do."""
        return self


class FollowedArray(_Dispatched, np.ndarray):  # type: ignore[misc]
    """Be an array that remembers its way, as a whole."""

    way: Way

    def __array_finalize__(self, origin: UserValue) -> None:
        self.way = getattr(origin, "way", Way())

    def __getitem__(self, key: UserValue) -> UserValue:
        way = way_of(self, key)
        return follow(self.view(np.ndarray)[plain(key)], way.after("index"), "index")

    def __setitem__(self, key: UserValue, value: UserValue) -> None:
        self.view(np.ndarray)[plain(key)] = plain(value)
        self.way = way_of(self, value).after("assignment")

    def __iter__(self) -> Iterator[UserValue]:
        return (self[i] for i in range(len(self)))

    def item(self, *index: UserValue) -> UserValue:
        """Return one element."""
        return follow(self.view(np.ndarray).item(*index), self.way.after("item"), "item")

    def tolist(self) -> UserValue:
        """Return nested lists of followed numbers."""
        return follow(self.view(np.ndarray).tolist(), self.way.after("tolist"), "tolist")


def _binary(name: str) -> UserFunction:
    def method(self: Followed, other: UserValue) -> UserValue:
        if isinstance(other, Linked):
            return NotImplemented
        result = getattr(float, name)(plain(self), plain(other))
        return result if result is NotImplemented else follow(result, way_of(self, other).after(name), name)

    return method


def _unary(name: str) -> UserFunction:
    def method(self: Followed) -> UserValue:
        return follow(getattr(float, name)(self), self.way.after(name), name)

    return method


def _deciding(operation: str, turn: UserFunction) -> UserFunction:
    """Return a method that turns the value into one that cannot be followed."""

    def method(self: "Followed | FollowedArray") -> UserValue:
        return self.way.decide(operation, turn(plain(self)))

    return method


_DECISIONS: dict[str, tuple[str, Callable[[UserValue], UserValue]]] = {
    "__float__": ("float", float),
    "__int__": ("int", int),
    "__trunc__": ("int", int),
    "__bool__": ("truth", bool),
    "__floor__": ("floor", math.floor),
    "__ceil__": ("ceil", math.ceil),
    "__index__": ("index", operator.index),
}
"""What turns a value into a plain number: the name it has in the log, and the function."""

for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod"):
    setattr(Followed, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(Followed, f"__r{_name}__", _binary(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Followed, f"__{_name}__", _binary(f"__{_name}__"))
for _name in ("neg", "pos", "abs"):
    setattr(Followed, f"__{_name}__", _unary(f"__{_name}__"))
for _name in ("float", "int", "trunc", "bool", "floor", "ceil"):
    setattr(Followed, f"__{_name}__", _deciding(*_DECISIONS[f"__{_name}__"]))
for _name in ("float", "int", "bool", "index"):
    setattr(FollowedArray, f"__{_name}__", _deciding(*_DECISIONS[f"__{_name}__"]))
