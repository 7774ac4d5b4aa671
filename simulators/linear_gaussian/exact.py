r"""Solve the linear-Gaussian toy in closed form.

.. math:: x \sim N(θ, \sqrt 5), \qquad t(x,z|θ) = (z - θ)/4, \qquad t(x|θ) = (x - θ)/5
"""

import numpy as np
from scipy import stats

VARIANCE = 5.0


def log_likelihood(theta, x):
    """Return log p(x|theta), broadcast over theta and x."""
    return stats.norm.logpdf(x, theta, np.sqrt(VARIANCE))


def log_ratio(theta0, theta1, x):
    """Return log p(x|theta0) - log p(x|theta1)."""
    return log_likelihood(theta0, x) - log_likelihood(theta1, x)


def score(theta, x):
    """Return the score of the likelihood."""
    return (np.asarray(x) - theta) / VARIANCE


def joint_score(theta, z):
    """Return the score given the latent z; a tutorial of 2019 had (x - theta)/4, wrong by a quarter."""
    return (np.asarray(z) - theta) / 4.0
