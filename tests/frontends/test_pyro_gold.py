import importlib.util
from pathlib import Path

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from scipy import stats

from motherlode.families import FAMILIES
from motherlode.frontends.wrapping import wrap

ALPHA = 1e-4
GALTON = Path(__file__).parents[2] / "simulators" / "galton"


def load(name):
    spec = importlib.util.spec_from_file_location(f"galton_{name}", GALTON / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gauss(theta):
    """z ~ N(θ, 2²), x ~ N(z, 1), so x ~ N(θ, 5)."""
    z = pyro.sample("z", dist.Normal(theta, 2.0))
    pyro.sample("x", dist.Normal(z, 1.0), obs=torch.zeros(()))


def counts(theta):
    """z ~ Gamma(3, θ), x ~ Poisson(z), so x is negative binomial with success probability θ/(1+θ)."""
    z = pyro.sample("z", dist.Gamma(3.0, theta[:, 0]))
    return pyro.sample("x", dist.Poisson(z))


def exact_gauss(x, theta):
    return stats.norm(theta, np.sqrt(5)).logpdf(x), (x - theta) / 5


def exact_counts(x, theta):
    return stats.nbinom(3, theta / (1 + theta)).logpmf(x), (3 - x * theta) / (theta * (1 + theta))


def assert_mean_zero(values, comparisons):
    z = values.mean(0) / (values.std(0) / np.sqrt(len(values)))
    assert np.all(np.abs(z) < stats.norm.isf(ALPHA / 2 / comparisons)), z


def test_the_board_agrees_with_dynamic_programming_slot_by_slot():
    board, exact = load("pyro_model"), load("exact")
    events = wrap(board.galton, board.PARAMETERS, board.LOW, board.HIGH).mine(
        np.full((200_000, 1), -0.8), [[-0.6]], seed=1
    )
    weight, score = np.exp(-events.joint_log_ratio[:, 0]), events.joint_score[:, 0]
    log_r, t = exact.log_ratio(-0.8, -0.6), exact.score(-0.8)
    p = exact.distribution([-0.8])[0][0]
    slots = [(slot, events.x == slot) for slot in exact.SLOTS if np.sum(events.x == slot) >= 1000]
    assert len(slots) >= 15
    for slot, inside in slots:
        i = slot - exact.SLOTS[0]
        assert_mean_zero(weight[inside] - np.exp(-log_r[i]), 4 * len(slots))
        assert_mean_zero(score[inside] - t[i], 4 * len(slots))
        assert_mean_zero(inside - p[i], 4 * len(slots))
    assert_mean_zero(np.stack([weight - 1, score], 1), 8 * len(slots))


@pytest.mark.parametrize(
    ("model", "exact", "theta", "alternative"), [(gauss, exact_gauss, 0.5, 1.0), (counts, exact_counts, 1.2, 1.4)]
)
def test_ratio_and_score_average_to_those_of_x(model, exact, theta, alternative):
    events = wrap(model, ("theta",)).mine(np.full((50_000, 1), theta), [[alternative]], seed=2)
    here, there = exact(events.x, theta), exact(events.x, alternative)
    weight = np.exp(-events.joint_log_ratio[:, 0]) - np.exp(there[0] - here[0])
    score = events.joint_score[:, 0] - here[1]
    features = [np.ones_like(events.x), np.tanh(events.x - theta), events.x > events.x.mean()]
    for feature in features:
        assert_mean_zero(np.stack([weight * feature, score * feature], 1), 2 * len(features))


def test_gold_of_the_gaussian_is_the_closed_form_row_by_row():
    events = wrap(gauss, ("theta",)).mine(np.full((100, 1), 0.5), [[1.0], [-2.0]], seed=3, traces=True)
    z = np.array([trace[0].value for trace in events.traces])
    expected = stats.norm(0.5, 2).logpdf(z)[:, None] - stats.norm([1.0, -2.0], 2).logpdf(z[:, None])
    np.testing.assert_allclose(events.joint_log_ratio, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(events.joint_score[:, 0], (z - 0.5) / 4, rtol=1e-10)


def test_traces_sum_to_the_gold():
    events = wrap(gauss, ("theta",)).mine(np.full((5, 1), 0.5), [[1.0]], seed=3, traces=True)
    for trace, row in zip(events.traces, events.joint_log_ratio, strict=True):
        total = trace.log_prob()
        assert total[0] - total[1] == pytest.approx(row[0])
        assert [branching.address for branching in trace] == ["z", "x"]
        assert [branching.observed for branching in trace] == [False, True]
        assert trace[0].parameters == (0.5, 2.0)
        assert trace.x == trace[1].value


def waiting(theta):
    """Families of which torch counts otherwise: failures, not trials, and the probability of going on."""
    trials = pyro.sample("trials", dist.Geometric(theta))
    pyro.sample("failures", dist.NegativeBinomial(1.0 + trials, 1.0 - theta))
    pyro.sample("x", dist.Laplace(trials, 1.0 + theta), obs=torch.zeros(()))


def test_a_trace_has_the_family_parameters_and_value_of_the_table():
    events = wrap(waiting, ("theta",)).mine(np.full((50, 1), 0.4), [[0.3]], seed=3, traces=True)
    for trace in events.traces:
        assert [branching.family for branching in trace] == ["Geometric", "NegativeBinomial", "Laplace"]
        assert trace[0].parameters == (0.4,)
        assert trace[1].parameters == (trace[0].value, 0.4)
        for branching in trace:
            density = FAMILIES[branching.family].log_prob(branching.value, *branching.parameters)
            assert branching.log_prob[0] == pytest.approx(density, rel=1e-12)


def test_score_is_the_derivative_of_the_ratio():
    simulator = wrap(counts, ("theta",))
    step = 1e-5
    alternatives = np.array([[1.2 + step], [1.2 - step]])
    events = simulator.mine(np.full((50, 1), 1.2), alternatives, seed=4)
    slope = (events.joint_log_ratio[:, 1] - events.joint_log_ratio[:, 0]) / (2 * step)
    np.testing.assert_allclose(events.joint_score[:, 0], slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("model", [gauss, counts])
def test_rows_do_not_depend_on_how_the_work_is_cut(model):
    simulator = wrap(model, ("theta",))
    theta = np.linspace(0.5, 1.5, 1300)[:, None]
    whole = simulator.mine(theta, [[1.0]], seed=5, first=100)
    cuts = [(0, 1), (1, 500), (500, 1300)]
    parts = [simulator.mine(theta[a:b], [[1.0]], seed=5, first=100 + a) for a, b in cuts]
    for name in ("x", "joint_log_ratio", "joint_score", "event"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_allclose(joined, getattr(whole, name), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(simulator.simulate(theta[3:9], seed=5, first=103), whole.x[3:9])


def test_other_seeds_and_events_are_other_draws():
    simulator = wrap(gauss, ("theta",))
    theta = np.zeros((600, 1))
    x = np.concatenate([simulator.simulate(theta, seed=seed) for seed in (0, 1)])
    assert len(np.unique(x)) == 1200


def test_global_random_state_and_dtype_are_left_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    wrap(counts, ("theta",)).mine(np.ones((10, 1)), [[1.1]])
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_default_dtype() == torch.float32
    assert not pyro.poutine.runtime._PYRO_STACK
