"""Draw uniform numbers that know what they are compared with: the methods ``random`` and ``uniform``."""

import numpy as np

from motherlode.core.types import Array, Shape, Size, UserFunction, UserValue
from motherlode.families import FAMILIES
from motherlode.families.calls import Drawn
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.generator.drawing import Drawing, shape_of
from motherlode.frontends.python.tracked.number import Tracked
from motherlode.frontends.python.uniforms.array import UniformArray, uniform_array
from motherlode.frontends.python.uniforms.intervals import Intervals
from motherlode.frontends.python.uniforms.linked import settled
from motherlode.frontends.python.uniforms.scalar import LinkedFloat
from motherlode.frontends.python.uniforms.tracked import TrackedUniform
from motherlode.gold.one_pass import TrackingEnded

__all__ = ["TRACKED_UNIFORMS", "UNIFORMS"]

_float64 = np.float64
_new = float.__new__


def random(drawing: Drawing, size: Size = None, dtype: UserValue = _float64, out: UserValue = None) -> UserValue:
    """Draw uniforms on [0, 1) that keep their link: one number, or an array."""
    if size is None and out is None and dtype is _float64:
        if drawing.watch is not None:
            return drawing.watch.number(drawing.site(), drawing.hidden(), drawing.channel, 0.0, 1.0)
        number = _new(LinkedFloat, drawing.hidden())
        number._channel = drawing.channel
        number._low = 0.0
        number._high = 1.0
        return number
    if dtype is not _float64 and np.dtype(dtype) != _float64:
        raise NotInstrumented("random", "dtype= would draw other numbers from the stream; leave it away")
    if out is not None:
        return _into(drawing, size, out)
    return _array(drawing, *drawing.numbers(drawing.stream.random, (), size), 0.0, 1.0)


def uniform(drawing: Drawing, low: UserValue = 0.0, high: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw uniforms on [low, high) that keep their link: one number, or an array."""
    site = drawing.site()
    low, high = settled(low, site), settled(high, site)
    if np.ndim(low) or np.ndim(high) or not low < high:
        return drawing.draw(FAMILIES["Uniform"], drawing.stream.uniform, (low, high), size)
    if size is None:
        value, interval = drawing.number(drawing.stream.uniform, (low, high)), (float(low), float(high))
        if drawing.watch is not None:
            return drawing.watch.number(site, value, drawing.channel, *interval)
        return LinkedFloat(value, drawing.channel, *interval)
    return _array(drawing, *drawing.numbers(drawing.stream.uniform, (low, high), size), float(low), float(high))


def _array(drawing: Drawing, values: Array, private: Array, low: float, high: float) -> UniformArray:
    numbers = Intervals(private, low, high)
    if drawing.watch is not None:
        drawing.watch.array(drawing.site(), numbers)
    return uniform_array(numbers, values)


def _into(drawing: Drawing, size: Size, out: Array) -> Array:
    """Draw numbers into an array that the program brings; they are settled, for the array is its own."""

    def sampler(low: float, high: float, shape: Shape) -> Drawn:
        return np.asarray(drawing.stream.random(shape))

    if size is not None and shape_of(size) != out.shape:
        raise ValueError("size must match out.shape when used together")
    out[...] = drawing.draw(FAMILIES["Uniform"], sampler, (0.0, 1.0), out.shape)
    return out


def _tracked_random(
    drawing: Drawing, size: Size = None, dtype: UserValue = _float64, out: UserValue = None
) -> TrackedUniform:
    """Draw a uniform on [0, 1) at all points."""
    points = drawing.points
    if points is None or size is not None or out is not None or dtype is not _float64:
        raise TrackingEnded("rng.random(size)", "arrays are not tracked")
    return TrackedUniform(drawing.hidden(), drawing.channel, points.ask, points.count)


def _tracked_uniform(
    drawing: Drawing, low: UserValue = 0.0, high: UserValue = 1.0, size: Size = None
) -> TrackedUniform:
    """Draw a uniform on [low, high) at all points."""
    tracked = isinstance(low, Tracked) or isinstance(high, Tracked)
    points = drawing.points
    if points is None or size is not None or tracked or not low < high:
        raise TrackingEnded("rng.uniform", "its support is tracked or empty, or it is an array")
    hidden = drawing.number(drawing.stream.uniform, (low, high))
    bounds = (float(low), float(high))
    return TrackedUniform(hidden, drawing.channel, points.ask, [bounds] * points.count, *bounds)


UNIFORMS: dict[str, UserFunction] = {"random": random, "uniform": uniform}
"""The methods by name; each takes the drawing of the run first."""

TRACKED_UNIFORMS: dict[str, UserFunction] = {"random": _tracked_random, "uniform": _tracked_uniform}
"""The same for a run that carries several points."""
