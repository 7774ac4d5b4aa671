"""Throw a ball through a generalized Galton board: a pyprob model that knows nothing of motherlode.

The numbers are those of ``plain.py``; a ball that goes left is a Bernoulli draw of 1.
"""

import math

import pyprob
from pyprob.distributions import Bernoulli, Uniform

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


class Galton(pyprob.Model):
    """Return the slot (5 to 25) a ball ends in; theta is uniform a priori."""

    def __init__(self):
        super().__init__(name="galton")

    def forward(self):
        """Throw one ball."""
        theta = float(pyprob.sample(Uniform(LOW[0], HIGH[0]), name="theta"))
        nail = START
        for row in range(ROWS):
            if pyprob.sample(Bernoulli(p_left(theta, row, nail)), name=f"left_{row}") > 0.5:
                nail -= row % 2
            else:
                nail += 1 - row % 2
        return nail


galton = Galton()
