r"""Solve the GLM up to a function of x, which its sufficient statistics allow.

.. math:: \log p(x|β) = β \cdot x - \sum_t \log(1 + e^{(Vβ)_t}) + c(x)
"""

import numpy as np


def log_ratio(beta0, beta1, x, matrix):
    """Return log p(x|beta0) - log p(x|beta1) for betas and x with shape (*B, D) and the design matrix (T, D)."""
    return _potential(beta0, x, matrix) - _potential(beta1, x, matrix)


def score(beta, x, matrix):
    """Return the score Vᵀ(y - σ(Vβ)) with shape (*B, D)."""
    return x - (1.0 / (1.0 + np.exp(-beta @ matrix.T))) @ matrix


def prior_precision(size=9):
    """Return the precision of the smoothness prior, shape (size + 1, size + 1)."""
    step = np.eye(size) - np.eye(size, k=-1)
    smooth = step @ step + np.diag(np.sqrt(np.arange(size) / size))
    precision = np.zeros((size + 1, size + 1))
    precision[0, 0] = 0.5
    precision[1:, 1:] = smooth.T @ smooth
    return precision


def _potential(beta, x, matrix):
    return (beta * x).sum(-1) - np.logaddexp(0.0, beta @ matrix.T).sum(-1)
