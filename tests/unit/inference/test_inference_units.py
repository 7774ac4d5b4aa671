"""Changing the units of the parameters changes nothing else: fits, profiles, contours, modes and distances."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from motherlode.inference import Constraint, limits, posterior
from motherlode.inference.fisher import distance

D = torch.distributions
UNITS = (1e-10, 1e-8, 1.0, 1e6, 1e8)
EVENTS = np.random.default_rng(0).normal((5.0, 2.0), size=(10, 2))


class Location:
    """x ~ N(θ, unit)."""

    def __init__(self, unit):
        self.unit = unit

    def log_prob(self, x, theta):
        return D.Normal(theta[..., 0], self.unit).log_prob(x[..., 0])


class Degenerate:
    """(x, y) ~ N((a + b / unit, b / unit), 1): a is known only as well as b is."""

    def __init__(self, unit):
        self.scale = torch.tensor([1.0, 1.0 / unit], dtype=torch.float64)

    def log_prob(self, x, theta):
        a, b = (theta * self.scale).unbind(-1)
        return D.Normal(torch.stack([a + b, b], dim=-1), 1.0).log_prob(x).sum(-1)


def degenerate(unit, **settings):
    bounds = {"a": (-5.0, 10.0), "b": (-5.0 * unit, 10.0 * unit)}
    return limits(Degenerate(unit), EVENTS, bounds, **settings)


@pytest.mark.parametrize("unit", UNITS)
def test_the_maximum_and_its_error_scale_with_the_unit(unit):
    study = limits(Location(unit), unit * EVENTS, {"energy": (0.0, 10.0 * unit)})
    best, centre, error = study.mle(), EVENTS[:, 0].mean(), 10**-0.5
    assert best.theta[0] / unit == pytest.approx(centre, abs=1e-4 * error)
    assert best.errors[0] / unit == pytest.approx(error, rel=1e-6)
    half = error * norm.isf(0.5 * (1.0 - 0.6827))
    interval = np.array(study.wilks(points=201).interval(0.6827)) / unit
    assert interval == pytest.approx([centre - half, centre + half], abs=0.01 * error)


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_of_a_nuisance_does_not_move_the_profile(unit):
    region = degenerate(unit, interest=["a"]).wilks(points=31)
    x, y = EVENTS.mean(axis=0)
    exact = (region.grid.points[:, 0] - (x - y)) ** 2 / 0.2
    assert region.statistic == pytest.approx(exact, abs=1e-3)
    assert region.best[0] == pytest.approx(x - y, abs=1e-3)


@pytest.mark.parametrize("unit", UNITS)
def test_contours_and_impacts_scale_with_the_unit(unit):
    line = degenerate(unit).contour(points=6)
    assert line / [1.0, unit] == pytest.approx(degenerate(1.0).contour(points=6), abs=2e-3)
    impact = degenerate(unit, constraints={"b": Constraint(2.0 * unit, 0.5 * unit)}).impacts()
    error = (10.0 + 4.0) ** -0.5
    assert impact.pull_errors == pytest.approx([error / 0.5], rel=1e-3)
    assert impact.impacts[0] == pytest.approx([error, -error], rel=1e-3)


def test_an_error_near_a_bound_is_told_in_any_unit():
    study = limits(Location(1e-10), 1e-10 * EVENTS[:, :1], {"energy": (0.0, 5e-10)})
    assert np.isfinite(study.mle().errors[0]) == (EVENTS[:, 0].mean() < 5.0)


@pytest.mark.parametrize("unit", UNITS)
def test_the_mode_scales_with_the_unit_of_a_normal_prior(unit):
    prior = {"energy": D.Normal(torch.zeros((), dtype=torch.float64), 10.0 * unit)}
    mode = posterior(Location(unit), prior, unit * EVENTS[:, :1]).map()
    assert mode[0] / unit == pytest.approx(EVENTS[:, 0].sum() / (10.0 + 0.01), abs=1e-4)


@pytest.mark.parametrize("unit", UNITS)
def test_the_length_of_a_geodesic_has_no_unit(unit):
    """Normal laws of mean m and sd s: I = diag(1, 2)/s², a hyperbolic plane."""

    def metric(theta):
        return np.diag([1.0, 2.0 / unit**2]) / (theta[1] / unit) ** 2

    length, path = distance(metric, [-1.0, unit], [1.0, unit])
    exact = np.sqrt(2.0) * np.arccosh(1.0 + 2.0**2 / 2.0 / 2.0)
    assert length == pytest.approx(exact, rel=0.01)
    assert path[6] / [1.0, unit] == pytest.approx([0.0, np.sqrt(1.5)], abs=0.02)
