"""Follow θ through a program: numbers and arrays that remember every line of an operation they went through.

A followed number is a float and a followed array an ndarray, so most code runs unchanged. Where a program turns
one into a plain number or asks it for a decision (``if``, ``int``), the log of the run says so.
"""

import operator
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from motherlode.frontends.python.provenance.lines import LIBRARIES
from motherlode.frontends.python.uniforms.delayed import Lazy

__all__ = ["Decision", "Followed", "FollowedArray", "Log", "Step", "Way", "follow", "plain", "way_of"]

_PASSED = ("numpy", "motherlode")


class Step(NamedTuple):
    """Name a line of the program and the operation there."""

    file: str
    line: int
    function: str
    operation: str


class Decision(NamedTuple):
    """Keep what a number that carries θ was turned into: the outcome of a comparison, an integer, a plain float."""

    step: Step
    outcome: Any


@dataclass
class Log:
    """Collect the decisions of one run; `inner` are those taken inside draws."""

    decisions: list[Decision] = field(default_factory=list)
    inner: list[Decision] = field(default_factory=list)

    def decide(self, operation: str, outcome: Any) -> Any:
        """Write down and return an outcome."""
        step, inside = _here(operation)
        if step is not None:
            (self.inner if inside else self.decisions).append(Decision(step, outcome))
        return outcome


@dataclass(frozen=True)
class Way:
    """Say how a value came about.

    Attributes
    ----------
    log
        Of the run; None for a value that nothing is known of.
    steps
        Lines through which θ went, in order; empty if it is no function of θ but through draws.
    drawn
        Whether a draw is in it.
    met
        Where θ first met a draw outside of one.
    """

    log: Log | None = None
    steps: tuple[Step, ...] = ()
    drawn: bool = False
    met: Step | None = None

    def after(self, operation: str) -> "Way":
        """Return the way of what an operation on this line makes of the value."""
        step, _ = _here(operation)
        if step is None or not self.steps:
            return self
        steps = {other[:2]: other for other in self.steps} | {step[:2]: step}
        met = step if self.met is None and self.drawn else self.met
        return Way(self.log, tuple(steps.values()), self.drawn, met)


def way_of(*values: Any) -> Way:
    """Return the joint way of values, looking into sequences."""
    log: Log | None = None
    steps: dict[tuple[str, int], Step] = {}
    drawn, met = False, None
    for value in _parts(values):
        way: Way = value.way
        log = log or way.log
        steps.update({step[:2]: step for step in way.steps})
        drawn, met = drawn or way.drawn, met or way.met
    return Way(log, tuple(steps.values()), drawn, met)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, (Followed, FollowedArray)):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _parts(part)
    elif isinstance(value, dict):
        yield from _parts(list(value.values()))


def plain(value: Any) -> Any:
    """Return ordinary numbers and arrays, looking into sequences."""
    if isinstance(value, Followed):
        return float.__float__(value)
    if isinstance(value, FollowedArray):
        return value.view(np.ndarray)
    if isinstance(value, list) or type(value) is tuple:
        return type(value)([plain(part) for part in value])
    return {key: plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def follow(value: Any, way: Way, operation: str = "") -> Any:
    """Return a value that is followed from here on; what is no float is a decision."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fbi":
        followed = value.view(FollowedArray)
        followed.way = way
        return followed
    if isinstance(value, (float, np.floating)):
        return Followed(value, way)
    if isinstance(value, (tuple, list)):
        return type(value)([follow(part, way, operation) for part in value])
    if way.steps and way.log is not None and isinstance(value, (bool, int, np.bool_, np.integer)):
        return way.log.decide(operation, value)
    return value


def _here(operation: str) -> tuple[Step | None, bool]:
    """Return the line of the program that is running, and whether it is inside a draw.

    A line of a library counts only where no line of the program itself called it.
    """
    frame: FrameType | None = sys._getframe(2)
    library: Step | None = None
    inside = False
    while frame is not None:
        module, code = str(frame.f_globals.get("__name__", "")), frame.f_code
        if module.partition(".")[0] not in _PASSED:
            step = Step(code.co_filename, frame.f_lineno, code.co_name, operation)
            if not any(part in code.co_filename for part in LIBRARIES):
                return step, inside
            library = library or step
        elif module in _RUNNERS or (library is not None and module.startswith("motherlode")):
            break
        inside = inside or (module.startswith("motherlode.") and module not in _OWN)
        frame = frame.f_back
    return library, inside


_RUNNERS = {
    "motherlode.frontends.pyro.running",
    "motherlode.frontends.python.provenance.leaks",
    "motherlode.frontends.python.simulator",
}
"""Modules that call the program; what is further out is none of its lines."""

_OWN = {__name__, "motherlode.frontends.python.provenance.following", "motherlode.frontends.pyro.provenance"}


def _call(name: str, function: Callable[..., Any], values: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Call a function of NumPy with plain values and follow what it returns."""
    way = way_of(values, options)
    return follow(function(*plain(values), **plain(options)), way.after(name), name)


class _Dispatched:
    """Take part in NumPy's functions."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(value, Lazy) for value in inputs):
            return NotImplemented
        return _call(ufunc.__name__, getattr(ufunc, method), inputs, options)

    def __array_function__(self, function: Any, types: Any, values: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return _call(function.__name__, function, values, options)


class Followed(_Dispatched, float):
    """Be a float that remembers its way."""

    __slots__ = ("way",)
    way: Way

    def __new__(cls, value: Any, way: Way) -> "Followed":
        """Make a number from a value and its way."""
        number = float.__new__(cls, value)
        number.way = way
        return number

    def _decide(self, operation: str, outcome: Any) -> Any:
        return self.way.log.decide(operation, outcome) if self.way.steps and self.way.log else outcome

    def __float__(self) -> float:
        return self._decide("float", float.__float__(self))

    def __int__(self) -> int:
        return self._decide("int", float.__int__(self))

    __trunc__ = __int__

    def __bool__(self) -> bool:
        return self._decide("truth", float.__bool__(self))

    def __floor__(self) -> int:
        return self._decide("floor", float.__floor__(self))

    def __ceil__(self) -> int:
        return self._decide("ceil", float.__ceil__(self))

    def __round__(self, digits: Any = None) -> Any:
        rounded = float.__round__(self, digits)
        return follow(rounded, self.way.after("round"), "round")

    def __format__(self, form: str) -> str:
        return format(self._decide("float", float.__float__(self)), form)

    def __hash__(self) -> int:
        return float.__hash__(self)

    def item(self) -> "Followed":
        """Return itself, as NumPy's scalars do."""
        return self


class FollowedArray(_Dispatched, np.ndarray):  # type: ignore[misc]
    """Be an array that remembers its way, as a whole."""

    way: Way

    def __array_finalize__(self, origin: Any) -> None:
        self.way = getattr(origin, "way", Way())

    def __getitem__(self, key: Any) -> Any:
        way = way_of(self, key)
        return follow(self.view(np.ndarray)[plain(key)], way.after("index"), "index")

    def __setitem__(self, key: Any, value: Any) -> None:
        self.view(np.ndarray)[plain(key)] = plain(value)
        self.way = way_of(self, value).after("assignment")

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def item(self, *index: Any) -> Any:
        """Return one element."""
        return follow(self.view(np.ndarray).item(*index), self.way.after("item"), "item")

    def tolist(self) -> Any:
        """Return nested lists of followed numbers."""
        return follow(self.view(np.ndarray).tolist(), self.way.after("tolist"), "tolist")

    def __bool__(self) -> bool:
        return self._single("truth", bool)

    def __int__(self) -> int:
        return self._single("int", int)

    def __float__(self) -> float:
        return self._single("float", float)

    def __index__(self) -> int:
        return self._single("index", operator.index)

    def _single(self, operation: str, turn: Callable[[Any], Any]) -> Any:
        outcome = turn(self.view(np.ndarray))
        return self.way.log.decide(operation, outcome) if self.way.steps and self.way.log else outcome


def _binary(name: str) -> Callable[[Followed, Any], Any]:
    def method(self: Followed, other: Any) -> Any:
        result = getattr(float, name)(plain(self), plain(other))
        return result if result is NotImplemented else follow(result, way_of(self, other).after(name), name)

    return method


def _unary(name: str) -> Callable[[Followed], Any]:
    def method(self: Followed) -> Any:
        return follow(getattr(float, name)(self), self.way.after(name), name)

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "divmod"):
    setattr(Followed, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(Followed, f"__r{_name}__", _binary(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Followed, f"__{_name}__", _binary(f"__{_name}__"))
for _name in ("neg", "pos", "abs"):
    setattr(Followed, f"__{_name}__", _unary(f"__{_name}__"))
