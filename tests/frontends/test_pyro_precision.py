"""Models keep the precision of their own tensors; densities are float64."""

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro.sites.density import log_density
from motherlode.frontends.pyro.sites.precision import dtype_of, in_double
from motherlode.frontends.pyro.sites.samplers import draw_from_uniforms, sample_site
from motherlode.frontends.pyro.sites.streams import EventSource
from motherlode.frontends.wrapping import wrap

THETA = np.full((60, 1), 0.4)


@pytest.fixture(scope="module")
def net():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return torch.nn.Linear(3, 1), torch.randn(5, 3)


@pytest.mark.parametrize("batch", [None, False])
def test_float32_weights_and_data(net, batch):
    layer, data = net

    def model(theta):
        with pyro.plate("rows", 5):
            return pyro.sample("y", dist.Normal(layer(data).squeeze(-1) * theta[..., 0], 1.0))

    events = wrap(model, "scale", 0.1, 0.9, batch=batch).mine(THETA, [[0.5]], seed=1)
    mean = layer(data).squeeze(-1).detach().double().numpy()
    exact = stats.norm(0.4 * mean).logpdf(events.x) - stats.norm(0.5 * mean).logpdf(events.x)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact.sum(-1), atol=1e-5)
    np.testing.assert_allclose(events.joint_score[:, 0], ((events.x - 0.4 * mean) * mean).sum(-1), atol=1e-5)


def test_a_network_of_theta_and_of_draws():
    layer = torch.nn.Linear(1, 1)

    def model(theta):
        z = pyro.sample("z", dist.Normal(layer(theta), 1.0).to_event(1))
        return pyro.sample("x", dist.Normal(layer(z), 1.0).to_event(1))

    simulator = wrap(model, "t", 0.0, 1.0)
    events = simulator.mine(THETA, [[0.5]], seed=1, traces=True)
    assert (simulator.layout.batching, simulator.layout.dtype) == ("rows", torch.float32)
    assert events.joint_log_ratio.dtype == np.float64
    weight, bias = layer.weight.item(), layer.bias.item()
    z = np.array([trace[0].value for trace in events.traces])
    exact = stats.norm(weight * 0.4 + bias).logpdf(z) - stats.norm(weight * 0.5 + bias).logpdf(z)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, atol=1e-5)
    assert wrap(model, "t", 0.0, 1.0).check(THETA, [[0.5]]).ok


def test_a_task_of_sbibm():
    precision = torch.inverse(0.1 * torch.eye(2))

    def simulator(parameters):
        return pyro.sample("data", dist.MultivariateNormal(loc=parameters, precision_matrix=precision))

    theta = np.full((60, 2), [0.1, -0.2])
    events = wrap(simulator, ("a", "b"), (-1.0, -1.0), (1.0, 1.0)).mine(theta, [[0.2, 0.0]], seed=1)
    np.testing.assert_allclose(events.joint_score, 10 * (events.x - theta), atol=1e-4)


def test_a_table_of_float32_data_leaves_theta_in_float64():
    table = torch.tensor([0.25, 0.5])

    def model(theta):
        return pyro.sample("x", dist.Normal(theta[..., None] * table, 1.0).to_event(1))

    simulator = wrap(lambda t: model(t), "t", 0.0, 1.0)
    events = simulator.mine(THETA, [[0.5]], seed=1)
    exact = stats.norm(0.4 * table.numpy()).logpdf(events.x) - stats.norm(0.5 * table.numpy()).logpdf(events.x)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact.reshape(60, -1).sum(1), atol=1e-6)


LAWS = {
    "Normal": dist.Normal(torch.tensor(0.3), torch.tensor(1.5)),
    "Beta": dist.Beta(torch.tensor(0.01), torch.tensor(0.01)),
    "Gamma": dist.Gamma(torch.tensor(1e-2), torch.tensor(1.0)),
    "Uniform": dist.Uniform(torch.tensor(0.0), torch.tensor(1.0)),
    "LogNormal": dist.LogNormal(torch.tensor(0.3), torch.tensor(1.5)),
    "Bernoulli": dist.Bernoulli(torch.tensor(0.3)),
    "Logits": dist.Categorical(logits=torch.tensor([0.3, 0.1])),
    "Covariance": dist.MultivariateNormal(torch.zeros(2), torch.eye(2) * 0.3),
    "Vector": dist.Normal(torch.zeros(3), 1.0).to_event(1),
    "Mixture": dist.MixtureSameFamily(dist.Categorical(torch.ones(2)), dist.Normal(torch.zeros(2), torch.ones(2))),
}


@pytest.mark.parametrize("name", LAWS)
def test_draws_have_torchs_type_and_their_densities_float64(name):
    fn = LAWS[name].expand(torch.Size([300]))
    assert dtype_of(fn) is torch.float32
    assert dtype_of(in_double(fn)) is torch.float64
    value = fn.sample() if name == "Mixture" else sample_site(fn, EventSource(0, 0, 300), 0)
    assert value.dtype == fn.sample().dtype
    density = log_density(fn, value)
    assert density.dtype == torch.float64
    assert density.isfinite().all()
    if name not in ("Beta", "Gamma"):
        torch.testing.assert_close(density.float(), fn.log_prob(value), rtol=1e-3, atol=1e-4)


def test_the_outermost_uniforms_stay_inside_in_float32():
    class Outermost:
        def take(self, width):
            return np.full((4, width), 1 - 2.0**-53)

        def torch_seed(self):
            return None

    fn = dist.Uniform(torch.zeros(4), torch.ones(4))
    assert (sample_site(fn, Outermost(), 0) < 1).all()
    assert (draw_from_uniforms(in_double(fn), lambda s: torch.full(s, 0.5).double(), fn.batch_shape) == 0.5).all()


def test_a_number_that_is_rounded_to_float32_on_the_way_is_no_lost_gradient():
    table = torch.tensor([0.3, 0.7])

    def model(theta):
        return pyro.sample("x", dist.Normal((table * theta) * torch.ones(2, dtype=torch.float64), 1.0).to_event(1))

    events = wrap(model, "t", 0.0, 1.0, batch=False).mine(THETA, [[0.5]], seed=1)
    exact = ((events.x - 0.4 * table.numpy()) * table.numpy()).sum(1)
    np.testing.assert_allclose(events.joint_score[:, 0], exact, atol=1e-6)
