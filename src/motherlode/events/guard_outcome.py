"""Say what one guard of the gold found, or why it could not look, and how small a fault it would have seen."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["GuardOutcome"]


@dataclass(frozen=True)
class GuardOutcome:
    """Hold what a guard has to say; what it is certain to condemn it raises instead.

    Attributes
    ----------
    guard
        Its name.
    verdict
        "warning" where a person must look, "undecided" where too little was seen, "not possible here" where the way
        the gold is obtained does not allow the comparison, "not run" where something else stood in the way.
    words
        Its power, what it missed, or the finding.
    """

    guard: str
    verdict: Literal["passed", "warning", "undecided", "not possible here", "not run"]
    words: str

    def __str__(self) -> str:
        return f"{self.guard}: {self.verdict}. {self.words}"
