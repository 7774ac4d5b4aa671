r"""Integrate the crescent numerically.

.. math:: p(x|θ) = \int d\alpha\, dr\, \tfrac1π N(r; 0.1, 0.01)\, N(x; c(α, r) + s(θ), 0.02 I)
"""

import numpy as np
from scipy import stats

BLUR = 0.02
_ANGLES = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 201)
_RADII = np.linspace(0.05, 0.15, 41)


def shift(theta):
    """Return the centre with shape (*B, 2) for theta with shape (*B, 2)."""
    theta = np.asarray(theta)
    first = -np.abs(theta[..., 0] + theta[..., 1]) / np.sqrt(2.0)
    return np.stack([first, (theta[..., 1] - theta[..., 0]) / np.sqrt(2.0)], -1)


def log_likelihood(theta, x):
    """Return log p(x|theta) with shape (*B,), by trapezoids over angle and radius."""
    place = np.asarray(x) - shift(theta)
    angle, radius = (part.reshape(-1) for part in np.meshgrid(_ANGLES, _RADII, indexing="ij"))
    weight = stats.norm.pdf(radius, 0.1, 0.01) * _edges(_ANGLES)[:, None].repeat(len(_RADII), 1).reshape(-1)
    weight = weight / weight.sum()
    crescent = np.stack([radius * np.cos(angle) + 0.25, radius * np.sin(angle)], -1)
    distance = ((place[..., None, :] - crescent) ** 2).sum(-1) / BLUR**2
    low = distance.min(-1, keepdims=True)
    sums = (weight * np.exp(-0.5 * (distance - low))).sum(-1)
    return np.log(sums) - 0.5 * low[..., 0] - np.log(2.0 * np.pi * BLUR**2)


def log_ratio(theta0, theta1, x):
    """Return log p(x|theta0) - log p(x|theta1)."""
    return log_likelihood(theta0, x) - log_likelihood(theta1, x)


def _edges(grid):
    weight = np.ones(len(grid))
    weight[[0, -1]] = 0.5
    return weight
