"""Four points of one Gaussian whose five parameters are hidden in squares: plain Python, no motherlode."""

import math

PARAMETERS = tuple(f"theta_{i}" for i in range(1, 6))
LOW = (-3.0,) * 5
HIGH = (3.0,) * 5


def slcp(theta, rng):
    """Return four points (x, y) in one row of eight numbers."""
    s1, s2, rho = theta[2] ** 2, theta[3] ** 2, math.tanh(theta[4])
    a = math.sqrt(s1**2 + 1e-6)
    b = rho * s1 * s2 / a
    c = math.sqrt(s2**2 + 1e-6 - b**2)
    row = []
    for _ in range(4):
        x = rng.normal(theta[0], a)
        row += [x, rng.normal(theta[1] + b * (x - theta[0]) / a, c)]
    return row
