"""Predators and prey as a jump process (Gillespie): a Pyro model whose length is random, so it runs event by event.

The numbers are those of ``plain.py``.
"""

import pyro
import pyro.distributions as dist
import torch

PARAMETERS = ("log_birth_predator", "log_death_predator", "log_birth_prey", "log_death_prey")
LOW = (-5.0, -0.8, -0.3, -5.0)
HIGH = (-4.5, -0.3, 0.2, -4.5)
START = (50, 100)
MOVES = ((1, 0), (-1, 0), (0, 1), (0, -1))


def short(theta, duration=0.1):
    """Return the populations after a short time, shape (2,), for θ with shape (4,)."""
    predators, prey = START
    time, step = 0.0, 0
    while True:
        pairs = predators * prey
        weights = theta.exp() * torch.tensor([pairs, predators, prey, pairs], dtype=theta.dtype)
        time += float(pyro.sample(f"wait_{step}", dist.Exponential(weights.sum())))
        if time > duration:
            return torch.tensor([predators, prey], dtype=theta.dtype)
        move = MOVES[int(pyro.sample(f"move_{step}", dist.Categorical(weights / weights.sum())))]
        predators, prey, step = predators + move[0], prey + move[1], step + 1
