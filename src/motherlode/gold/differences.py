r"""Difference log-probabilities in θ: central inside the bounds, one-sided at them.

.. math:: \partial_d \log p \approx c_a (\log p_a - \log p_0) + c_b (\log p_b - \log p_0), \qquad
   c_a = \frac{b}{a (b - a)}, \quad c_b = \frac{-a}{b (b - a)}

exact to second order for points at distances a and b: (h, -h) inside, ±(h, 2h) at a bound. The distances are those
of the rounded points. Differences are taken branching by branch and then summed, so that nothing cancels.
"""

from typing import NamedTuple

import numpy as np

from motherlode.core import Parameters
from motherlode.core.types import Array

__all__ = ["Stencil", "stencil"]


class Stencil(NamedTuple):
    """Say where to replay for the score: points (*N, 2D, D), two for each parameter, and their weights (*N, 2D)."""

    points: Array
    weights: Array


def stencil(theta: Array, steps: Array, parameters: Parameters) -> Stencil:
    """Choose the stencil at θ.

    Parameters
    ----------
    theta, steps
        Shape (*N, D).
    parameters
        Its bounds are never crossed.
    """
    low = -np.inf if parameters.low is None else np.array(parameters.low)
    high = np.inf if parameters.high is None else np.array(parameters.high)
    one_sided = (theta + steps > high) | (theta - steps < low)
    first = np.where(theta + steps > high, -steps, steps)
    second = np.where(one_sided, 2 * first, -first)
    axis = np.arange(theta.shape[-1])
    points = np.repeat(theta[..., None, :], 2 * len(axis), axis=-2)
    points[..., 2 * axis, axis] += first
    points[..., 2 * axis + 1, axis] += second
    first, second = points[..., 2 * axis, axis] - theta, points[..., 2 * axis + 1, axis] - theta
    weights = np.empty(points.shape[:-1])
    weights[..., 0::2] = second / (first * (second - first))
    weights[..., 1::2] = -first / (second * (second - first))
    return Stencil(points, weights)
