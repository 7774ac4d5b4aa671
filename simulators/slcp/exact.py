"""Evaluate the likelihood of slcp, which has no latent variable: simple likelihood, complex posterior."""

import numpy as np


def log_likelihood(theta, x):
    """Return log p(x|theta) with shape (*B,) for theta (*B, 5) and x (*B, 8)."""
    theta, x = np.asarray(theta), np.asarray(x)
    s1, s2, rho = theta[..., 2] ** 2, theta[..., 3] ** 2, np.tanh(theta[..., 4])
    a = np.sqrt(s1**2 + 1e-6)
    b = rho * s1 * s2 / a
    c = np.sqrt(s2**2 + 1e-6 - b**2)
    points = x.reshape(*x.shape[:-1], 4, 2)
    u = (points[..., 0] - theta[..., 0:1]) / a[..., None]
    v = (points[..., 1] - theta[..., 1:2] - b[..., None] * u) / c[..., None]
    return -0.5 * (u**2 + v**2).sum(-1) - 4.0 * np.log(2.0 * np.pi * a * c)


def log_ratio(theta0, theta1, x):
    """Return log p(x|theta0) - log p(x|theta1)."""
    return log_likelihood(theta0, x) - log_likelihood(theta1, x)
