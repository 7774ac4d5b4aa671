"""Know the generator of the run in progress, for code that was not handed it."""

import sys
from contextvars import ContextVar
from typing import Any

from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.tracing.addresses import site_of_frame

__all__ = ["RUNNING", "outside"]

RUNNING: ContextVar[Any] = ContextVar("motherlode_running", default=None)
"""The generator of the run in progress in this context; None outside runs."""

_INNER = ("motherlode.", "scipy.", "numpy.")


class _Outside(TracedGenerator):
    """Draw for a line outside motherlode and the libraries, however many frames up it is."""

    def _site(self, depth: int) -> int:
        frame = sys._getframe(1)
        while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(_INNER):
            frame = frame.f_back
        return site_of_frame(frame)


def outside(generator: Any) -> Any:
    """Return a generator on the same stream whose draws are addressed by the line outside the libraries."""
    return _Outside(generator._generator) if isinstance(generator, TracedGenerator) else generator
