"""Make scalar draws the shortest way: straight to the one recorder or replayer that listens.

:func:`motherlode.tracing.draw` lets any stack of handlers see a draw, at 2 µs each. A mined simulator runs under
``seed`` and ``record`` or ``replay`` alone, where the outcome is known in advance; :func:`channel` then gives a
function that does the same in a tenth of the time. Under any other stack it gives `draw` itself.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy import ndarray

from motherlode.families import Family
from motherlode.tracing.branching import RecordedDraw
from motherlode.tracing.handlers import _STACK, draw, record, seed
from motherlode.tracing.replaying import replay

__all__ = ["Channel", "Take", "channel"]

Take = Callable[[int, Family, tuple[Any, ...], Callable[..., Any], tuple[Any, ...]], Any]
"""``take(site, family, parameters, sampler, arguments)`` makes a draw of one number with scalar parameters."""

_row = tuple.__new__


class Channel(NamedTuple):
    """Say how to draw under the handlers in force.

    Attributes
    ----------
    take
        Makes a scalar draw.
    replayed
        The handler that answers all draws from a record, if one does; samplers are never called then.
    """

    take: Take
    replayed: replay | None = None


def channel() -> Channel:
    """Return the shortest way to make draws while the handlers stay as they are."""
    stack = _STACK.get()
    if len(stack) == 2 and type(stack[1]) is seed:
        innermost = stack[0]
        if type(innermost) is record:
            return Channel(_recording(innermost))
        if type(innermost) is replay:
            return Channel(_replaying(innermost), innermost)
    return Channel(_drawing)


def _drawing(
    site: int, family: Family, parameters: tuple[Any, ...], sampler: Callable[..., Any], arguments: tuple[Any, ...]
) -> Any:
    return draw(site, family, parameters, sampler=sampler, arguments=arguments)


def _recording(handler: record) -> Take:
    append = handler.draws.append

    def take(
        site: int, family: Family, parameters: tuple[Any, ...], sampler: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        value = sampler(*arguments)
        append(_row(RecordedDraw, (site, family, parameters, value, False)))
        return value

    return take


def _replaying(handler: replay) -> Take:
    draws, asked = handler.draws, handler.asked.append
    count = len(draws)

    def take(
        site: int, family: Family, parameters: tuple[Any, ...], sampler: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        position = handler.position
        if position < count:
            recorded = draws[position]
            value = recorded[3]
            if recorded[0] == site and recorded[1] is family and value.__class__ is not ndarray and not family.vector:
                asked(parameters)
                handler.position = position + 1
                return value
        return draw(site, family, parameters, sampler=sampler, arguments=arguments)

    return take
