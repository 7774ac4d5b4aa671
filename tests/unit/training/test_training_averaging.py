"""The weights that are judged and kept are an average over the last steps, which noise in the gradient moves less."""

import pytest
import torch
from torch import nn

from motherlode.training.optimizer import Optimizer

STEPS = 400


def noisy_descent(memory, steps=STEPS, rate=0.1):
    """Follow the noisy gradient of w²/2 from 0, where the optimum is, at a constant rate."""
    generator = torch.Generator().manual_seed(0)
    weights = nn.Parameter(torch.zeros(500))
    descent = Optimizer([weights], weight_decay=0.0, clip=1e9, memory=memory)
    for _ in range(steps):
        noise = torch.randn(500, generator=generator)
        descent.step((weights.square() / 2 + noise * weights).sum(), rate)
    return weights, descent


def test_average_is_nearer_to_the_optimum_than_the_last_step():
    weights, descent = noisy_descent(memory=100)
    last = float(weights.detach().square().mean())
    with descent.averaged():
        assert float(weights.detach().square().mean()) < 0.5 * last
    assert float(weights.detach().square().mean()) == pytest.approx(last)


def test_a_memory_of_no_steps_is_the_last_step():
    weights, descent = noisy_descent(memory=1)
    last = weights.detach().clone()
    with descent.averaged():
        assert torch.equal(weights.detach(), last)


def test_a_short_training_averages_all_its_steps_and_forgets_on_demand():
    weights, descent = noisy_descent(memory=1000, steps=10)
    with descent.averaged():
        averaged = weights.detach().clone()
    assert not torch.equal(averaged, weights.detach())
    descent.forget()
    with descent.averaged():
        assert torch.equal(weights.detach(), descent.weights[0].detach())
        assert not torch.equal(weights.detach(), averaged)


def test_state_restores_the_average():
    weights, descent = noisy_descent(memory=100)
    state = {"tensors": [value.clone() for value in descent.state()["tensors"]], "tried": descent.state()["tried"]}
    other_weights, other = noisy_descent(memory=100, steps=3)
    other.restore(state)
    with descent.averaged(), other.averaged():
        assert torch.equal(weights.detach(), other_weights.detach())
