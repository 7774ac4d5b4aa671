"""Settle a uniform where the program makes an ordinary number of it."""

import math
import operator
from collections.abc import Callable

from motherlode.core.types import UserFunction, UserValue
from motherlode.frontends.python.uniforms.linked import Function, Linked, here, settled

__all__ = ["CONVERSIONS", "settle_the_rest", "settling"]


def settling(function: UserFunction) -> UserFunction:
    """Return a method that settles the number and calls a function with it."""

    def method(self: Linked, *arguments: UserValue, **options: UserValue) -> UserValue:
        site = here()
        return function(self.settle(site), *settled(arguments, site), **settled(options, site))

    method.__doc__ = "Settle the number, and do what a plain one does."
    return method


def _named(name: str) -> Callable[..., UserValue]:
    """Return a function that calls a method by name, of whichever class its first argument is."""

    def call(number: UserValue, *arguments: UserValue, **options: UserValue) -> UserValue:
        return getattr(number, name)(*arguments, **options)

    return call


def _reflected(function: Function) -> Function:
    def call(a: UserValue, b: UserValue) -> UserValue:
        return function(b, a)

    return call


_FUNCTIONS: dict[str, Callable[..., UserValue]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "hash": hash,
    "bool": bool,
    "float": float,
    "int": int,
    "complex": complex,
    "trunc": math.trunc,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "divmod": divmod,
    "mod": operator.mod,
    "floordiv": operator.floordiv,
    "pow": pow,
    "abs": abs,
    "repr": repr,
    "str": str,
    "format": format,
}
"""What makes a number of a uniform: it is settled."""

CONVERSIONS: dict[str, UserFunction] = {
    **{f"__{name}__": settling(function) for name, function in _FUNCTIONS.items()},
    **{f"__r{name}__": settling(_reflected(_FUNCTIONS[name])) for name in ("divmod", "mod", "floordiv", "pow")},
}
"""The same as methods."""


def settle_the_rest(kind: type) -> None:
    """Give a class of numbers all public methods of its base, which settle first."""
    for name in dir(kind.__mro__[1]):
        if name.startswith("_") or name in vars(kind) or name == "fromhex":
            continue
        if callable(getattr(kind, name)):
            setattr(kind, name, settling(_named(name)))
        else:
            setattr(kind, name, property(settling(operator.attrgetter(name))))
