"""Name the lines that take random numbers, or the time, past the generator they were given."""

import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import numpy as np

from motherlode.core.types import Foreign, ForeignFunction, UserValue
from motherlode.frontends.python.frames import is_ours
from motherlode.frontends.python.patching import functions_of, replaced
from motherlode.frontends.python.provenance.lines import line_of

__all__ = ["hidden_calls", "told"]

_LINES = 6
_REMEDY = 'To keep the code as it is: motherlode.wrap(motherlode.intercept("random", "numpy.random")(function), …).'
_SOURCES = (random.Random, np.random.Generator, np.random.RandomState)
_GAUSS = random.Random.gauss.__code__
"""Draws two numbers at once and keeps one, so that it takes nothing from the generator each second time."""

_FUNCTIONS = {os.urandom, time.time, time.time_ns, time.perf_counter, time.monotonic}


def hidden_calls(run: Callable[[], None]) -> list[str]:
    """Run a program and return where it called a generator that is not ours, in the order first met."""
    places: dict[str, None] = {}

    def seen(frame: FrameType, event: str, called: Foreign) -> None:
        if (event == "c_call" and _is_source(called)) or frame.f_code is _GAUSS:
            caller = _caller(frame)
            if caller is not None:
                places.setdefault(caller)

    def noted(name: str, function: ForeignFunction) -> ForeignFunction:
        """Note calls of NumPy's module-level functions, which the interpreter's profiler is not told of."""

        def call(*arguments: UserValue, **options: UserValue) -> UserValue:
            caller = _caller(sys._getframe().f_back)
            if caller is not None:
                places.setdefault(caller)
            return function(*arguments, **options)

        return call

    before = sys.getprofile()
    with replaced(np.random, functions_of(np.random, np.random.__all__, noted)):
        sys.setprofile(seen)
        try:
            run()
        finally:
            sys.setprofile(before)
    return list(places)


def told(places: Sequence[str]) -> str:
    """Return lines for a finding: where hidden numbers come from, and the way to keep the code as it is."""
    if not places:
        return ""
    return "\nThey come from " + "\nand ".join(places[:_LINES]) + f"\n{_REMEDY}"


def _is_source(called: Foreign) -> bool:
    return called in _FUNCTIONS or isinstance(getattr(called, "__self__", None), _SOURCES)


def _caller(frame: FrameType | None) -> str | None:
    """Return the line of the program, skipping the standard ``random`` module; None inside motherlode."""
    while frame is not None and frame.f_code.co_filename == random.__file__:
        frame = frame.f_back
    if frame is None or is_ours(frame.f_code):
        return None
    line = line_of(frame)
    return f"{line.where}\n{line.source}"
