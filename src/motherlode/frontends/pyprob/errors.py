"""Say why a pyprob model cannot be mined, or a simulator not be lent to pyprob."""

from motherlode.core import MotherlodeError

__all__ = ["NoDraw"]


class NoDraw(MotherlodeError, ValueError):
    """Refuse a statement that stands for no normalized density of a draw.

    Attributes
    ----------
    what, reason
        The statement, and why it is refused.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(
            f"The model makes {what}: {reason}. "
            "The joint density of x and the draws would be unknown there, and with it gold. "
            "Write it with draws that have one, for example a Categorical choice followed by a Normal."
        )
