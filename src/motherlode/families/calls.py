"""Say how a library calls a family, and make its call."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from motherlode.core.types import Array, Size

__all__ = ["Call", "Density", "Drawn", "Map", "Sampler", "drawn_by_numpy", "evaluated_by_scipy"]

Drawn = float | int | NDArray[np.floating] | NDArray[np.integer] | NDArray[np.bool_]
"""One value, or an array of them, as NumPy's samplers return it."""

Density = Callable[..., Array]
"""``density(value, *parameters)``."""

Sampler = Callable[..., Drawn]
"""``sampler(generator, size, *parameters)``."""

Map = Callable[..., tuple[ArrayLike, ...]]
"""Turns numbers of one meaning into numbers of another."""


@dataclass(frozen=True, slots=True)
class Call:
    """Say how a library calls a family.

    Attributes
    ----------
    name
        The family's name there: a method of NumPy's ``Generator`` or of ``random.Random``, a distribution of SciPy or
        Pyro.
    arguments
        Names of its arguments there, in that library's order.
    to_parameters
        ``to_parameters(*arguments)`` gives the family's parameters; None where they are the same numbers in order.
    to_arguments
        ``to_arguments(*parameters)`` is its inverse; None where they are the same numbers, or where the library's
        distribution has fewer parameters (``standard_normal``).
    offset
        What has to be added to a value there to have the family's value.
    """

    name: str
    arguments: tuple[str, ...]
    to_parameters: Map | None = None
    to_arguments: Map | None = None
    offset: float = 0.0

    def parameters_of(self, *arguments: ArrayLike) -> tuple[ArrayLike, ...]:
        """Return the family's parameters for the library's arguments, numbers or arrays."""
        return arguments if self.to_parameters is None else self.to_parameters(*arguments)

    def arguments_of(self, *parameters: ArrayLike) -> tuple[ArrayLike, ...]:
        """Return the library's arguments for the family's parameters, numbers or arrays."""
        return parameters if self.to_arguments is None else self.to_arguments(*parameters)


def drawn_by_numpy(call: Call) -> Sampler:
    """Return the sampler that calls a method of NumPy's ``Generator``."""
    method, to_arguments = call.name, call.to_arguments

    def draw(generator: Generator, size: Size, *parameters: ArrayLike) -> Drawn:
        arguments = parameters if to_arguments is None else to_arguments(*parameters)
        drawn: Drawn = getattr(generator, method)(*arguments, size)
        return drawn

    return draw


def evaluated_by_scipy(call: Call, discrete: bool) -> Density:
    """Return the log-density of ``scipy.stats``, which takes half a second to import and is imported when needed."""
    method = "logpmf" if discrete else "logpdf"

    def log_density(value: Array, *parameters: Array) -> Array:
        from scipy import stats

        arguments = dict(zip(call.arguments, call.arguments_of(*parameters), strict=True))
        return np.asarray(getattr(getattr(stats, call.name), method)(value - call.offset, **arguments))

    return log_density
