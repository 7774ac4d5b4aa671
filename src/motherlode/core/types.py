"""Name the types that the whole house shares; what a user or another library hands over has a name of its own.

Arrays are NumPy's, of float64 unless their name says otherwise; shapes stand in the docstrings that use them.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "JSON",
    "Array",
    "Bools",
    "Foreign",
    "ForeignFunction",
    "Integers",
    "LawLike",
    "Shape",
    "Size",
    "UserFunction",
    "UserValue",
]

Array: TypeAlias = NDArray[np.float64]
"""Numbers in float64."""

Bools: TypeAlias = NDArray[np.bool_]
"""Truth values."""

Integers: TypeAlias = NDArray[np.int64]
"""Whole numbers."""

Shape: TypeAlias = tuple[int, ...]
"""Lengths of an array along its axes."""

Size: TypeAlias = int | tuple[int, ...] | None
"""What NumPy's samplers take as ``size``."""

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""Plain data, as a manifest holds it."""

Foreign: TypeAlias = Any
"""An object of another library that has no type we could name."""

ForeignFunction: TypeAlias = Callable[..., Any]
"""A function of another library, of whatever signature."""

UserFunction: TypeAlias = Callable[..., Any]
"""A function of the user's, of whatever signature."""

LawLike: TypeAlias = Any
"""A law of θ in any form that :meth:`motherlode.Law.of` reads: a Law, a distribution of a library, a mapping, text."""

UserValue: TypeAlias = Any
"""A value of the user's program: whatever it holds, passes or returns."""
