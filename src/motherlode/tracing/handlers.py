"""Apply a stack of handlers to every random draw.

A handler sees each draw made inside its ``with`` block twice: ``process`` on the way out, innermost handler first,
where it may answer the draw, and ``postprocess`` on the way back once the value is known. The stack lives in a
context variable, so threads and asynchronous tasks do not see each other's handlers, and it is restored on any
exit. Laws (tested): ``replay(record(f))`` is ``f``'s own trace; ``condition`` is idempotent; ``block`` hides.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

from numpy.random import Generator
from typing_extensions import Self

from motherlode.families import Family
from motherlode.tracing.addresses import address_of
from motherlode.tracing.branching import RecordedDraw, Trace
from motherlode.tracing.errors import MissingRandomness, ReplayDiverged

__all__ = ["Draw", "Handler", "block", "condition", "draw", "record", "replay", "seed", "stream"]


class Draw:
    """Carry one draw through the handlers: what is asked, and the value once somebody has answered."""

    __slots__ = ("arguments", "family", "hidden", "observed", "parameters", "sampler", "site", "value")

    def __init__(
        self,
        site: int,
        family: Family,
        parameters: tuple[Any, ...],
        value: Any,
        sampler: Callable[..., Any] | None,
        arguments: tuple[Any, ...],
    ) -> None:
        self.site = site
        self.family = family
        self.parameters = parameters
        self.value = value
        self.observed = value is not None
        self.sampler = sampler
        self.arguments = arguments
        self.hidden = False

    @property
    def address(self) -> str:
        """Where the draw is made."""
        return address_of(self.site)


class Handler:
    """See every draw made while the handler is entered; the base class lets all of them pass."""

    _token: Token[tuple["Handler", ...]]

    def process(self, draw: Draw) -> None:
        """Look at a draw on its way out; set ``draw.value`` to answer it."""

    def postprocess(self, draw: Draw) -> None:
        """Look at an answered draw on its way back."""

    def __enter__(self) -> Self:
        self._token = _STACK.set((self, *_STACK.get()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _STACK.reset(self._token)


_STACK: ContextVar[tuple[Handler, ...]] = ContextVar("motherlode_handlers", default=())


def draw(
    site: int,
    family: Family,
    parameters: tuple[Any, ...],
    *,
    observed: Any = None,
    sampler: Callable[..., Any] | None = None,
    arguments: tuple[Any, ...] = (),
) -> Any:
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

    Raises
    ------
    MissingRandomness
        If nobody answers: no value, no sampler, no ``seed`` handler.
    """
    message = Draw(site, family, parameters, observed, sampler, arguments)
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
    for handler in reversed(reached):
        handler.postprocess(message)
    return message.value


class seed(Handler):  # noqa: N801
    """Answer open draws from a NumPy stream.

    Parameters
    ----------
    generator
        The stream; see :func:`motherlode.events.philox_generator`.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def process(self, draw: Draw) -> None:
        """Offer the family's own sampler where the front end brought none."""
        if draw.value is None and draw.sampler is None:
            draw.sampler = draw.family.sample
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


class record(Handler):  # noqa: N801
    """Keep every draw that passes.

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
        self.draws: list[RecordedDraw] = []

    def postprocess(self, draw: Draw) -> None:
        """Append the answered draw."""
        self.draws.append(RecordedDraw(draw.site, draw.family, draw.parameters, draw.value, draw.observed))

    def trace(self) -> Trace:
        """Return what was recorded so far."""
        return Trace.from_draws(self.draws)


class replay(Handler):  # noqa: N801
    """Answer draws from a record, in order, and insist that the same draws are asked for.

    Parameters
    ----------
    draws
        ``record().draws`` of an earlier run.

    Attributes
    ----------
    asked
        The family parameters each draw was asked with, in order: all that gold needs of a replay.

    Raises
    ------
    ReplayDiverged
        At a draw with another address or family, or one past the record; on leaving the block without an
        exception, where recorded draws were not asked for.
    """

    def __init__(self, draws: Iterable[RecordedDraw]) -> None:
        self.draws = list(draws)
        self.asked: list[tuple[Any, ...]] = []
        self.position = 0

    def process(self, draw: Draw) -> None:
        """Answer with the recorded value."""
        if self.position >= len(self.draws):
            raise ReplayDiverged(self.position, self._last(), expected=None, found=draw.address)
        recorded = self.draws[self.position]
        if recorded.site != draw.site or recorded.family is not draw.family:
            expected = f"{address_of(recorded.site)} ({recorded.family.name})"
            raise ReplayDiverged(self.position, self._last(), expected, f"{draw.address} ({draw.family.name})")
        draw.value = recorded.value
        draw.observed = recorded.observed
        self.asked.append(draw.parameters)
        self.position += 1

    def _last(self) -> str | None:
        return address_of(self.draws[self.position - 1].site) if self.position else None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if kind is None and self.position < len(self.draws):
            missing = address_of(self.draws[self.position].site)
            raise ReplayDiverged(self.position, self._last(), expected=missing, found=None)


class condition(Handler):  # noqa: N801
    """Fix draws to given values and mark them observed.

    Parameters
    ----------
    values
        Value by address. The innermost ``condition`` wins.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
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
