"""Name the lines that take random numbers, or the time, past the generator they were given."""

import linecache
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any
from unittest.mock import patch

import numpy as np

from motherlode.frontends.python.provenance.lines import shown
from motherlode.tracing.addresses import place, relative_path

__all__ = ["hidden_calls", "told"]

_LINES = 6
_REMEDY = 'To keep the code as it is: motherlode.wrap(motherlode.intercept("random", "numpy.random")(function), …).'
_SOURCES = (random.Random, np.random.Generator, np.random.RandomState)
_FUNCTIONS = {os.urandom, time.time, time.time_ns, time.perf_counter, time.monotonic}


def hidden_calls(run: Callable[[], None]) -> list[str]:
    """Run a program and return where it called a generator that is not ours, in the order first met."""
    places: dict[str, None] = {}

    def seen(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and _is_source(called):
            caller = _caller(frame)
            if caller is not None:
                places.setdefault(caller)

    before = sys.getprofile()
    with _numpy_seen(places):
        sys.setprofile(seen)
        try:
            run()
        finally:
            sys.setprofile(before)
    return list(places)


@contextmanager
def _numpy_seen(places: dict[str, None]) -> Iterator[None]:
    """See calls of NumPy's module-level functions, which the interpreter's profiler is not told of."""

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            line = _caller(sys._getframe(1))
            if line is not None:
                places.setdefault(line)
            return function(*arguments, **options)

        return call

    with ExitStack() as stack:
        for name in np.random.__all__:
            function = getattr(np.random, name)
            if callable(function) and not isinstance(function, type):
                stack.enter_context(patch.object(np.random, name, noted(function)))
        yield


def told(places: Sequence[str]) -> str:
    """Return lines for a finding: where hidden numbers come from, and the way to keep the code as it is."""
    if not places:
        return ""
    return "\nThey come from " + "\nand ".join(places[:_LINES]) + f"\n{_REMEDY}"


def _is_source(called: Any) -> bool:
    return called in _FUNCTIONS or isinstance(getattr(called, "__self__", None), _SOURCES)


def _caller(frame: FrameType) -> str | None:
    """Return the line of the program, skipping the standard ``random`` module; None inside motherlode."""
    at: FrameType | None = frame
    while at is not None and at.f_globals.get("__name__") == "random":
        at = at.f_back
    if at is None or str(at.f_globals.get("__name__", "")).partition(".")[0] == "motherlode":
        return None
    code = at.f_code
    where = place(f"{relative_path(code.co_filename)}:{code.co_name}:{at.f_lineno}")
    return f"{where}\n{shown(linecache.getline(code.co_filename, at.f_lineno))}"
