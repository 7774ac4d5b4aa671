"""Name the line of a user's program that an error came from."""

import linecache
from types import TracebackType

from motherlode.tracing.addresses import place, relative_path

__all__ = ["LIBRARIES", "raised_at", "shown"]

LIBRARIES = ("site-packages", "dist-packages")


def raised_at(error: BaseException) -> str | None:
    """Return the innermost line of the traceback that is neither ours nor a library's, with its source."""
    found = None
    entry: TracebackType | None = error.__traceback__
    while entry is not None:
        code, module = entry.tb_frame.f_code, str(entry.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] != "motherlode" and not any(part in code.co_filename for part in LIBRARIES):
            line = entry.tb_lineno
            where = place(f"{relative_path(code.co_filename)}:{code.co_name}:{line}")
            found = f"{where}\n{shown(linecache.getline(code.co_filename, line))}"
        entry = entry.tb_next
    return found


def shown(source: str) -> str:
    """Return a line of source as it is shown in a finding."""
    return f"    {source.strip()}"
