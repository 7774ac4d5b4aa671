"""A neuron that fires or not in 100 bins: plain Python that knows nothing of motherlode."""

import os
from pathlib import Path

import numpy as np

PARAMETERS = tuple(f"beta_{i}" for i in range(10))
LOW = None
HIGH = None

_REFERENCE = Path(os.environ.get("MOTHERLODE_REFERENCE", Path(__file__).parents[3] / "shared" / "reference"))


def design():
    """Return sbibm's design matrix with shape (100, 10); set MOTHERLODE_REFERENCE to find it."""
    return np.loadtxt(_REFERENCE / "sbibm" / "bernoulli_glm" / "design_matrix.csv", delimiter=",")


class BernoulliGLM:
    """Count spikes and correlate them with the stimulus.

    Parameters
    ----------
    matrix
        Design matrix with shape (T, D).
    """

    def __init__(self, matrix):
        self.matrix = matrix

    def __call__(self, theta, rng):
        """Return the sufficient statistics Vᵀy with shape (D,) for theta with shape (D,)."""
        chance = 1.0 / (1.0 + np.exp(-self.matrix @ theta))
        spikes = rng.binomial(1, chance)
        return self.matrix.T @ spikes
