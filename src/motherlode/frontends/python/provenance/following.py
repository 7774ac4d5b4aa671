"""Run a program with a θ that is followed: through NumPy's constructors and the ``math`` module too.

Those take plain numbers without asking, so they are replaced, in this process, while one run lasts.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from threading import RLock
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from motherlode.frontends.python.provenance.followed import Log, Step, Way, follow, plain, way_of
from motherlode.frontends.python.uniforms.array import plain_at
from motherlode.tracing import Draw, Handler, caller_site

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
    with _lock, ExitStack() as stack:
        for name in [name for name in dir(math) if callable(getattr(math, name)) and not name.startswith("_")]:
            stack.enter_context(patch.object(math, name, _through(name, getattr(math, name))))
        for name in _MADE:
            stack.enter_context(patch.object(np, name, _through(name, getattr(np, name))))
        for name in _EMPTY:
            stack.enter_context(patch.object(np, name, _blank(getattr(np, name), log)))
        stack.enter_context(_Tagged(log))
        yield


def theta_of(theta: NDArray[np.float64], log: Log) -> Any:
    """Return θ with shape (D,) as an array that is followed."""
    return follow(theta.copy(), Way(log, (Step("", 0, "", "theta"),)))


def _through(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def through(*values: Any, **options: Any) -> Any:
        given = plain_at(values, caller_site())
        way = way_of(given)
        if way.log is None:
            return function(*given, **options)
        return follow(function(*plain(given), **options), way.after(name), name)

    return through


def _blank(function: Callable[..., Any], log: Log) -> Callable[..., Any]:
    """Return followed arrays, so that what is written into them later is seen."""

    @wraps(function)
    def blank(*values: Any, **options: Any) -> Any:
        return follow(function(*values, **options), Way(log))

    return blank
