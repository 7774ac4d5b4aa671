"""Information gain of events of any shape, and estimators that return other shapes."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z

from motherlode.design import information_gain
from motherlode.inference import WrongEstimator

D = torch.distributions
PRIOR = D.Normal(torch.zeros(1, dtype=torch.float64), 1.0)


class Mean:
    """Every component of x with shape ``(*L)`` is N(θ, 1)."""

    def __init__(self, *shape):
        self.shape = shape

    def simulate(self, theta, seed, first=0):
        noise = np.random.default_rng([seed, first]).normal(size=(len(theta), *self.shape))
        return theta[:, 0].reshape(-1, *(1 for _ in self.shape)) + noise

    def log_prob(self, x, theta):
        mean = theta[..., 0].reshape(*theta.shape[:-1], *(1 for _ in self.shape))
        return D.Normal(mean, 1.0).log_prob(x).reshape(*theta.shape[:-1], -1).sum(-1)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 2)])
@pytest.mark.parametrize("events", [1, 2])
def test_events_keep_their_shape(shape, events):
    gain = information_gain(Mean(*shape), Mean(*shape), PRIOR, 400, 800, events=events, seed=1)
    exact = 0.5 * np.log1p(events * np.prod(shape))
    assert gain.lower - ALPHA_Z * gain.error < exact < gain.upper + ALPHA_Z * gain.error
    assert gain.lower < gain.upper
    assert gain.upper - gain.lower < 0.1 * exact


def test_values_of_another_shape_are_refused():
    class Unsummed(Mean):
        def log_prob(self, x, theta):
            return D.Normal(theta, 1.0).log_prob(x)

    with pytest.raises(WrongEstimator, match=r"shape \(50, 1\); it returned \(50, 1, 1\).*events of shape \(1,\)"):
        information_gain(Unsummed(1), Unsummed(1), PRIOR, 50, 50)
