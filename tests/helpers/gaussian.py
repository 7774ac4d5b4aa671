"""Events of a Gaussian with exact gold, and the fixtures of all tests that train on them."""

import numpy as np
import pytest
import torch

from motherlode.events import Events

__all__ = ["events", "gaussian_events", "one_thread"]


def gaussian_events(count, alternatives=1, parameters=1, seed=0, width=1.0, **marks):
    """z ~ N(theta, 1), x ~ N(z, 1), theta and alternatives ~ U(-width, width): exact gold of the latent draw."""
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-width, width, (count, parameters))
    others = generator.uniform(-width, width, (count, alternatives, parameters))
    z = theta + generator.normal(size=theta.shape)
    x = z + generator.normal(size=theta.shape)
    log_p = -0.5 * ((z - theta) ** 2).sum(-1)
    log_ratio = log_p[:, None] + 0.5 * ((z[:, None] - others) ** 2).sum(-1)
    return Events(theta, others, x, log_ratio, z - theta, seed=seed, **({"exchangeable": True} | marks))


@pytest.fixture(autouse=True)
def one_thread():
    """Keep torch from splitting small networks over cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def events():
    """Two thousand events."""
    return gaussian_events(2000)
