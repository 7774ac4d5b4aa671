"""A trained surrogate inside a Pyro model: NUTS and SVI find the posterior of a closed form."""

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import MCMC, NUTS, SVI, Trace_ELBO
from pyro.infer.autoguide import AutoNormal

from motherlode.events import Events
from motherlode.surrogates import TrainingOptions, losses, train


@pytest.fixture(scope="module")
def surrogates():
    """x ~ N(θ, 1) with θ ~ U(-3, 3); the exact posterior of ten x is N(mean, 1/√10)."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    theta, other = generator.uniform(-3, 3, (2, 4000, 1))
    x = generator.normal(theta)
    ratio = 0.5 * ((x - other) ** 2 - (x - theta) ** 2)
    events = Events(theta, other[:, None], x, ratio, x - theta, exchangeable=True)
    options = TrainingOptions(steps=700)
    return {loss.name: train(events, loss, progress=False, options=options) for loss in (losses.alices, losses.scandal)}


OBSERVED = torch.linspace(-1.0, 2.0, 10).double().unsqueeze(-1)


def model_of(estimator):
    def model():
        theta = pyro.sample("theta", pyro.distributions.Normal(torch.zeros(1).double(), 3.0).to_event(1))
        with pyro.plate("events", len(OBSERVED)):
            pyro.sample("x", estimator.likelihood(theta), obs=OBSERVED)

    return model


@pytest.mark.parametrize("name", ["alices", pytest.param("scandal", marks=pytest.mark.slow)])
def test_nuts(surrogates, name):
    pyro.set_rng_seed(0)
    chain = MCMC(
        NUTS(model_of(surrogates[name]), max_tree_depth=4), num_samples=80, warmup_steps=40, disable_progbar=True
    )
    chain.run()
    samples = chain.get_samples()["theta"]
    assert float(samples.mean()) == pytest.approx(0.5, abs=0.15)
    assert float(samples.std()) == pytest.approx(10**-0.5, rel=0.35)


@pytest.mark.parametrize("name", ["alices", "scandal"])
def test_svi(surrogates, name):
    pyro.set_rng_seed(0)
    pyro.clear_param_store()
    model = model_of(surrogates[name])
    guide = AutoNormal(model)
    steps = SVI(model, guide, pyro.optim.Adam({"lr": 0.05}), Trace_ELBO(num_particles=4))
    for _ in range(150):
        steps.step()
    assert float(guide.median()["theta"].detach()) == pytest.approx(0.5, abs=0.2)
