"""Say what may be done with a uniform so that it keeps its link: comparisons, and sums and products with a number."""

import math
import operator
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from motherlode.core.types import Array, UserFunction, UserValue
from motherlode.frontends.python.tracked.number import NUMBERS, Number
from motherlode.frontends.python.uniforms.linked import Function, Linked, Operation, Side

__all__ = ["ARITHMETIC", "BELOW", "ORDERS", "Root", "applied", "line_of"]

BELOW = (operator.lt, operator.le)
"""The comparisons that hold below a threshold."""

ORDERS: dict[np.ufunc, tuple[Function, Function]] = {
    np.less: (operator.lt, operator.gt),
    np.less_equal: (operator.le, operator.ge),
    np.greater: (operator.gt, operator.lt),
    np.greater_equal: (operator.ge, operator.le),
}
"""NumPy's comparisons, as they are and with the operands exchanged."""

ARITHMETIC: dict[np.ufunc, Function] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
}
"""NumPy's functions that may keep a link."""


class Root(Protocol):
    """A uniform number: what is known of it."""

    @property
    def is_settled(self) -> bool:
        """Whether it is recorded as a number already."""

    def branch(self, threshold: UserValue, site: int, below: UserFunction, arguments: tuple[UserValue, ...]) -> bool:
        """Branch on whether it lies below a threshold, which ``below(*arguments)`` decides if it is open."""

    def locate(self, edges: Array, site: int, side: Side) -> int:
        """Branch on its place among sorted edges."""

    def settle(self, site: int) -> Number:
        """Return it, drawn as a Uniform if it was not."""


def applied(operations: Sequence[Operation], number: UserValue) -> UserValue:
    """Return what a program's operations make of a number or an array, in order."""
    for function, operand, reflected in operations:
        number = function(operand, number) if reflected else function(number, operand)
    return number


def line_of(function: Function, other: UserValue, reflected: bool) -> tuple[float, float] | None:
    """Return the scale and offset that an operation with a number stands for; None where it is not affine."""
    if not isinstance(other, NUMBERS) or isinstance(other, (bool, Linked)) or not math.isfinite(other):
        return None
    if function is operator.add:
        return 1.0, float(other)
    if function is operator.sub:
        return (-1.0, float(other)) if reflected else (1.0, -float(other))
    if function is operator.mul:
        return (float(other), 0.0) if other else None
    if function is operator.truediv and other and not reflected:
        return 1.0 / float(other), 0.0
    return None
