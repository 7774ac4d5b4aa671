"""Throw a ball through a generalized Galton board: plain Python that knows nothing of motherlode."""

import math

ROWS = 20
NAILS = 31
START = 15

PARAMETERS = ("theta",)
LOW = (-1.0,)
HIGH = (-0.4,)


def p_left(theta, row, nail):
    """Probability that the ball goes left at a nail; 0 and 1 at the walls of odd rows."""
    if row % 2 == 1 and nail == 0:
        return 0.0
    if row % 2 == 1 and nail == NAILS:
        return 1.0
    s = math.sin(math.pi * row / (ROWS - 1))
    sigma = 1.0 / (1.0 + math.exp(-10.0 * theta * (2.0 * nail / (NAILS - 1) - 1.0)))
    return 0.5 * (1.0 - s) + s * sigma


def galton(theta, rng):
    """Return the slot (5 to 25) a ball ends in."""
    nail = START
    for row in range(ROWS):
        if rng.random() < p_left(theta[0], row, nail):
            nail -= row % 2
        else:
            nail += 1 - row % 2
    return nail
