"""Throw balls through a generalized Galton board: a Pyro model, vectorized over balls.

The numbers are those of ``plain.py``; a ball that goes left is a Bernoulli site of 1.
"""

import math

import pyro
import pyro.distributions as dist
import torch

ROWS = 20
NAILS = 31
START = 15.0

PARAMETERS = ("theta",)
LOW = (-1.0,)
HIGH = (-0.4,)


def p_left(theta, row, nail):
    """Probability that a ball goes left at a nail; 0 and 1 at the walls of odd rows."""
    s = math.sin(math.pi * row / (ROWS - 1))
    p = 0.5 * (1.0 - s) + s * torch.sigmoid(theta * (nail * (20.0 / (NAILS - 1)) - 10.0))
    if row % 2 == 0:
        return p
    return torch.where(nail == 0, 0.0, torch.where(nail == NAILS, 1.0, p))


def galton(theta):
    """Return the slots (5 to 25) that balls end in, shape (N,), for θ with shape (N,)."""
    nail = torch.full_like(theta, START)
    with pyro.plate("balls", len(theta)):
        for row in range(ROWS):
            left = pyro.sample(f"left_{row}", dist.Bernoulli(p_left(theta, row, nail)))
            nail = nail - left if row % 2 else nail + (1.0 - left)
    return nail
