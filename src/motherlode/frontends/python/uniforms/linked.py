"""Mark numbers that know the uniform they come from, and settle them where they are used as numbers.

A linked number holds the very value that the plain program would have got; what it adds is that it notices comparisons.
To settle it means to record the uniform as a draw of its own, on the interval that the comparisons left of it.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from motherlode.core.types import UserValue
from motherlode.frontends.python.frames import NEAREST

__all__ = ["Function", "Linked", "Operation", "Side", "here", "settled"]

Function: TypeAlias = Callable[[UserValue, UserValue], UserValue]
"""A function of two numbers or arrays, as of the module ``operator``."""

Operation: TypeAlias = tuple[Function, UserValue, bool]
"""What a program does with a number: the function, its other operand, and whether that stands on the left."""

Side: TypeAlias = Literal["left", "right"]

here = NEAREST.site


class Linked:
    """Know the uniform that a number, or each element of an array, comes from."""

    __slots__ = ()

    def settle(self, site: int) -> UserValue:
        """Return ordinary numbers; what is open of the uniforms is drawn at `site`."""
        raise NotImplementedError


def settled(value: UserValue, site: int) -> UserValue:
    """Return a value with what is linked in it, or in lists, tuples and dictionaries of it, settled at `site`."""
    if isinstance(value, Linked):
        return value.settle(site)
    kind = type(value)
    if kind is tuple or kind is list:
        return kind([settled(part, site) for part in value])
    if kind is dict:
        return {name: settled(part, site) for name, part in value.items()}
    if kind is slice:
        return slice(settled(value.start, site), settled(value.stop, site), settled(value.step, site))
    return value
