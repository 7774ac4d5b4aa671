"""Intervals of one parameter, however coarse the grid: roots of the profile, else interpolated ones with a warning."""

import pickle

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from test_inference_limits import Gaussian, X

from motherlode.inference import Region, limits
from motherlode.inference.frequentist import GridWarning
from motherlode.inference.frequentist.grids import Grid

D = torch.distributions
Z = norm.isf(0.5 * (1.0 - 0.6827))


class Mean:
    """The mean of many events, known to one sd."""

    def __init__(self, sd):
        self.sd = sd

    def log_prob(self, x, theta):
        return D.Normal(theta.sum(-1), self.sd).log_prob(x[..., 0])


class TwoHills:
    """p(x|θ) the same for θ and -θ."""

    def log_prob(self, x, theta):
        away = (x[..., 0].unsqueeze(-1) - torch.stack([theta[..., 0], -theta[..., 0]], dim=-1)) / 0.1
        return torch.logsumexp(-0.5 * away**2, dim=-1)


@pytest.mark.parametrize("centre", [0.0, 0.02, 0.0137])
@pytest.mark.parametrize("events", [1e2, 1e4, 1e6, 1e10])
def test_wilks_intervals_are_exact_however_narrow_they_are(events, centre):
    sd = events**-0.5
    region = limits(Mean(sd), [[centre]], {"mean": (-1.0, 1.0)}).wilks()
    low, high = region.interval(0.6827)
    assert (low - centre) / sd == pytest.approx(-Z, abs=1e-3)
    assert (high - centre) / sd == pytest.approx(Z, abs=1e-3)


def test_three_points_are_enough_where_a_nuisance_is_profiled():
    study = limits(Mean(0.03), [[0.123]], {"mean": (-1.0, 1.0), "shift": (-0.04, 0.04)}, interest=["mean"])
    expected = (0.123 - 0.04 - 0.03 * Z, 0.123 + 0.04 + 0.03 * Z)
    assert study.wilks(points=3).interval(0.6827) == pytest.approx(expected, abs=1e-4)


def test_an_interval_ends_at_a_bound_within_it():
    low, high = limits(Mean(0.01), [[-0.995]], {"mean": (-1.0, 1.0)}).wilks(points=11).interval(0.6827)
    assert low == -1.0
    assert high == pytest.approx(-0.995 + 0.01 * Z, abs=1e-5)


def test_two_maxima_keep_their_intervals_if_the_grid_sees_both():
    region = limits(TwoHills(), [[0.5]], {"mean": (-1.0, 1.0)}).wilks(points=21)
    both = [
        pytest.approx((-0.5 - 0.1 * Z, -0.5 + 0.1 * Z), abs=1e-4),
        pytest.approx((0.5 - 0.1 * Z, 0.5 + 0.1 * Z), abs=1e-4),
    ]
    assert region.intervals(0.6827) == both


def test_asymmetric_likelihoods_have_their_own_roots():
    class Exponential:
        def log_prob(self, x, theta):
            return D.Exponential(1.0 / theta[..., 0]).log_prob(x[..., 0])

    def q(scale):
        return 2.0 * 7 * (np.log(scale) + 1.0 / scale - 1.0) - chi2.isf(0.05, 1)

    interval = limits(Exponential(), np.ones((7, 1)), {"scale": (0.01, 50.0)}).wilks(points=5).interval(0.95)
    assert interval == pytest.approx((brentq(q, 0.01, 1.0), brentq(q, 1.0, 50.0)), rel=1e-4)


def test_regions_with_a_profile_can_be_sent_to_other_processes():
    region = limits(Mean(0.03), [[0.123]], {"mean": (-1.0, 1.0)}).wilks(points=5)
    sent = pickle.loads(pickle.dumps(region))  # noqa: S301
    assert sent.interval(0.9) == region.interval(0.9)


@pytest.mark.parametrize("points", [3, 9, 51])
def test_interpolation_is_exact_for_gaussian_p_values_that_know_their_best_fit(points):
    axis, centre, sd = np.linspace(-1.0, 1.0, points), 0.12345, 0.2
    q = ((axis - centre) / sd) ** 2
    region = Region(Grid({"mean": axis}), chi2.sf(q, 1), q, "test", np.array([centre]))
    wide = region.interval(0.9999) if points > 3 else _warned(region, 0.9999)
    half = sd * norm.isf(0.5e-4)
    assert wide == pytest.approx((centre - half, centre + half), abs=1e-9)


def test_p_values_that_round_to_zero_leave_the_statistic():
    axis, sd = np.linspace(-1.0, 1.0, 4), 1e-4
    q = ((axis - 0.1) / sd) ** 2
    region = Region(Grid({"mean": axis}), chi2.sf(q, 1), q, "test", np.array([0.1]))
    assert _warned(region, 0.6827) == pytest.approx((0.1 - sd * Z, 0.1 + sd * Z), abs=1e-9)


def test_constructions_on_a_coarse_grid_hold_the_best_point_and_warn():
    region = limits(Gaussian(), np.tile(X, (100, 1)), {"mean": (-10.0, 10.0)}).neyman(Gaussian(), points=11, toys=50)
    low, high = _warned(region, 0.68)
    assert low < region.best[0] < high


def test_all_of_the_axis_and_none_of_it():
    axis = np.linspace(0.0, 1.0, 9)
    assert Region(Grid({"a": axis}), np.ones(9), 0.0 * axis, "test", axis[:1]).interval(0.9) == (0.0, 1.0)
    nothing = Region(Grid({"a": axis}), np.full(9, 0.01), axis, "test", np.array([3.0])).interval(0.9)
    assert np.isnan(nothing).all()


def _warned(region, level):
    with pytest.warns(GridWarning, match=r"grid points lie inside .* Use more points="):
        return region.interval(level)
