"""A trained surrogate inside a Pyro model: NUTS and SVI find the posterior of a closed form."""

import numpy as np
import pyro
import pytest
import torch
from pyro.infer import MCMC, NUTS, SVI, Trace_ELBO
from pyro.infer.autoguide import AutoNormal
from pyro.ops.stats import effective_sample_size

from motherlode import losses
from motherlode.events import Events
from motherlode.training import TrainingOptions, train


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


def moments_of(estimator):
    """Return mean and standard deviation of the surrogate's own posterior, on a grid."""
    grid = torch.linspace(-2.9, 2.9, 1161).double()
    prior = torch.distributions.Normal(0.0, 3.0).log_prob(grid)
    with torch.no_grad():
        fit = torch.stack([estimator.likelihood(point.reshape(1)).log_prob(OBSERVED).sum() for point in grid])
    weight = torch.softmax(fit + prior, dim=0)
    mean = (weight * grid).sum()
    return float(mean), float((weight * (grid - mean) ** 2).sum().sqrt())


@pytest.mark.filterwarnings("ignore::motherlode.estimators.OutOfRangeWarning")
@pytest.mark.parametrize("name", ["alices", pytest.param("scandal", marks=pytest.mark.slow)])
def test_nuts(surrogates, name):
    """NUTS finds the surrogate's own posterior; each of two z-scores exceeds 4 with probability 6e-5."""
    pyro.set_rng_seed(0)
    chain = MCMC(NUTS(model_of(surrogates[name])), num_samples=400, warmup_steps=200, disable_progbar=True)
    chain.run()
    samples = chain.get_samples(group_by_chain=True)["theta"]
    effective = float(effective_sample_size(samples))
    mean, deviation = moments_of(surrogates[name])
    assert abs(float(samples.mean()) - mean) < 4 * deviation / effective**0.5
    assert abs(float(samples.std()) / deviation - 1) < 4 / (2 * effective) ** 0.5


@pytest.mark.parametrize("name", ["alices", "scandal"])
def test_the_posterior_of_a_surrogate_is_near_the_exact_one(surrogates, name):
    """Within a quarter of the exact standard deviation, which is what 700 steps are asked to reach."""
    mean, deviation = moments_of(surrogates[name])
    exact = (90 / 91 * 0.5, (90 / 91 / 10) ** 0.5)
    assert abs(mean - exact[0]) < 0.25 * exact[1]
    assert abs(deviation / exact[1] - 1) < 0.25


@pytest.mark.parametrize("name", ["alices", "scandal"])
def test_svi(surrogates, name):
    pyro.set_rng_seed(0)
    pyro.clear_param_store()
    model = model_of(surrogates[name])
    guide = AutoNormal(model)
    steps = SVI(model, guide, pyro.optim.Adam({"lr": 0.05}), Trace_ELBO(num_particles=4))
    for _ in range(150):
        steps.step()
    mean, deviation = moments_of(surrogates[name])
    assert abs(float(guide.median()["theta"].detach()) - mean) < 0.25 * deviation
