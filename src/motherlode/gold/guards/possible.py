"""Know which guards a simulator allows: only comparisons that must come out equal to the bit may condemn."""

from typing import NamedTuple, Protocol, runtime_checkable

from motherlode.core.types import Array, UserValue
from motherlode.events import Simulator

__all__ = ["Guarded", "Possible", "possible_of"]


class Possible(NamedTuple):
    """Say which guards can look at a simulator.

    Attributes
    ----------
    parity
        ``simulate`` runs the user's own program with nothing between it and the random stream.
    alone
        An event that is mined alone, in another process, has the same x to the bit.
    replay
        ``program`` runs one event under the handlers in force, so that a record can be replayed in another process.
    """

    parity: bool = False
    alone: bool = False
    replay: bool = False


@runtime_checkable
class Guarded(Protocol):
    """A simulator that says which guards it allows."""

    @property
    def possible(self) -> Possible:
        """The guards it allows."""

    def program(self, theta: Array) -> UserValue:
        """Run one event at θ with shape (D,) under the handlers in force and return x."""


def possible_of(simulator: Simulator) -> Possible:
    """Return the guards that a simulator allows: none where it does not say."""
    return simulator.possible if isinstance(simulator, Guarded) else Possible()
