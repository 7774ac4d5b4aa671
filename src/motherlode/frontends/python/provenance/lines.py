"""Name lines of the user's program: the one that is running, and the one that an error came from."""

import linecache
import sys
from types import FrameType, TracebackType
from typing import NamedTuple

from motherlode.frontends.python.frames import is_aside, is_library, is_numpys, is_ours, is_runner
from motherlode.tracing.addresses import place, relative_path

__all__ = ["Step", "line_of", "raised_at", "running_line", "shown"]


class Step(NamedTuple):
    """Name a line of the program and the operation there."""

    file: str
    line: int
    function: str
    operation: str = ""

    @property
    def where(self) -> str:
        """The line as findings name it."""
        return place(f"{relative_path(self.file)}:{self.function}:{self.line}")

    @property
    def source(self) -> str:
        """The text of the line as findings show it."""
        return shown(linecache.getline(self.file, self.line))


def shown(source: str) -> str:
    """Return a line of source as it is shown in a finding."""
    return f"    {source.strip()}"


def line_of(frame: FrameType, operation: str = "") -> Step:
    """Return the line that a frame is at."""
    return Step(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, operation)


def running_line(operation: str) -> tuple[Step | None, bool]:
    """Return the line of the program that is running, and whether it is inside a draw.

    A line of a library counts only where no line of the program itself called it.
    """
    frame: FrameType | None = sys._getframe()
    library: Step | None = None
    inside = False
    while frame is not None:
        code = frame.f_code
        if is_ours(code):
            if is_runner(code) or library is not None:
                break
            inside = inside or not is_aside(code)
        elif is_library(code) and not is_numpys(code):
            library = library or line_of(frame, operation)
        elif not is_numpys(code):
            return line_of(frame, operation), inside
        frame = frame.f_back
    return library, inside


def raised_at(error: BaseException) -> str | None:
    """Return the innermost line of the traceback that is neither ours nor a library's, with its source."""
    found: Step | None = None
    entry: TracebackType | None = error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        if not is_ours(code) and not is_library(code):
            found = Step(code.co_filename, entry.tb_lineno, code.co_name)
        entry = entry.tb_next
    return None if found is None else f"{found.where}\n{found.source}"
