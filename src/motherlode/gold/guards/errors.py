"""Say what a guard condemns: mined events that are not those of the user's program."""

from motherlode.core.errors import show
from motherlode.core.types import Array
from motherlode.tracing import LeakError

__all__ = ["NotRepeatable", "NotTheProgram"]


class NotTheProgram(LeakError):
    """Report a mined event whose x is not that of the bare program on the same random stream."""

    def __init__(self, event: int, theta: Array, bare: Array, mined: Array) -> None:
        super().__init__(None, event, theta, theta, bare, mined)

    def _explain(self) -> str:
        return (
            f"What was mined is not the program: event {self.event} at theta={show(self.theta)} has "
            f"x={show(self.found)}, and the bare program on the same random stream gives x={show(self.expected)}. "
            "The gold then belongs to another simulator. "
            "Look for code that treats the numbers of `rng` by their type, and see that the simulator keeps nothing "
            "between runs; if it does neither, report this as a bug of motherlode."
        )


class NotRepeatable(LeakError):
    """Report an event that a process which ran nothing before does not repeat: the simulator keeps state.

    Attributes
    ----------
    what
        What differs, in words with values.
    """

    def __init__(self, event: int, theta: Array, what: str) -> None:
        self.what = what
        super().__init__(None, event, theta, theta)

    def _explain(self) -> str:
        return (
            f"The simulator keeps something between runs: event {self.event} at theta={show(self.theta)} is another "
            f"one in a fresh process, where nothing ran before it. {self.what} "
            "Rows then depend on the runs before them, and their joint likelihood ratio is wrong. "
            "Keep no state between runs: no memo by the value of a draw, no global that a run changes."
        )
