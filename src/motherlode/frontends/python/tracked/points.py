"""Know what draws are asked with at the points that a tracked run carries besides the first."""

from collections.abc import Sequence

from motherlode.core.types import UserValue
from motherlode.families.calls import Map
from motherlode.frontends.python.tracked.number import at_point
from motherlode.tracing.branching import DrawParameters

__all__ = ["OtherPoints"]


class OtherPoints:
    """Collect the parameters of every draw at the points but the first.

    Parameters
    ----------
    count
        How many points there are.

    Attributes
    ----------
    asked
        One entry a draw: its parameters at each point.
    ask
        Appends an entry.
    """

    __slots__ = ("ask", "asked", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[list[DrawParameters]] = []
        self.ask = self.asked.append

    def first(self, given: Sequence[UserValue], law: Map | None) -> tuple[DrawParameters, DrawParameters]:
        """Return a draw's arguments and parameters at the first point; collect those at the others."""
        points = [tuple([at_point(argument, index) for argument in given]) for index in range(1 + self.count)]
        parameters, *others = points if law is None else [law(*point) for point in points]
        self.ask(others)
        return points[0], parameters
