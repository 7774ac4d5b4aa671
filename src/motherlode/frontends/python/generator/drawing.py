"""Make a draw by its family's name at the simulator's line, recorded, replayed or fresh."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator

from motherlode.families import FAMILIES
from motherlode.frontends.python.uniforms.delayed import settled
from motherlode.tracing import caller_site, draw
from motherlode.tracing.shortcut import channel

__all__ = ["Size", "Traced", "inverse", "shape_of"]

Size = int | tuple[int, ...] | None
Law = Callable[..., tuple[Any, ...]]


class Traced:
    """Hold the stream and the way to the handlers; the base of the traced generators.

    Parameters
    ----------
    generator
        The stream that answers draws nobody else answers.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._channel = channel()
        self._replayed = self._channel.replayed

    def _site(self, depth: int) -> int:
        """Return the site `depth` frames above the caller."""
        return caller_site(depth + 1)

    def _draw(
        self,
        family: str,
        sampler: Callable[..., Any],
        arguments: tuple[Any, ...],
        size: Size = None,
        law: Law | None = None,
        depth: int = 2,
    ) -> Any:
        """Draw from a family at the line `depth` frames up.

        Parameters
        ----------
        family
            Name of the family.
        sampler, arguments
            ``sampler(*arguments, size)`` draws from the stream.
        size
            As NumPy's.
        law
            Turns the arguments into the family's parameters, where they differ.
        """
        site = self._site(depth)
        given = tuple([_number(argument, site) for argument in arguments])
        parameters = given if law is None else law(*given)
        return draw(site, FAMILIES[family], parameters, sampler=sampler, arguments=(*given, size), size=size)

    def _draw_joint(
        self,
        family: str,
        sampler: Callable[[], Any],
        shape: tuple[int, ...],
        law: Callable[[Any], tuple[Any, ...]],
        depth: int = 2,
    ) -> Any:
        """Draw an array whose elements' laws follow from the elements before them: ``law(value)`` gives parameters."""
        site = self._site(depth)
        if 0 in shape:
            return sampler()
        value = self._answer(shape)
        value = np.asarray(sampler()) if value is None else value
        return draw(site, FAMILIES[family], law(value), sampler=value.copy, size=shape)

    def _answer(self, shape: tuple[int, ...]) -> Any:
        """Return the array that the next draw will be answered with; any one of that shape where it will be refused."""
        replayed = self._replayed
        if replayed is None:
            return None
        known: Any = replayed.draws[replayed.position].value if replayed.position < len(replayed.draws) else None
        return known if np.shape(known) == shape else np.zeros(shape)


def shape_of(size: Size, *last: int) -> tuple[int, ...]:
    """Return NumPy's size as a shape, with further axes at its end."""
    outer = () if size is None else (size,) if isinstance(size, (int, np.integer)) else tuple(size)
    return (*outer, *last)


def inverse(scale: Any) -> Any:
    """Return 1/scale, infinite at 0."""
    with np.errstate(divide="ignore"):
        return np.divide(1.0, scale) if np.ndim(scale) else (1.0 / scale if scale else np.inf)


def _number(argument: Any, site: int) -> Any:
    """Return an argument with lazy uniforms settled and lists turned into arrays."""
    if isinstance(argument, (list, tuple)):
        return np.asarray([settled(element, site) for element in argument])
    return settled(argument, site)
