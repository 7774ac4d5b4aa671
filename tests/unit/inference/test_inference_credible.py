"""Credible regions do not depend on how a grid is spaced or a prior written down."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.stats import norm, truncnorm

from motherlode import Law
from motherlode.inference import Prior, UnusablePrior, limits, posterior
from motherlode.inference.frequentist import Grid, Region

D = torch.distributions


class Mean:
    """x_d ~ N(θ_d, sd²) for all D parameters."""

    def __init__(self, sd):
        self.sd = sd

    def log_prob(self, x, theta):
        return D.Normal(theta, self.sd).log_prob(x).sum(-1)


def geometric(low, high, points):
    return np.geomspace(low, high, points)


def squared(low, high, points):
    return low + (high - low) * np.linspace(0.0, 1.0, points) ** 2


@pytest.mark.parametrize("spread", [geometric, squared, np.linspace])
def test_a_credible_interval_is_exact_whatever_the_spacing(spread):
    axis = spread(0.01, 10.0, 400)
    problem = limits(Mean(2.0), [[5.0]], {"m": (0.01, 10.0)})
    found = problem.credible({"m": D.Uniform(0.01, 10.0)}, points={"m": axis}).interval(0.9)
    law = truncnorm((0.01 - 5.0) / 2.0, (10.0 - 5.0) / 2.0, loc=5.0, scale=2.0)
    steps = [np.diff(axis)[np.searchsorted(axis, end) - 1] for end in law.ppf([0.05, 0.95])]
    assert (np.abs(np.array(found) - law.ppf([0.05, 0.95])) < steps).all()


@pytest.mark.parametrize("spread", [geometric, squared, np.linspace])
def test_nuisances_are_integrated_whatever_their_spacing(spread):
    class Sum:
        """x ~ N(a b, 0.1²): a given b, and b between its bounds."""

        def log_prob(self, x, theta):
            return D.Normal(theta[..., 0] * theta[..., 1], 0.1).log_prob(x[..., 0])

    bounds = {"a": (0.2, 3.0), "b": (0.5, 2.0)}
    prior = {name: D.Uniform(*ends) for name, ends in bounds.items()}
    a, b = np.linspace(0.2, 3.0, 81), np.linspace(0.5, 2.0, 4001)
    density = norm.pdf(1.0, a[:, None] * b, 0.1)
    exact = -2.0 * np.log(np.trapezoid(density, b, axis=1))
    points = {"a": 81, "b": spread(0.5, 2.0, 200)}
    found = limits(Sum(), [[1.0]], bounds, interest=["a"]).credible(prior, points)
    near = exact - exact.min() < 9.0
    assert found.statistic[near] == pytest.approx((exact - exact.min())[near], abs=0.02)


def test_density_ranks_and_mass_counts():
    grid = Grid({"a": np.array([0.0, 1.0, 3.0, 7.0])})
    assert grid.cells.tolist() == [0.5, 1.5, 3.0, 2.0]
    region = Region.credible(grid, np.log([0.4, 0.3, 0.2, 0.1]))
    assert region.p_value == pytest.approx(1.0 - np.array([0.0, 0.2, 0.65, 1.25]) / 1.45)
    assert region.best.tolist() == [0.0]
    assert Grid({"a": np.array([2.0]), "b": np.array([0.0, 2.0])}).cells.tolist() == [1.0, 1.0]


def test_a_prior_by_names_may_be_written_in_any_order():
    problem = limits(Mean(0.1), [[0.5, 3.0]], {"a": (0.0, 1.0), "b": (2.0, 4.0)}, interest=["a"])
    a, b = D.Normal(0.5, 0.05), D.Normal(3.0, 5.0)
    ordered, swapped = problem.credible({"a": a, "b": b}), problem.credible({"b": b, "a": a})
    np.testing.assert_array_equal(ordered.p_value, swapped.p_value)
    with pytest.raises(UnusablePrior, match="law is of a, c, and the parameters are a, b"):
        problem.credible({"a": a, "c": b})
    with pytest.raises(UnusablePrior, match="law is of a, and the parameters are a, b"):
        problem.credible({"a": a})


def test_names_order_the_factors_of_a_mapping():
    pair, one = D.Normal(torch.zeros(2), 1.0), D.Uniform(3.0, 4.0)
    law = Prior({"v": pair, "s": one}, ("s", "v_1", "v_2"))
    assert law.names == ("s", "v_1", "v_2")
    assert law.sample(100, seed=0)[:, 0].min() >= 3.0
    with pytest.raises(UnusablePrior, match="stay together"):
        Prior({"v": pair, "s": one}, ("v_1", "s", "v_2"))


def test_a_posterior_takes_the_order_of_its_names_or_of_its_record():
    prior = {"b": D.Normal(3.0, 5.0), "a": D.Normal(0.0, 0.01)}
    named = posterior(Mean(0.1), prior, [[0.5, 3.0]], names=("a", "b")).sample(500, seed=0)
    assert named.names == ("a", "b")
    variance = 1.0 / (1.0 / 0.1**2 + 1.0 / np.array([0.01, 5.0]) ** 2)
    exact = variance * (np.array([0.5, 3.0]) / 0.1**2 + np.array([0.0, 3.0]) / np.array([0.01, 5.0]) ** 2)
    error = np.sqrt(variance / named.info["effective_draws"] + variance / 500)
    assert (np.abs(named.mean - exact) < ALPHA_Z * error).all()
    recorded = Mean(0.1)
    law = Law.of("a=-9:9,b=-9:9")
    recorded.record = SimpleNamespace(origin={"proposal": {"law": law.to_json()}})
    np.testing.assert_array_equal(posterior(recorded, prior, [[0.5, 3.0]]).sample(500, seed=0).samples, named.samples)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_ends_of_a_uniform_prior_belong_to_it(dtype):
    low, high = (torch.tensor(end, dtype=dtype) for end in (0.1, 0.7))
    region = limits(Mean(0.5), [[0.9]], {"m": (0.1, 0.7)}).credible({"m": D.Uniform(low, high)}, points=201)
    assert region.best == pytest.approx([0.7])
    assert np.isfinite(region.statistic).all()
    law = truncnorm(-1.6, -0.4, loc=0.9, scale=0.5)
    assert region.interval(0.9) == pytest.approx((law.ppf(0.1), 0.7), abs=0.003)


def test_a_prior_without_density_on_the_grid_is_refused():
    with pytest.raises(UnusablePrior, match="no density at any of 51 grid points"):
        limits(Mean(0.5), [[0.9]], {"m": (0.1, 0.7)}).credible({"m": D.Uniform(2.0, 3.0)})
