import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.frontends.pyro import LiveTangent, NoDensity, StaleView, TangentLost, ThetaUnseen, mining
from motherlode.frontends.wrapping import wrap
from motherlode.tracing import LeakError

OTHERS = np.array([[0.3, 1.0], [-0.5, 1.5]])


def theta_of(events=6):
    return torch.stack([torch.linspace(-1, 1, events), torch.linspace(0.5, 2.0, events)], 1).double()


def model(theta):
    with pyro.plate("events", len(theta)):
        z = pyro.sample("z", dist.Normal(theta[:, 0], theta[:, 1]))
        return z, pyro.sample("x", dist.Normal(z, 1.0))


def expected(theta, z):
    log_r = stats.norm(*theta.T).logpdf(z)[:, None] - stats.norm(*OTHERS.T).logpdf(z[:, None])
    u = (z - theta[:, 0]) / theta[:, 1]
    return log_r, np.stack([u, u**2 - 1], 1) / theta[:, 1:]


def assert_gold(mined, theta, z):
    log_r, score = expected(np.asarray(theta, dtype=np.float64), np.asarray(z, dtype=np.float64))
    np.testing.assert_allclose(mined.joint_log_ratio, log_r, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(mined.joint_score, score, rtol=1e-10, atol=1e-10)


def test_one_run_gives_gold_for_the_tensor_the_user_holds():
    theta = theta_of()
    with mining(theta, OTHERS) as mined:
        z, x = model(theta)
    assert_gold(mined, theta, z)
    events = mined.events(x)
    np.testing.assert_array_equal(events.x, x)
    assert events.alternatives.shape == (6, 2, 2)


def test_float32_scripts_get_float64_gold():
    theta = theta_of().float()
    with mining(theta, OTHERS) as mined:
        z, _ = model(theta)
    assert z.dtype == torch.float32
    assert_gold(mined, theta, z)


def test_arrays_become_a_tensor():
    with mining(theta_of().numpy(), OTHERS) as mined:
        z, _ = model(mined.theta)
    assert_gold(mined, theta_of(), z)


def test_theta_as_sample_sites():
    def prior_inside():
        mu = pyro.sample("mu", dist.Normal(0.0, 10.0))
        sigma = pyro.sample("sigma", dist.Uniform(0.1, 3.0))
        return pyro.sample("z", dist.Normal(mu, sigma))

    with mining(theta_of(), OTHERS, parameters=("mu", "sigma")) as mined:
        z = prior_inside()
    assert_gold(mined, theta_of(), z)


def test_one_event_without_an_axis():
    theta = torch.tensor([0.2, 0.7], dtype=torch.float64)
    with mining(theta, OTHERS) as mined:
        z = pyro.sample("z", dist.Normal(theta[0], theta[1]))
        if z > 0:
            pyro.sample("x", dist.Normal(z, 1.0))
    assert_gold(mined, theta[None], z[None])


def test_the_script_s_own_seed_decides_the_draws():
    values = []
    for _ in range(2):
        pyro.set_rng_seed(5)
        theta = theta_of()
        with mining(theta, OTHERS):
            values.append(model(theta)[1])
    pyro.set_rng_seed(5)
    values.append(model(theta_of())[1])
    assert torch.equal(values[0], values[1])
    assert torch.equal(values[0], values[2])


def test_in_place_code_is_followed():
    theta = theta_of()
    with mining(theta, OTHERS) as mined:
        loc = torch.zeros(6, dtype=torch.float64)
        loc[:] = theta[:, 0]
        loc += 0.0
        z = pyro.sample("z", dist.Normal(loc, theta[:, 1].clone().mul_(1.0)))
    assert_gold(mined, theta, z)


def test_observed_sites_keep_their_data():
    theta = theta_of()
    data = torch.linspace(0, 1, 6).double()
    with mining(theta, OTHERS) as mined:
        pyro.sample("z", dist.Normal(theta[:, 0], theta[:, 1]), obs=data)
    assert_gold(mined, theta, data)


@pytest.mark.parametrize("output", [lambda t, z: z + t[:, 0], lambda t, z: (z > t[:, 0]).double() + t.detach()[:, 0]])
def test_a_leaking_output_is_refused(output):
    theta = theta_of()
    with mining(theta, OTHERS) as mined:
        z = pyro.sample("z", dist.Normal(theta[:, 0], theta[:, 1]))
        x = output(theta, z)
    with pytest.raises(LeakError, match="z"):
        mined.events(x)


def test_a_leak_is_refused_without_alternatives():
    theta = theta_of()[:, 0]
    with mining(theta) as mined:
        x = pyro.sample("z", dist.Normal(theta, 1.0)) + theta
    with pytest.raises(LiveTangent):
        mined.events(x)


LEAVES = [
    lambda t: float(t[0, 0]),
    lambda t: t[0, 0].item(),
    lambda t: 1.0 if t[0, 0] > -0.9 else 0.0,
    lambda t: torch.as_tensor(t.numpy()[0, 0]),
    lambda t: torch.tensor(t[0].tolist())[0],
]


@pytest.mark.parametrize("leave", LEAVES)
def test_theta_that_leaves_torch_is_refused(leave):
    theta = theta_of()
    with pytest.raises(TangentLost), mining(theta, OTHERS):
        pyro.sample("z", dist.Normal(leave(theta), 1.0))
    assert not pyro.poutine.runtime._PYRO_STACK


def test_a_run_that_never_meets_theta_is_refused():
    with pytest.raises(ThetaUnseen, match=r"mined\.theta"), mining(theta_of(), OTHERS):
        model(theta_of())


def test_a_factor_is_refused():
    theta = theta_of()
    with pytest.raises(NoDensity), mining(theta, OTHERS):
        pyro.factor("f", theta.sum())


def test_moving_supports_and_impossible_values():
    theta = torch.full((50,), 0.5, dtype=torch.float64)
    with mining(theta, [[0.25], [0.75]]) as mined:
        x = pyro.sample("x", dist.Uniform(torch.zeros(50), theta))
    assert np.all(np.isnan(mined.joint_score))
    assert np.array_equal(np.isposinf(mined.joint_log_ratio[:, 0]), x.numpy() > 0.25)
    np.testing.assert_allclose(mined.joint_log_ratio[:, 1], np.log(1.5))


def test_it_gives_the_gold_of_a_wrapped_model():
    theta = theta_of()
    with mining(theta, OTHERS) as mined, pyro.poutine.trace() as traced:
        _, x = model(theta)
    wrapped = wrap(model_x, ("mu", "sigma"))
    events = wrapped.mine(theta, OTHERS, seed=1, traces=True)
    assert traced.trace.nodes["z"]["value"].shape == (6,)
    assert_gold(mined, theta, traced.trace.nodes["z"]["value"])
    z = np.array([trace[0].value for trace in events.traces])
    np.testing.assert_allclose(events.joint_score, expected(theta.numpy(), z)[1], rtol=1e-9)
    assert x.shape == (6,)


def model_x(theta):
    return model(theta)[1]


def detached(theta):
    return theta.detach()


def data(theta):
    return theta.data


def copied(theta):
    return torch.tensor(theta)


def added_to_an_element(theta):
    a = torch.zeros(3, dtype=torch.float64)
    a[0] += theta
    a[0] += theta
    return a[0] / 2


@pytest.mark.filterwarnings("ignore:To copy construct:UserWarning")
@pytest.mark.parametrize("mean", [detached, data, copied, added_to_an_element])
def test_gold_sees_through_what_keeps_the_numbers(mean):
    """log r and t of Normal(theta, 1), by hand."""
    with mining(torch.tensor([0.3, 0.0], dtype=torch.float64), [[0.5, 0.0]]) as mined:
        x = float(pyro.sample("x", dist.Normal(mean(mined.theta[0]), 1.0)))
    np.testing.assert_allclose(mined.joint_log_ratio, [[((x - 0.5) ** 2 - (x - 0.3) ** 2) / 2]], atol=1e-12)
    np.testing.assert_allclose(mined.joint_score, [[x - 0.3, 0.0]], atol=1e-12)


def through_a_view(theta):
    a = torch.zeros(3, dtype=torch.float64)
    a[:1].copy_(theta)
    return a[0]


def through_the_base(theta):
    a = torch.zeros(3, dtype=torch.float64)
    view = a[:1]
    a += theta
    return view[0]


def through_a_second_view(theta):
    a = torch.zeros(3, dtype=torch.float64)
    a[0] = theta
    a[0].add_(theta)
    return a[0]


@pytest.mark.parametrize("mean", [through_a_view, through_the_base, through_a_second_view])
def test_writing_in_place_through_shared_memory_is_refused(mean):
    with pytest.raises(StaleView), mining(torch.tensor([0.3, 0.0]), [[0.5, 0.0]]) as mined:
        pyro.sample("x", dist.Normal(mean(mined.theta[0]), 1.0))


def test_numbers_taken_out_of_a_list_of_tensors_are_refused():
    with pytest.raises(TangentLost, match="tensor"), mining(torch.tensor([0.3, 0.0]), [[0.5, 0.0]]) as mined:
        torch.tensor([mined.theta[0], 1.0])
