r"""Solve the Galton board exactly by dynamic programming over (row, nail).

.. math:: p(n', l+1|\theta) = \sum_n p(n, l|\theta)\, P(n \to n'|\theta, l)

The derivative with respect to θ is carried along, which gives the score.
"""

import numpy as np

ROWS = 20
NAILS = 31
START = 15
SLOTS = np.arange(5, 26)


def p_left(theta, row):
    """Return the probabilities of going left at each nail and their θ-derivatives, two arrays of shape (T, 32).

    Parameters
    ----------
    theta
        Shape (T,).
    row
        Between 0 and 19.
    """
    nails = np.arange(NAILS + 1)
    s = np.sin(np.pi * row / (ROWS - 1))
    slope = 10.0 * (2.0 * nails / (NAILS - 1) - 1.0)
    sigma = 1.0 / (1.0 + np.exp(-np.multiply.outer(theta, slope)))
    p, dp = 0.5 * (1.0 - s) + s * sigma, s * slope * sigma * (1.0 - sigma)
    if row % 2 == 1:
        p[:, 0], dp[:, 0] = 0.0, 0.0
        p[:, NAILS], dp[:, NAILS] = 1.0, 0.0
    return p, dp


def distribution(theta):
    """Return p(x|θ) and ∂p(x|θ)/∂θ over the slots, each with shape (T, 21), for θ with shape (T,)."""
    theta = np.atleast_1d(np.asarray(theta, dtype=np.float64))
    p, dp = np.zeros((2, len(theta), NAILS + 2))
    p[:, START] = 1.0
    for row in range(ROWS):
        p, dp = _step(p, dp, *p_left(theta, row), row)
    return p[:, SLOTS], dp[:, SLOTS]


def _step(p, dp, left, dleft, row):
    p, dp = p[:, : NAILS + 1], dp[:, : NAILS + 1]
    go_left, go_right = p * left, p * (1.0 - left)
    dgo_left, dgo_right = dp * left + p * dleft, dp * (1.0 - left) - p * dleft
    return tuple(_move(a, b, row % 2) for a, b in ((go_left, go_right), (dgo_left, dgo_right)))


def _move(go_left, go_right, odd):
    out = np.zeros((len(go_left), NAILS + 2))
    if odd:
        out[:, : NAILS + 1] += go_right
        out[:, :NAILS] += go_left[:, 1:]
    else:
        out[:, : NAILS + 1] += go_left
        out[:, 1:] += go_right
    return out


def log_likelihood(theta, x):
    """Return log p(x|θ) with shape (T, N) for θ (T,) and slots x (N,)."""
    slots = np.asarray(x, dtype=np.int64) - SLOTS[0]
    with np.errstate(divide="ignore"):
        return np.log(distribution(theta)[0])[:, slots]


def log_ratio(theta0, theta1):
    """Return log p(x|θ0) - log p(x|θ1) over the slots 5 to 25, shape (21,)."""
    p, _ = distribution([theta0, theta1])
    return np.log(p[0]) - np.log(p[1])


def score(theta):
    """Return ∂ log p(x|θ)/∂θ over the slots 5 to 25, shape (21,)."""
    p, dp = distribution(theta)
    return (dp / p)[0]


def posterior(x, low=-1.0, high=-0.4, points=2001):
    """Return (θ grid, density) of the posterior under a uniform prior on [low, high] for slots x (M,)."""
    grid = np.linspace(low, high, points)
    log_density = log_likelihood(grid, x).sum(axis=1)
    density = np.exp(log_density - log_density.max())
    return grid, density / np.trapezoid(density, grid)


def moments(x, low=-1.0, high=-0.4):
    """Return mean and standard deviation of that posterior."""
    grid, density = posterior(x, low, high)
    mean = np.trapezoid(grid * density, grid)
    return mean, np.sqrt(np.trapezoid((grid - mean) ** 2 * density, grid))
