"""The Galton board, vectorized with its gold in closed form, beside the exact answers of simulators/galton/exact.py."""

import importlib.util
from pathlib import Path

import numpy as np

from motherlode.events import Events

__all__ = ["EXACT", "mine", "squared_error"]

_PATH = Path(__file__).parents[2] / "simulators" / "galton" / "exact.py"
_SPECIFICATION = importlib.util.spec_from_file_location("galton_exact", _PATH)
EXACT = importlib.util.module_from_spec(_SPECIFICATION)
_SPECIFICATION.loader.exec_module(EXACT)


def mine(count, alternatives=1, seed=0):
    """Return Events with theta and alternatives ~ U(-1, -0.4)."""
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-1.0, -0.4, count)
    others = generator.uniform(-1.0, -0.4, (count, alternatives))
    nail = np.full(count, EXACT.START)
    log_ratio, score = np.zeros((count, alternatives)), np.zeros(count)
    for row in range(EXACT.ROWS):
        s = np.sin(np.pi * row / (EXACT.ROWS - 1))
        slope = 10.0 * (2.0 * nail / (EXACT.NAILS - 1) - 1.0)
        sigma = 1.0 / (1.0 + np.exp(-theta * slope))
        p = 0.5 * (1.0 - s) + s * sigma
        left = generator.random(count) < p
        chance = np.where(left, p, 1.0 - p)
        q = 0.5 * (1.0 - s) + s / (1.0 + np.exp(-others * slope[:, None]))
        log_ratio += np.log(chance)[:, None] - np.log(np.where(left[:, None], q, 1.0 - q))
        score += np.where(left, 1.0, -1.0) * s * slope * sigma * (1.0 - sigma) / chance
        nail = nail + np.where(left, -(row % 2), 1 - row % 2)
    x = nail.astype(np.float64)
    return Events(theta[:, None], others[..., None], x, log_ratio, score[:, None], seed=seed, exchangeable=True)


def squared_error(estimator, theta0=-0.8, theta1=-0.6):
    """Return the mean squared error of log r(x|theta0, theta1), weighted with p(x|theta1)."""
    weight = EXACT.distribution([theta1])[0][0]
    slots = EXACT.SLOTS.astype(np.float64)
    estimate = estimator.log_ratio(np.full((len(slots), 1), theta0), slots, np.full((len(slots), 1), theta1))
    return float(np.average((estimate - EXACT.log_ratio(theta0, theta1)) ** 2, weights=weight))
