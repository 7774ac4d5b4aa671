"""Apply a stack of handlers to every random draw.

A handler sees each draw made inside its ``with`` block twice: ``process`` on the way out, innermost handler first,
where it may answer the draw, and ``postprocess`` on the way back once the value is known. The stack lives in a
context variable, so threads and asynchronous tasks do not see each other's handlers, and it is restored on any
exit. Laws (tested): ``replay(record(f))`` is ``f``'s own trace; ``condition`` is idempotent; ``block`` hides.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from types import TracebackType
from typing import Self, overload

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from motherlode.core.types import Shape, Size, UserValue
from motherlode.families import Family
from motherlode.families.calls import Drawn
from motherlode.tracing.addresses import address_of
from motherlode.tracing.branching import DrawParameters, RecordedDraw, RecordedDraws, Trace
from motherlode.tracing.errors import MissingRandomness

__all__ = ["Draw", "Handler", "alone", "block", "condition", "draw", "own", "record", "seed", "stream"]


class Draw:
    """Carry one draw through the handlers: what is asked, and the value once somebody has answered."""

    __slots__ = ("arguments", "family", "hidden", "observed", "parameters", "sampler", "site", "size", "value")

    def __init__(
        self,
        site: int,
        family: Family,
        parameters: DrawParameters,
        value: Drawn | None,
        sampler: Callable[..., Drawn] | None,
        arguments: tuple[UserValue, ...],
        size: Size,
    ) -> None:
        self.site = site
        self.family = family
        self.parameters = parameters
        self.value = value
        self.observed = value is not None
        self.sampler = sampler
        self.arguments = arguments
        self.size = size
        self.hidden = False

    @property
    def address(self) -> str:
        """Where the draw is made."""
        return address_of(self.site)

    @property
    def shape(self) -> Shape:
        """Shape of the value that is asked for."""
        if self.size is not None:
            return (self.size,) if isinstance(self.size, int) else tuple(self.size)
        shapes = [parameter.shape for parameter in self.parameters if isinstance(parameter, np.ndarray)]
        shape = np.broadcast_shapes(*shapes) if shapes else ()
        return shape[:-1] if self.family.vector else shape


@overload
def own(value: Drawn) -> Drawn: ...
@overload
def own(value: ArrayLike) -> ArrayLike: ...
def own(value: ArrayLike) -> ArrayLike:
    """Return a copy of an array, and anything else as it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


class Handler:
    """See every draw made while the handler is entered; the base class lets all of them pass."""

    _outer: "tuple[tuple[Handler, ...], ...]" = ()

    def process(self, draw: Draw) -> None:
        """Look at a draw on its way out; set ``draw.value`` to answer it."""

    def postprocess(self, draw: Draw) -> None:
        """Look at an answered draw on its way back."""

    def __enter__(self) -> Self:
        self._outer = (*self._outer, _STACK.get())
        _STACK.set((self, *_STACK.get()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _STACK.set(self._outer[-1])
        self._outer = self._outer[:-1]


_STACK: ContextVar[tuple[Handler, ...]] = ContextVar("motherlode_handlers", default=())


def draw(
    site: int,
    family: Family,
    parameters: DrawParameters,
    *,
    observed: Drawn | None = None,
    sampler: Callable[..., Drawn] | None = None,
    arguments: tuple[UserValue, ...] = (),
    size: Size = None,
    law: Callable[[np.ndarray], DrawParameters] | None = None,
) -> Drawn:
    """Ask for one random value; the whole semantics of the handler stack is here.

    Parameters
    ----------
    site
        Interned address of the draw.
    family, parameters
        The law it is drawn from.
    observed
        The value, where the draw is data.
    sampler, arguments
        ``sampler(*arguments)`` gives the value if no handler does.
    size
        Shape asked for; that of the parameters when absent.
    law
        ``law(value)`` gives the parameters where they follow from the value that is answered; `parameters` are then
        those of the value that the sampler gives.

    Raises
    ------
    MissingRandomness
        If nobody answers: no value, no sampler, no ``seed`` handler.
    """
    message = Draw(site, family, parameters, observed, sampler, arguments, size)
    reached: list[Handler] = []
    for handler in _STACK.get():
        handler.process(message)
        reached.append(handler)
        if message.hidden:
            break
    if message.value is None:
        if message.sampler is None:
            raise MissingRandomness(message.address, family.name)
        message.value = message.sampler(*message.arguments)
    elif law is not None:
        message.parameters = law(np.asarray(message.value))
    for handler in reversed(reached):
        handler.postprocess(message)
    return message.value


class seed(Handler):  # noqa: N801
    """Answer open draws from a NumPy stream.

    Parameters
    ----------
    generator
        The stream; see :func:`motherlode.core.philox_generator`.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def process(self, draw: Draw) -> None:
        """Offer the family's own sampler where the front end brought none."""
        if draw.value is None and draw.sampler is None:
            draw.sampler = partial(draw.family.sample, size=draw.size)
            draw.arguments = (self.generator, *draw.parameters)


def stream() -> Generator:
    """Return the stream of the innermost ``seed`` handler.

    Raises
    ------
    MissingRandomness
        If there is none.
    """
    for handler in _STACK.get():
        if isinstance(handler, seed):
            return handler.generator
    raise MissingRandomness(None, None)


@contextmanager
def alone() -> Iterator[None]:
    """Hide the outer handlers from the block, so that what is mined inside is no part of a run around it."""
    token = _STACK.set(())
    try:
        yield
    finally:
        _STACK.reset(token)


class record(Handler):  # noqa: N801
    """Keep every draw that passes, with copies of arrays: a simulator may change them in place.

    Examples
    --------
    >>> from motherlode.families import FAMILIES
    >>> from motherlode.tracing import draw, intern, record, seed
    >>> import numpy as np
    >>> with record() as recorded, seed(np.random.default_rng(1)):
    ...     value = draw(intern("z"), FAMILIES["Normal"], (0.0, 1.0))
    >>> recorded.trace()[0].address
    'z'
    """

    def __init__(self) -> None:
        self.draws = RecordedDraws()

    def postprocess(self, draw: Draw) -> None:
        """Append the draw once it is answered."""
        if draw.value is not None:
            parameters = tuple(map(own, draw.parameters))
            self.draws.append(RecordedDraw(draw.site, draw.family, parameters, own(draw.value), draw.observed))

    def trace(self) -> Trace:
        """Return what was recorded so far."""
        return Trace.from_draws(self.draws)


class condition(Handler):  # noqa: N801
    """Fix draws to given values and mark them observed.

    Parameters
    ----------
    values
        Value by address. The innermost ``condition`` wins.
    """

    def __init__(self, values: Mapping[str, Drawn]) -> None:
        self.values = values

    def process(self, draw: Draw) -> None:
        """Answer the draw if its address is listed and nobody has."""
        if draw.value is None and draw.address in self.values:
            draw.value = self.values[draw.address]
            draw.observed = True


class block(Handler):  # noqa: N801
    """Hide draws from the handlers outside.

    Parameters
    ----------
    hide
        Which draws; all of them when absent.
    """

    def __init__(self, hide: Callable[[Draw], bool] = lambda draw: True) -> None:
        self.hide = hide

    def process(self, draw: Draw) -> None:
        """Stop the draw here if it is to be hidden."""
        draw.hidden = self.hide(draw)
