"""Run plain Python once at several points: θ is made of tracked numbers, and so is what the draws are asked with."""

from collections.abc import Callable

import numpy as np

from motherlode.core.types import Array, UserValue
from motherlode.frontends.python.frames import NEAREST
from motherlode.frontends.python.generator.traced import TracedGenerator
from motherlode.frontends.python.tracked.number import Tracked
from motherlode.frontends.python.tracked.points import OtherPoints
from motherlode.gold.one_pass import OnePass, TrackingEnded
from motherlode.tracing import stream

__all__ = ["run_at_points"]


def run_at_points(call: Callable[[np.ndarray, TracedGenerator], UserValue], points: Array) -> OnePass:
    """Run ``call(theta, rng)`` once at all points (P, D).

    Raises
    ------
    TrackingEnded
        If the program needs an ordinary float, or x depends on the point: replay must decide.
    """
    theta = np.empty(points.shape[1], dtype=object)
    for index, column in enumerate(points.T.tolist()):
        theta[index] = Tracked(column)
    others = OtherPoints(len(points) - 1)
    x = call(theta, TracedGenerator(stream(), NEAREST, others))
    if isinstance(x, Tracked) or (isinstance(x, np.ndarray) and x.dtype == object):
        raise TrackingEnded("x", "it depends on theta outside the draws")
    output = np.array(x, dtype=np.float64)
    return OnePass(output, [list(point) for point in zip(*others.asked, strict=True)] or [[] for _ in points[1:]])
