"""Make the draws of one run: at the program's line, from the run's stream, past the handlers."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Shape, Size, UserFunction, UserValue
from motherlode.families import Family
from motherlode.families.calls import Drawn, Map
from motherlode.frontends.python.frames import NEAREST, Addressing
from motherlode.frontends.python.tracked.points import OtherPoints
from motherlode.frontends.python.uniforms.intervals import kept
from motherlode.frontends.python.uniforms.linked import settled
from motherlode.frontends.python.uniforms.watch import Watch
from motherlode.gold.one_pass import TrackingEnded
from motherlode.tracing import draw, replay
from motherlode.tracing.branching import DrawParameters
from motherlode.tracing.shortcut import Channel, channel

__all__ = ["Drawing", "Methods", "shape_of"]

Methods: TypeAlias = dict[str, UserFunction]
"""Methods of a traced generator by name; each takes the drawing of the run first."""

_UNKNOWN = 0.5
"""Stands for a number that the record does not hold."""

_NUMBERS = frozenset((float, int, np.float64, np.int64))


class Drawing:
    """Hold what the methods of a traced generator draw with.

    Parameters
    ----------
    stream
        Answers draws that nobody else answers.
    addressing
        Tells which line a draw belongs to.
    points
        Takes what draws are asked with at the other points of a tracked run; None for ordinary numbers.
    watch
        Watches the uniforms; None where nobody wants to know.

    Attributes
    ----------
    channel
        The shortest way to the handlers, for scalar draws.
    hidden
        Gives the next number on [0, 1) that the plain program gets; on replay, the recorded one.
    site
        Gives the interned address of the program's line.
    """

    __slots__ = ("channel", "hidden", "points", "site", "stream", "watch")

    def __init__(
        self,
        stream: Generator,
        addressing: Addressing = NEAREST,
        points: OtherPoints | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.stream = stream
        self.watch = watch
        self.points = points
        self.site = addressing.site
        self.channel = shortest = channel()
        self.hidden = _recording(stream, shortest) if shortest.known is None else _replaying(shortest.known)

    @property
    def replayed(self) -> replay | None:
        """The handler that answers all draws from a record, if one does."""
        return self.channel.replayed

    def draw(
        self,
        family: Family,
        sampler: Callable[..., Drawn],
        arguments: tuple[UserValue, ...],
        size: Size = None,
        law: Map | None = None,
    ) -> Drawn:
        """Draw from a family.

        Parameters
        ----------
        family
            The family.
        sampler, arguments
            ``sampler(*arguments, size)`` draws from the stream.
        size
            As NumPy's.
        law
            Turns the arguments into the family's parameters, where they differ.
        """
        site = self.site()
        given: tuple[UserValue, ...] = tuple([a if a.__class__ in _NUMBERS else _number(a, site) for a in arguments])
        if self.points is None:
            parameters = given if law is None else law(*given)
        else:
            given, parameters = self.points.first(given, law)
        return draw(site, family, parameters, sampler=sampler, arguments=(*given, size), size=size)

    def draw_jointly(
        self,
        family: Family,
        sampler: Callable[[], ArrayLike],
        shape: Shape,
        law: Callable[[np.ndarray], DrawParameters],
    ) -> np.ndarray:
        """Draw an array whose elements' laws follow from the elements before them: ``law(value)`` gives parameters.

        Raises
        ------
        TrackingEnded
            In a tracked run.
        """
        if self.points is not None:
            raise TrackingEnded("a draw of a vector", "arrays are not tracked")
        site = self.site()
        if 0 in shape:
            return np.asarray(sampler())
        value = np.asarray(sampler()) if self.replayed is None else self._answer(shape)
        return np.asarray(draw(site, family, law(value), sampler=value.copy, size=shape, law=law))

    def number(self, sampler: Callable[..., float], arguments: tuple[UserValue, ...]) -> float:
        """Return the number that the plain program gets; on replay, the recorded one."""
        known = self.channel.known
        if known is None:
            value = sampler(*arguments)
            self.channel.keep(value)
            return value
        found = next(known, None)
        return found if isinstance(found, float) else _UNKNOWN

    def numbers(
        self, sampler: Callable[..., Array], arguments: tuple[UserValue, ...], size: Size
    ) -> tuple[Array, Array]:
        """Return the array that the plain program gets; on replay, the recorded one; and a copy nobody can write to."""
        known = self.channel.known
        if known is None:
            values = np.asarray(sampler(*arguments, size))
            private = kept(values)
            self.channel.keep(private)
            return values, private
        found = next(known, None)
        shape = shape_of(size)
        if not isinstance(found, np.ndarray) or found.shape != shape:
            found = kept(np.full(shape, _UNKNOWN))
        return found.copy(), found

    def _answer(self, shape: Shape) -> np.ndarray:
        """Return the array that the next draw will be answered with; any one of that shape where it will be refused."""
        replayed = self.replayed
        if replayed is not None and replayed.position < len(replayed.draws):
            known = replayed.draws[replayed.position].value
            if isinstance(known, np.ndarray) and known.shape == shape:
                return known
        return np.zeros(shape)


def _recording(stream: Generator, channel: Channel) -> Callable[[], float]:
    draw_number, keep = stream.random, channel.keep

    def hidden() -> float:
        value = draw_number()
        keep(value)
        return value

    return hidden


def _replaying(known: Iterator[float | Array]) -> Callable[[], float]:
    def hidden() -> float:
        value = next(known, None)
        return value if value.__class__ is float else _UNKNOWN

    return hidden


def shape_of(size: Size, *last: int) -> Shape:
    """Return NumPy's size as a shape, with further axes at its end."""
    outer = () if size is None else (size,) if isinstance(size, (int, np.integer)) else tuple(size)
    return (*outer, *last)


def _number(argument: UserValue, site: int) -> UserValue:
    """Return an argument with uniforms settled and lists turned into arrays."""
    number = settled(argument, site)
    return np.asarray(number) if isinstance(number, (list, tuple)) else number
