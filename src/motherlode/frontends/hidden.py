"""Name the lines that take random numbers, or the time, past the generator they were given."""

import linecache
import os
import random
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np

from motherlode.events.report import place
from motherlode.frontends.raised import shown
from motherlode.tracing.addresses import relative_path

__all__ = ["hidden_calls"]

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
    sys.setprofile(seen)
    try:
        run()
    finally:
        sys.setprofile(before)
    return list(places)


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
