import pickle

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch

from motherlode.core import ParameterError
from motherlode.events import EventsError
from motherlode.frontends.errors import OutputRefused
from motherlode.frontends.pyro import (
    GradientLost,
    LiveTangent,
    ModelRefused,
    NameClash,
    NoDensity,
    TangentLost,
    ThetaUnseen,
)
from motherlode.frontends.wrapping import wrap
from motherlode.tracing import HiddenRandomness, LeakError, ReplayDiverged, SimulatorFailed

THETA = np.linspace(0.2, 0.8, 20)[:, None]


def mine(model, alternatives=((0.5,),), theta=THETA, **options):
    names = options.pop("parameters", ("theta",))
    bounds = options.pop("bounds", (0.0, 1.0))
    return wrap(model, names, *bounds, **options).mine(theta, alternatives)


@pytest.mark.parametrize("alternatives", [((0.5,),), None])
def test_a_reparameterized_output_is_caught(alternatives):
    def leak(theta):
        eps = pyro.sample("eps", dist.Normal(torch.zeros_like(theta), 1.0))
        return theta + eps

    with pytest.raises(LiveTangent, match="eps") as caught:
        mine(leak, alternatives)
    assert caught.value.address == "eps"


@pytest.mark.parametrize("alternatives", [((0.5,),), None])
@pytest.mark.parametrize("output", [lambda t, z: (z > t).double(), lambda t, z: z + t.detach()])
def test_a_dependence_that_drops_the_tangent_is_caught_by_the_probes(alternatives, output):
    def leak(theta):
        return output(theta, pyro.sample("z", dist.Uniform(torch.zeros_like(theta), 1.0)))

    with pytest.raises(LeakError, match="at z"):
        mine(leak, alternatives)


@pytest.mark.parametrize("cut", [lambda t: t.detach(), lambda t: torch.tensor(t.detach().numpy() ** 2)])
def test_a_gradient_that_is_lost_on_the_way_to_a_density_is_caught(cut):
    with pytest.raises(GradientLost, match="autograd"):
        mine(lambda theta: pyro.sample("x", dist.Normal(cut(theta), 1.0)))


def test_an_inverse_distribution_function_is_caught():
    def leak(theta):
        return -torch.log(pyro.sample("u", dist.Uniform(torch.zeros_like(theta), 1.0))) / theta

    with pytest.raises(LiveTangent, match="u"):
        mine(leak, None)


@pytest.mark.parametrize("noise", [lambda t: torch.rand_like(t), lambda t: torch.tensor(np.random.random(t.shape))])  # noqa: NPY002
def test_randomness_outside_pyro_is_caught(noise):
    def hidden(theta):
        return pyro.sample("z", dist.Normal(theta, 1.0)) + noise(theta)

    with pytest.raises(HiddenRandomness):
        mine(hidden)


def test_control_flow_on_theta_is_caught():
    def branching(theta):
        if theta > 0.5:
            pyro.sample("extra", dist.Normal(0.0, 1.0))
        return pyro.sample("z", dist.Normal(theta, 1.0))

    with pytest.raises(ReplayDiverged, match="extra"):
        mine(branching)


def test_a_factor_is_refused():
    def model(theta):
        pyro.factor("bonus", theta.sum())
        return pyro.sample("z", dist.Normal(theta, 1.0))

    with pytest.raises(NoDensity, match="bonus"):
        mine(model)


def test_a_scale_is_refused_only_where_theta_enters():
    def model(theta, on_theta):
        with pyro.poutine.scale(scale=2.0):
            z = pyro.sample("z", dist.Normal(theta if on_theta else torch.zeros_like(theta), 1.0))
        return pyro.sample("x", dist.Normal(z + theta, 1.0))

    with pytest.raises(NoDensity, match=r"z.*scaled by 2\.0"):
        mine(lambda theta: model(theta, True))
    assert len(mine(lambda theta: model(theta, False))) == 20


def test_a_delta_on_theta_is_refused():
    with pytest.raises(NoDensity, match="Delta"):
        mine(lambda theta: pyro.sample("x", dist.Delta(theta * 2)))


def test_a_masked_value_must_not_reach_the_output():
    def masked(theta, used):
        keep = torch.arange(len(theta)) % 2 == 0
        with pyro.poutine.mask(mask=keep):
            z = pyro.sample("z", dist.Normal(theta, 1.0))
        return pyro.sample("x", dist.Normal(z if used else torch.where(keep, z, 0.0), 1.0))

    events = mine(lambda theta: masked(theta, False), batch=True, theta=THETA[:1].repeat(20, 0), alternatives=None)
    assert np.all(np.isfinite(events.joint_score))


def test_masked_lanes_do_not_count():
    def masked(theta):
        z = pyro.sample("z", dist.Normal(theta, 1.0).mask(False))
        del z
        return pyro.sample("x", dist.Normal(theta, 1.0))

    events = mine(masked)
    log_r = -0.5 * ((events.x - THETA[:, 0]) ** 2 - (events.x - 0.5) ** 2)
    np.testing.assert_allclose(events.joint_log_ratio[:, 0], log_r, rtol=1e-9, atol=1e-12)


def test_a_moving_support_has_ratios_but_no_score():
    def model(theta):
        return pyro.sample("x", dist.Uniform(torch.zeros_like(theta), theta))

    events = mine(model, [[0.1], [0.9]])
    assert np.all(np.isnan(events.joint_score))
    impossible = events.x > 0.1
    assert np.all(np.isposinf(events.joint_log_ratio[impossible, 0]))
    np.testing.assert_allclose(events.joint_log_ratio[:, 1], np.log(0.9 / THETA[:, 0]), rtol=1e-12)


def test_an_impossible_branch_is_infinite():
    def model(theta):
        return pyro.sample("x", dist.Bernoulli(theta))

    events = mine(model, [[0.0]])
    assert np.all(np.isposinf(events.joint_log_ratio[events.x == 1, 0]))
    assert np.all(np.isfinite(events.joint_log_ratio[events.x == 0, 0]))


def test_two_sites_of_one_name_are_refused():
    def model(theta):
        pyro.sample("z", dist.Normal(theta, 1.0))
        return pyro.sample("z", dist.Normal(theta, 1.0))

    with pytest.raises(NameClash, match="'z'"):
        mine(model)


def test_a_site_named_like_an_argument_is_refused():
    with pytest.raises(NameClash, match="'theta'"):
        mine(lambda theta: pyro.sample("theta", dist.Normal(theta, 1.0)))


@pytest.mark.parametrize("theta", [[[0.1, 0.2]], [[np.nan]], [[2.0]]])
def test_bad_parameters_are_refused_before_anything_runs(theta):
    with pytest.raises(ParameterError):
        wrap(lambda theta: pytest.fail("ran"), ("theta",), 0.0, 1.0).mine(theta)


def test_a_model_that_cannot_run_says_what_was_tried():
    with pytest.raises(ModelRefused, match=r"rows.*plate.*single"):
        mine(lambda theta: theta.no_such_method())


def test_a_model_without_output_is_refused():
    with pytest.raises(OutputRefused, match=r"no observed site.*`return` is missing"):
        mine(lambda theta: None)


def test_failing_events_are_recorded_and_the_others_kept():
    def model(theta):
        if bool((theta > 0.75).any()):
            raise OverflowError("too hot")
        return pyro.sample("x", dist.Normal(theta, 1.0))

    simulator = wrap(model, ("theta",))
    events = simulator.mine(THETA, [[0.5]], seed=3, first=2001)
    hot = np.flatnonzero(THETA[:, 0] > 0.75)
    assert [failure.event for failure in events.failures] == (2001 + hot).tolist()
    assert "too hot" in events.failures[0].reason
    np.testing.assert_array_equal(events.event - 2001, np.setdiff1d(np.arange(20), hot))
    cool = simulator.mine(THETA[: hot[0]], [[0.5]], seed=3, first=2001)
    np.testing.assert_array_equal(events.x, cool.x)


def test_parameters_without_a_density_become_failures_that_name_the_site():
    def model(theta):
        return pyro.sample("x", dist.Normal(0.0 * theta, theta - 0.3))

    events = mine(model, [[0.9]])
    assert len(events) + len(events.failures) == 20
    assert len(events.failures) > 0
    assert "x asks for Normal" in events.failures[0].reason


def test_a_model_that_always_fails_is_an_error():
    calls = []

    def model(theta):
        calls.append(theta)
        if len(calls) > 40:
            raise OverflowError("worn out")
        return pyro.sample("x", dist.Normal(theta, 1.0))

    simulator = wrap(model, ("theta",))
    simulator.simulate(THETA)
    calls.extend([None] * 40)
    with pytest.raises(SimulatorFailed, match="worn out"):
        simulator.mine(THETA)


def test_an_output_that_changes_its_shape_is_refused():
    def model(theta):
        n = int(pyro.sample("n", dist.Poisson(5 * theta)))
        return torch.zeros(n)

    with pytest.raises(EventsError, match="pad"):
        mine(model)


def test_exceptions_leave_the_handler_stacks_clean():
    def model(theta):
        raise ZeroDivisionError

    with pytest.raises(ModelRefused):
        mine(model)
    assert not pyro.poutine.runtime._PYRO_STACK
    assert torch.get_default_dtype() == torch.float32


ERRORS = [
    GradientLost([0.1], [0.0], [1.0]),
    LiveTangent("z", 3, np.array([0.1])),
    NoDensity("z", "is a factor", "Write it as a site."),
    NameClash("z", "an earlier site"),
    ModelRefused("model", ["rows: no"]),
    ThetaUnseen("z"),
    TangentLost("item", 1.0, 2.0),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_come_back_whole_from_a_worker(error):
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.__dict__.keys() == error.__dict__.keys()
