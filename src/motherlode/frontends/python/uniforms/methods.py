"""Draw uniform numbers that stay delayed: the methods ``random`` and ``uniform`` of a traced generator."""

from functools import lru_cache

import numpy as np

from motherlode.core.types import Array, Shape, Size, UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.generator.drawing import Drawing, shape_of
from motherlode.frontends.python.tracked.number import Tracked
from motherlode.frontends.python.uniforms.array import LazyUniforms
from motherlode.frontends.python.uniforms.delayed import settled
from motherlode.frontends.python.uniforms.intervals import Intervals
from motherlode.frontends.python.uniforms.scalar import LazyUniform
from motherlode.frontends.python.uniforms.tracked import TrackedUniform
from motherlode.gold.one_pass import TrackingEnded

__all__ = ["TRACKED_UNIFORMS", "UNIFORMS"]

_float64 = np.float64


def random(
    drawing: Drawing, size: Size = None, dtype: UserValue = _float64, out: UserValue = None
) -> LazyUniform | LazyUniforms:
    """Draw lazy uniforms on [0, 1): one number, or an array."""
    if size is None and out is None and dtype is _float64:
        return LazyUniform(drawing.channel, drawing.hidden())
    if dtype is not _float64 or out is not None:
        raise NotInstrumented("random", "dtype= and out= would settle lazy uniforms; leave them away")
    return LazyUniforms(Intervals(_numbers(drawing, size), 0.0, 1.0))


def uniform(drawing: Drawing, low: UserValue = 0.0, high: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw lazy uniforms on [low, high): one number, or an array."""
    site = drawing.site()
    low, high = settled(low, site), settled(high, site)
    if np.ndim(low) or np.ndim(high) or not low < high:
        return drawing.draw(FAMILIES["Uniform"], drawing.stream.uniform, (low, high), size)
    if size is None:
        return LazyUniform(drawing.channel, drawing.stream.uniform(low, high), float(low), float(high))
    return LazyUniforms(Intervals(low + (high - low) * _numbers(drawing, size), float(low), float(high)))


def _numbers(drawing: Drawing, size: Size) -> Array:
    """Return the numbers behind lazy uniforms; any, where every comparison is answered from a record."""
    if drawing.replayed is not None:
        return _unasked(shape_of(size))
    return np.asarray(drawing.stream.random(size))


@lru_cache(maxsize=8)
def _unasked(shape: Shape) -> Array:
    halves = np.full(shape, 0.5)
    halves.flags.writeable = False
    return halves


def _tracked_random(
    drawing: Drawing, size: Size = None, dtype: UserValue = _float64, out: UserValue = None
) -> TrackedUniform:
    """Draw a lazy uniform on [0, 1) at all points."""
    points = drawing.points
    if points is None or size is not None or out is not None or dtype is not _float64:
        raise TrackingEnded("rng.random(size)", "arrays are not tracked")
    return TrackedUniform(drawing.channel, drawing.hidden(), points.ask, points.count)


def _tracked_uniform(
    drawing: Drawing, low: UserValue = 0.0, high: UserValue = 1.0, size: Size = None
) -> TrackedUniform:
    """Draw a lazy uniform on [low, high) at all points."""
    tracked = isinstance(low, Tracked) or isinstance(high, Tracked)
    points = drawing.points
    if points is None or size is not None or tracked or not low < high:
        raise TrackingEnded("rng.uniform", "its support is tracked or empty, or it is an array")
    hidden = drawing.stream.uniform(low, high)
    bounds = (float(low), float(high))
    return TrackedUniform(drawing.channel, hidden, points.ask, [bounds] * points.count, *bounds)


UNIFORMS: dict[str, UserFunction] = {"random": random, "uniform": uniform}
"""The methods by name; each takes the drawing of the run first."""

TRACKED_UNIFORMS: dict[str, UserFunction] = {"random": _tracked_random, "uniform": _tracked_uniform}
"""The same for a run that carries several points."""
