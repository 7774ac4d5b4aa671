import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro import PyroSimulator
from motherlode.frontends.wrapping import takes_generator, wrap

THETA = np.stack([np.linspace(-1, 1, 12), np.linspace(0.5, 2.0, 12)], 1)
ALTERNATIVES = np.array([[0.3, 1.0], [-0.5, 1.5]])


def rows(theta):
    with pyro.plate("events", len(theta)):
        z = pyro.sample("z", dist.Normal(theta[:, 0], theta[:, 1]))
        return pyro.sample("x", dist.Normal(z, 1.0))


def last_axis(theta):
    z = pyro.sample("z", dist.Normal(theta[..., 0], theta[..., 1]))
    return pyro.sample("x", dist.Normal(z, 1.0))


def named(mu, sigma):
    z = pyro.sample("z", dist.Normal(mu, sigma))
    return pyro.sample("x", dist.Normal(z, 1.0))


def one_event(theta):
    mu, sigma = theta
    z = pyro.sample("z", dist.Normal(mu, sigma))
    return pyro.sample("x", dist.Normal(z, 1.0))


def sites():
    mu = pyro.sample("mu", dist.Normal(0.0, 10.0))
    sigma = pyro.sample("sigma", dist.Uniform(0.1, 3.0))
    z = pyro.sample("z", dist.Normal(mu, sigma))
    pyro.sample("x", dist.Normal(z, 1.0), obs=torch.tensor(0.7))


def data_argument(theta, x=None):
    z = pyro.sample("z", dist.Normal(theta[0], theta[1]))
    return pyro.sample("x", dist.Normal(z, 1.0), obs=x)


def steered(mu, sigma):
    """Data-dependent control flow: event by event."""
    z = pyro.sample("z", dist.Normal(mu, sigma))
    if z > 0:
        return pyro.sample("x", dist.Normal(z, 1.0))
    return pyro.sample("y", dist.Normal(z, 1.0))


READINGS = [
    (rows, "rows", "tensor"),
    (last_axis, "rows", "tensor"),
    (named, "rows", "named"),
    (one_event, "plate", "tensor"),
    (sites, "plate", "sites"),
    (data_argument, "plate", "tensor"),
    (steered, "single", "named"),
]


@pytest.mark.parametrize(("model", "batching", "style"), READINGS)
def test_each_way_of_writing_a_model_gives_the_same_gold(model, batching, style):
    simulator = wrap(model, ("mu", "sigma"))
    events = simulator.mine(THETA, ALTERNATIVES, seed=1, traces=True)
    assert (simulator.layout.batching, simulator.layout.style) == (batching, style)
    assert events.x.shape == (12,)
    z = np.array([trace[0].value for trace in events.traces])
    expected = stats.norm(*THETA.T).logpdf(z)[:, None] - stats.norm(*ALTERNATIVES.T).logpdf(z[:, None])
    np.testing.assert_allclose(events.joint_log_ratio, expected, rtol=1e-9, atol=1e-9)
    u = (z - THETA[:, 0]) / THETA[:, 1]
    np.testing.assert_allclose(events.joint_score, np.stack([u, u**2 - 1], 1) / THETA[:, 1:], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.x, [trace[-1].value for trace in events.traces])


def test_batched_ways_draw_the_same():
    x = [wrap(model, ("mu", "sigma")).simulate(THETA, seed=2) for model, *_ in READINGS[:6]]
    for other in x[1:]:
        np.testing.assert_allclose(other, x[0], rtol=1e-12)


def test_event_by_event_agrees_with_itself_whatever_the_cut():
    simulator = wrap(steered, ("mu", "sigma"))
    whole = simulator.mine(THETA, ALTERNATIVES, seed=3)
    part = simulator.mine(THETA[5:], ALTERNATIVES, seed=3, first=5)
    np.testing.assert_array_equal(part.joint_score, whole.joint_score[5:])
    np.testing.assert_array_equal(simulator.simulate(THETA[5:], seed=3, first=5), whole.x[5:])


def test_inner_plates_and_vector_outputs():
    def model(mu, sigma):
        shared = pyro.sample("shared", dist.Normal(0.0, 1.0))
        with pyro.plate("detectors", 3):
            return pyro.sample("x", dist.Normal(mu + shared, sigma))

    simulator = wrap(model, ("mu", "sigma"))
    events = simulator.mine(THETA, ALTERNATIVES, seed=4)
    assert simulator.layout.batching == "plate"
    assert events.x.shape == (12, 3)
    alone = wrap(model, ("mu", "sigma"), batch=False).mine(THETA, ALTERNATIVES, seed=4, traces=True)
    assert alone.x.shape == (12, 3)
    for got in (alone,):
        shared = np.array([trace[0].value for trace in got.traces])
        loc = THETA[:, 0] + shared
        expected = stats.norm(loc[:, None], THETA[:, 1:]).logpdf(got.x).sum(1)
        expected = expected - stats.norm((0.3 + shared)[:, None], 1.0).logpdf(got.x).sum(1)
        np.testing.assert_allclose(got.joint_log_ratio[:, 0], expected, rtol=1e-9)
    assert len(np.unique(events.x)) == 36


def test_multivariate_sites():
    def model(mu, sigma):
        z = pyro.sample("z", dist.Normal(mu * torch.ones(2), sigma).to_event(1))
        return pyro.sample("x", dist.MultivariateNormal(z, torch.eye(2)))

    simulator = wrap(model, ("mu", "sigma"))
    events = simulator.mine(THETA, ALTERNATIVES, seed=5, traces=True)
    assert events.x.shape == (12, 2)
    z = np.array([[branching.value for branching in trace][:2] for trace in events.traces])
    expected = stats.norm(THETA[:, :1], THETA[:, 1:]).logpdf(z).sum(1) - stats.norm(0.3, 1.0).logpdf(z).sum(1)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], expected, rtol=1e-9)
    for trace, row in zip(events.traces, events.joint_log_ratio, strict=True):
        np.testing.assert_allclose(trace.log_prob()[0] - trace.log_prob()[1:], row)


def test_a_model_that_mixes_events_is_not_batched():
    def model(mu, sigma):
        z = pyro.sample("z", dist.Normal(mu, sigma))
        return pyro.sample("x", dist.Normal(z - z.mean() + mu, 1.0))

    simulator = wrap(model, ("mu", "sigma"))
    simulator.simulate(THETA)
    assert simulator.layout.batching == "single"
    assert any("alone" in reason for reason in simulator.rejected)


def test_a_family_without_a_sampler_of_fixed_cost_runs_event_by_event():
    def model(mu, sigma):
        return pyro.sample("x", dist.VonMises(mu, sigma))

    simulator = wrap(model, ("mu", "sigma"))
    x = simulator.simulate(THETA, seed=6)
    assert simulator.layout.batching == "single"
    np.testing.assert_array_equal(simulator.simulate(THETA[4:], seed=6, first=4), x[4:])
    assert "no sampler of fixed cost" in " ".join(simulator.rejected)


def test_parameters_of_pyro_and_of_modules_are_constants():
    class Model(pyro.nn.PyroModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1).double()

        def forward(self, mu, sigma):
            shift = pyro.param("shift", torch.tensor(0.5))
            z = pyro.sample("z", dist.Normal(mu, sigma))
            return self.layer((z + shift)[..., None])[..., 0]

    pyro.clear_param_store()
    events = wrap(Model(), ("mu", "sigma")).mine(THETA, ALTERNATIVES)
    assert np.all(np.isfinite(events.joint_score))
    pyro.clear_param_store()


def test_deterministic_sites_and_named_outputs():
    def model(mu, sigma):
        z = pyro.sample("z", dist.Normal(mu, sigma))
        pyro.deterministic("twice", 2 * z)
        x = pyro.sample("x", dist.Normal(z, 1.0))
        return pyro.sample("y", dist.Normal(x, 1.0))

    simulator = wrap(model, ("mu", "sigma"), observed=("x",))
    events = simulator.mine(THETA, traces=True)
    np.testing.assert_array_equal(events.x, [trace[1].value for trace in events.traces])
    assert len(events.traces[0]) == 3


def test_outer_pyro_handlers_do_not_see_the_mining():
    simulator = wrap(named, ("mu", "sigma"))
    with pyro.poutine.trace() as outer:
        simulator.mine(THETA)
    assert list(outer.trace.nodes) == []


def test_the_signature_tells_a_pyro_model_from_plain_python():
    def plain(theta, rng):
        return rng.random() < theta

    def generator(parameters, source: np.random.Generator):
        return source.random()

    assert takes_generator(plain)
    assert takes_generator(generator)
    assert not any(takes_generator(model) for model, *_ in READINGS)


def test_check_says_why_a_model_is_slow():
    report = wrap(steered, ("mu", "sigma")).check(THETA, ALTERNATIVES)
    assert report.ok
    assert any("Boolean value" in finding for finding in report.findings)
    assert dict(report.figures)["draws_per_event"] == 2


def test_it_is_a_simulator():
    from motherlode.events import Simulator

    simulator = PyroSimulator(named, wrap(named, ("mu", "sigma")).parameters)
    assert isinstance(simulator, Simulator)
    assert simulator.name == "named"
    assert len(simulator.version) == 16


def test_theta_may_be_a_vector_of_weights():
    def model(theta):
        return pyro.sample("k", dist.Categorical(theta / theta.sum(-1, keepdim=True)))

    simulator = wrap(model, ("a", "b", "c"), 0.1, 3.0)
    events = simulator.mine(np.tile([1.0, 1.0, 2.0], (400, 1)), [[1.0, 2.0, 1.0]], seed=1)
    assert simulator.layout.batching == "rows"
    exact = np.array([0.0, np.log(0.25 / 0.5), np.log(0.5 / 0.25)])[events.x.astype(int)]
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], exact, rtol=1e-12, atol=1e-12)
