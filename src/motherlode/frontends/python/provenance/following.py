"""Run a program with a θ that is followed: through NumPy's constructors and the ``math`` module too.

Those take plain numbers without asking, so they are replaced, in this process, while one run lasts.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import RLock

import numpy as np

from motherlode.core.types import Array, ForeignFunction, UserValue
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.patching import functions_of, replaced
from motherlode.frontends.python.provenance.followed import FollowedArray, follow, plain, way_of
from motherlode.frontends.python.provenance.lines import Step
from motherlode.frontends.python.provenance.ways import Log, Way
from motherlode.frontends.python.uniforms.linked import settled
from motherlode.tracing import Draw, Handler

__all__ = ["following", "theta_of"]

_MADE = ("array", "asarray", "asanyarray", "ascontiguousarray", "full")
_EMPTY = ("empty", "zeros", "ones")
_lock = RLock()


class _Tagged(Handler):
    """Mark floats that are drawn, so that the line where θ meets one can be told."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def postprocess(self, draw: Draw) -> None:
        """Mark the value."""
        if isinstance(draw.value, float) or getattr(draw.value, "dtype", None) == np.float64:
            draw.value = follow(plain(draw.value), Way(self.log, drawn=True))


@contextmanager
def following(log: Log) -> Iterator[None]:
    """Follow numbers in the block; one thread at a time, and everything is restored on any exit."""
    public = [name for name in dir(math) if not name.startswith("_")]
    with _lock, ExitStack() as stack:
        stack.enter_context(replaced(math, functions_of(math, public, _through)))
        stack.enter_context(replaced(np, functions_of(np, _MADE, _through)))
        stack.enter_context(replaced(np, functions_of(np, _EMPTY, lambda name, function: _blank(function, log))))
        stack.enter_context(_Tagged(log))
        yield


def theta_of(theta: Array, log: Log) -> FollowedArray:
    """Return θ with shape (D,) as an array that is followed."""
    followed: FollowedArray = follow(theta.copy(), Way(log, (Step("", 0, "", "theta"),)))
    return followed


def _through(name: str, function: ForeignFunction) -> ForeignFunction:
    @wraps(function)
    def through(*values: UserValue, **options: UserValue) -> UserValue:
        given = settled(values, NEAREST.site())
        way = way_of(given)
        if way.log is None:
            return function(*given, **options)
        return follow(function(*plain(given), **options), way.after(name), name)

    return through


def _blank(function: ForeignFunction, log: Log) -> ForeignFunction:
    """Return followed arrays, so that what is written into them later is seen."""

    @wraps(function)
    def blank(*values: UserValue, **options: UserValue) -> UserValue:
        return follow(function(*values, **options), Way(log))

    return blank
