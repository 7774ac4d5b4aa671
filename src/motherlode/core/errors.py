"""Define the root of all errors that motherlode raises on purpose.

Every message has three parts: what happened, with values and address; why it matters; what to do.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["MotherlodeError", "ParameterError", "WriteError", "show"]


class MotherlodeError(Exception):
    """Base class of all errors that motherlode raises on purpose; a pickle keeps all of it, so workers can raise it.

    Examples
    --------
    >>> import motherlode
    >>> try:
    ...     motherlode.Parameters(("a", "a"))
    ... except motherlode.MotherlodeError as error:
    ...     print(error)
    Parameter names must be distinct and at least one, not ('a', 'a').
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return _unfilled, (type(self),), self.__dict__ | {"args": self.args}


class ParameterError(MotherlodeError, ValueError):
    """Refuse parameters θ with a wrong shape, a value that is not finite or one outside the declared bounds."""


class WriteError(MotherlodeError, OSError):
    """Report a file that could not be written; the old one, if there was one, is still there."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} could not be written: {reason}. "
            "Everything written before is intact, and no half-written file was left. "
            "Free some space or choose another path, then run the same command again: it resumes."
        )


def _unfilled(kind: type[MotherlodeError]) -> MotherlodeError:
    return kind.__new__(kind)


def show(value: ArrayLike | None, digits: int = 6) -> str:
    """Return a number or array for an error message, shortened."""
    if value is None:
        return "(not known)"
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{array.item():.{digits}g}"
    return np.array2string(array, precision=digits, threshold=8, edgeitems=3, separator=", ")
