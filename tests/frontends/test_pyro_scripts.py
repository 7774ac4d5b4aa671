"""What a script fixes is fixed: values that the script itself gives are never drawn again."""

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch

from motherlode.frontends.pyro import NoDensity
from motherlode.frontends.wrapping import wrap

THETA = np.tile([0.5, 1.0], (400, 1))
OTHERS = [[0.55, 1.1]]


def rated(noise):
    rate = pyro.sample("rate", dist.LogNormal(0.0, 1.0))
    return pyro.sample("y", dist.Normal(10 * rate, noise))


def conditioned(theta):
    return pyro.condition(rated, data={"rate": theta[..., 0]})(theta[..., 1])


def replayed(theta):
    trace = pyro.poutine.Trace()
    trace.add_node("rate", type="sample", value=theta[..., 0], is_observed=False, infer={}, name="rate")
    return pyro.poutine.replay(rated, trace=trace)(theta[..., 1])


def observed(theta):
    rate = pyro.sample("rate", dist.LogNormal(0.0, 1.0), obs=theta[..., 0])
    return pyro.sample("y", dist.Normal(10 * rate, theta[..., 1]))


def intervened(theta):
    return pyro.do(rated, data={"rate": theta[..., 0]})(theta[..., 1])


def substituted(theta):
    def model(noise):
        return pyro.sample("y", dist.Normal(10 * pyro.param("rate", torch.tensor(3.0)), noise))

    return pyro.poutine.substitute(model, data={"rate": theta[..., 0]})(theta[..., 1])


SCRIPTS = [conditioned, replayed, observed, substituted]


@pytest.fixture(autouse=True)
def clear():
    pyro.clear_param_store()
    yield
    pyro.clear_param_store()


def assert_pinned(events):
    x = events.x.reshape(-1)
    np.testing.assert_allclose(x.mean(), 5.0, atol=5 / np.sqrt(len(x)))
    log_r = -0.5 * (x - 5.0) ** 2 + 0.5 * ((x - 5.5) / 1.1) ** 2 + np.log(1.1)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(events.joint_score, np.stack([10 * (x - 5), (x - 5) ** 2 - 1], 1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch", [None, False])
@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("names", [("rate", "noise"), ("a", "b")])
def test_a_value_that_depends_on_theta_is_kept(script, batch, names):
    simulator = wrap(script, names, (0.1, 0.5), (2.0, 2.0), batch=batch, observed=("y",))
    events = simulator.mine(THETA, OTHERS, seed=1)
    assert_pinned(events)
    np.testing.assert_array_equal(simulator.simulate(THETA[:50], seed=1), events.x[:50])


def test_a_value_is_kept_also_where_autograd_cannot_see_that_it_depends_on_theta():
    def script(theta):
        rate = pyro.sample("rate", dist.LogNormal(0.0, 1.0), obs=theta.detach().round())
        return pyro.sample("y", dist.Normal(0 * rate + theta, 1.0))

    events = wrap(script, "t", 0.0, 3.0, observed=("y",)).mine(np.full((50, 1), 1.0), [[1.5]])
    np.testing.assert_allclose(events.joint_score[:, 0], events.x.reshape(-1) - 1.0, atol=1e-9)


def test_a_constant_that_a_script_conditions_on_is_kept():
    def script(theta):
        return pyro.condition(rated, data={"rate": torch.tensor(0.5)})(theta)

    events = wrap(script, "noise", 0.5, 2.0).mine(np.full((400, 1), 1.0), [[1.1]], seed=1)
    x = events.x.reshape(-1)
    np.testing.assert_allclose(events.joint_score[:, 0], (x - 5) ** 2 - 1, rtol=1e-9, atol=1e-9)


def test_data_that_a_script_conditions_on_are_x_and_drawn():
    def scale(guess):
        weight = pyro.sample("weight", dist.Normal(guess, 1.0))
        return pyro.sample("measurement", dist.Normal(weight, 0.75))

    script = pyro.condition(scale, data={"measurement": torch.tensor(9.5)})
    events = wrap(script, "guess", 5.0, 12.0).mine(np.full((2000, 1), 8.5), [[9.0]], seed=1)
    np.testing.assert_allclose(events.x.mean(), 8.5, atol=5 * 1.25 / np.sqrt(2000))


def test_a_value_that_depends_on_draws_is_refused():
    def script(theta):
        z = pyro.sample("z", dist.Normal(theta, 1.0))
        pyro.sample("copy", dist.Normal(0.0, 1.0), obs=z)
        return pyro.sample("x", dist.Normal(z, 1.0))

    with pytest.raises(NoDensity, match=r"copy.*depends on draws"):
        wrap(script, "t", 0.0, 1.0).mine([[0.5]])


def test_data_that_the_model_makes_at_random_are_data():
    def script(theta):
        return pyro.sample("x", dist.Normal(theta, 1.0), obs=torch.rand(()))

    events = wrap(script, "t", 0.0, 1.0).mine(np.full((50, 1), 0.5))
    np.testing.assert_allclose(events.joint_score[:, 0], events.x.reshape(-1) - 0.5, atol=1e-9)


def test_an_intervention_is_the_intervened_value():
    events = wrap(intervened, ("a", "b"), (0.1, 0.5), (2.0, 2.0), observed=("y",)).mine(THETA, OTHERS, seed=1)
    assert_pinned(events)


def test_a_scale_on_weights_that_require_gradients_is_not_refused():
    layer = torch.nn.Linear(1, 1).double()

    def script(theta):
        with pyro.poutine.scale(scale=2.0):
            z = pyro.sample("z", dist.Normal(layer(torch.ones_like(theta)[..., None])[..., 0], 1.0))
        return pyro.sample("x", dist.Normal(z + theta, 1.0))

    assert len(wrap(script, "t", 0.0, 1.0).mine(np.full((20, 1), 0.5), [[0.6]])) == 20
