"""A crescent shifted by theta and blurred: plain Python that knows nothing of motherlode."""

import math

PARAMETERS = ("theta_1", "theta_2")
LOW = (-1.0, -1.0)
HIGH = (1.0, 1.0)
BLUR = 0.02


def two_moons(theta, rng):
    """Return a point near a half circle whose centre depends on theta; the shift is part of the last draw."""
    angle = rng.uniform(-0.5 * math.pi, 0.5 * math.pi)
    radius = rng.normal(0.1, 0.01)
    x = radius * math.cos(angle) + 0.25 - abs(theta[0] + theta[1]) / math.sqrt(2.0)
    y = radius * math.sin(angle) + (theta[1] - theta[0]) / math.sqrt(2.0)
    return rng.normal((x, y), BLUR)
