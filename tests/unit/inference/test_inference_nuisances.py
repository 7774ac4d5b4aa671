"""Nuisances the simulator does not know, rates from event weights, and expected limits, against closed forms."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2
from test_inference_limits import Galton, Gaussian, X

import motherlode
from motherlode.diagnostics import coverage
from motherlode.estimators import OutOfRangeWarning
from motherlode.inference import Constraint, InferenceError, Rate, Shift, limits
from motherlode.inference.frequentist.regions import BANDS

D = torch.distributions


def test_a_shift_widens_the_interval_like_a_nuisance_that_the_simulator_knows():
    problem = limits(Gaussian(), X, {"mean": (-3.0, 4.0)}, constraints={"offset": Shift(0.2, 0.4, {"mean": 1.0})})
    half = np.sqrt(0.25 + 0.16)
    found = problem.mle()
    assert problem.interest == ("mean",)
    assert found.names == ("mean", "offset")
    assert found.theta == pytest.approx([X.mean() - 0.2, 0.2], abs=1e-4)
    assert found.errors == pytest.approx([half, 0.4], abs=1e-4)
    centre = X.mean() - 0.2
    assert problem.wilks(points=71).interval(0.6827) == pytest.approx((centre - half, centre + half), abs=0.01)
    impact = problem.impacts()
    assert impact.impacts[0] == pytest.approx([0.4, -0.4], abs=1e-3)


def test_toys_of_a_shift_move_with_it():
    problem = limits(Gaussian(), X, {"mean": (-3.0, 4.0)}, constraints={"offset": Shift(0.0, 0.5, {"mean": 1.0})})
    region = problem.neyman(Gaussian(), points={"mean": 29, "offset": 11}, toys=400, level=0.0, seed=1)
    exact = chi2.sf((X.mean() - region.grid.points[:, 0]) ** 2 / (0.25 + 0.25), 1)
    assert np.abs(region.p_value - exact).max() < ALPHA_Z * 0.5 / np.sqrt(400) + 0.06


def test_an_uncertain_luminosity_adds_in_quadrature():
    rate = Rate(lambda theta: theta[..., 0], 100.0)
    problem = limits(
        Gaussian(),
        np.zeros((100, 1)),
        {"strength": (0.1, 3.0)},
        rate=rate,
        mode="rate",
        constraints={"luminosity": Shift(log_rate=0.1)},
    )
    assert problem.mle().errors[0] == pytest.approx(np.sqrt(1.0 / 100 + 0.1**2), rel=1e-3)


def test_rates_from_event_weights():
    generator = np.random.default_rng(0)
    coefficients = generator.uniform(0.5, 1.0, (500, 3))
    theta = np.array([[-1.0], [0.0], [1.0], [2.0]])
    weights = coefficients @ np.stack([theta[:, 0] ** p for p in range(3)])
    rate = Rate.from_weights(theta, weights, luminosity=2.0)
    at = torch.tensor([[0.7], [1.5]], dtype=torch.float64)
    exact = 2.0 * (coefficients.sum(axis=0) @ np.stack([at[:, 0].numpy() ** p for p in range(3)]))
    assert rate.expected(at).tolist() == pytest.approx(exact.tolist(), rel=1e-9)
    noisy = weights + np.array([0.0, 0.0, 0.0, 50.0]) * generator.normal(size=weights.shape)
    off = abs(Rate.from_weights(theta, noisy, 2.0).expected(at) / torch.from_numpy(exact) - 1.0)
    assert off.max() < 0.01
    sums, errors = noisy.sum(axis=0), np.sqrt((noisy**2).sum(axis=0))
    weighed = np.polyval(np.polyfit(theta[:, 0], sums, 2, w=1.0 / errors), at[:, 0].numpy())
    assert Rate.from_weights(theta, noisy, 2.0).expected(at).tolist() == pytest.approx(2.0 * weighed, rel=1e-9)


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        ({"mean": Shift(moves={"mean": 1.0})}, "counted twice"),
        ({"offset": Shift(moves={"median": 1.0})}, "name no parameter"),
    ],
)
def test_contradictory_shifts_are_refused(shift, message):
    with pytest.raises(InferenceError, match=message):
        limits(Gaussian(), X, {"mean": (-3.0, 4.0)}, constraints=shift)


def test_expected_p_values_are_those_of_the_noncentral_chi_squared():
    problem, count = limits(Gaussian(), X, {"mean": (-2.0, 3.0)}), 2000
    region = problem.expected(Gaussian(), [0.5], points=201, toys=count, seed=2)
    away = np.abs(region.grid.points[:, 0] - 0.5) > 0.1
    noncentral = 4.0 * (region.grid.points[away, 0] - 0.5) ** 2
    for quantile, p in zip(BANDS, region.info["band"][:, away], strict=True):
        reached = ncx2.sf(chi2.isf(p, 1), 1, noncentral)
        assert np.abs(reached - quantile).max() < 4.5 * np.sqrt(quantile * (1 - quantile) / count) + 0.01
    half = brentq(lambda d: ncx2.median(1, 4.0 * d**2) - chi2.isf(1.0 - 0.6827, 1), 0.1, 1.0)
    error = 0.5 * np.sqrt(np.pi / 2.0 / count)
    assert region.interval(0.6827) == pytest.approx((0.5 - half, 0.5 + half), abs=ALPHA_Z * error + 0.005)


def test_points_in_parallel_give_the_same_region():
    problem = limits(Gaussian(), X, {"mean": (-1.0, 2.0)})
    alone = problem.neyman(Gaussian(), points=13, toys=200, seed=2)
    with ThreadPoolExecutor(2) as executor:
        together = problem.neyman(Gaussian(), points=13, toys=200, seed=2, executor=executor)
    assert np.array_equal(alone.p_value, together.p_value)


def test_interpolated_log_ratios_give_the_same_p_values_and_say_their_error():
    exact = Galton()
    problem = limits(exact, [[9.0], [12.0], [17.0], [14.0]], {"theta": (-1.0, -0.4)})
    whole = problem.neyman(exact, points=41, toys=300, level=0.0, seed=3)
    few = problem.neyman(exact, points=41, toys=300, level=0.0, seed=3, nodes=12)
    assert whole.info["interpolation_error"] == 0.0
    assert few.info["interpolation_error"] < 1e-3
    assert np.abs(whole.p_value - few.p_value).max() < 0.02


def test_too_few_nodes_are_another_statistic_that_still_covers():
    class Kinked(Gaussian):
        def log_prob(self, x, theta):
            return -(theta.sum(-1) - x[..., 0]).abs()

    problem = limits(Kinked(), X, {"mean": (-4.0, 4.0)})
    assert problem.neyman(Gaussian(), points=33, toys=50, nodes=5).info["interpolation_error"] > 0.1
    result = coverage(problem, Gaussian(), [1.0], points=33, seed=2, nodes=5)
    assert (np.abs(result.z("neyman")) < ALPHA_Z).all(), result.verdict()


def test_bounds_and_events_outside_the_training_range_warn():
    class Trained(Gaussian):
        theta_low, theta_high = torch.tensor([-1.0]).double(), torch.tensor([1.0]).double()
        x_low, x_high = torch.tensor([-3.0]).double(), torch.tensor([3.0]).double()

    with pytest.warns(OutOfRangeWarning, match=r"50.0% of the corners"):
        limits(Trained(), X, {"mean": (-1.0, 2.0)})
    with pytest.warns(OutOfRangeWarning, match="observed events"):
        limits(Trained(), X + 5.0, {"mean": (-1.0, 1.0)})
    limits(Trained(), X, {"mean": (-1.0, 1.0)}, constraints={"mean": Constraint(0.0, 1.0)}, interest=["mean"])


def test_the_expected_band_of_cls_brackets_its_limits():
    problem = limits(Gaussian(), X, {"mu": (0.0, 4.0)})
    found = problem.cls(Gaussian(), points=41, toys=1500, seed=1)
    assert found.band.shape == (5, 41)
    assert (np.diff(found.band, axis=0) >= 0).all()
    strength = found.region.grid.points[:, 0]
    for wanted, curve in zip(found.expected, found.band, strict=True):
        assert strength[np.flatnonzero(curve > 0.05)[-1]] == pytest.approx(wanted, abs=0.25)


def test_kinematics_alone_ignore_how_many_events_there_are():
    rate = Rate(lambda theta: torch.exp(theta[..., 0]), 100.0)
    settings = {"bounds": {"mean": (-3.0, 4.0)}, "rate": rate}
    alone = limits(Gaussian(), X, **settings, mode="kinematics").mle()
    assert alone.theta[0] == pytest.approx(X.mean(), abs=1e-5)
    assert limits(Gaussian(), X, **settings).mle().theta[0] < -1.0


def test_no_event_at_all_is_an_observation_of_the_rate():
    rate = Rate(lambda theta: 0.1 + theta[..., 0], 1.0)
    problem = limits(Gaussian(), np.zeros((0, 1)), {"strength": (0.0, 10.0)}, rate=rate)
    assert problem.mle().theta[0] == pytest.approx(0.0, abs=1e-6)
    region = problem.neyman(Gaussian(), points=21, toys=2000, level=0.0, seed=1)
    at = region.grid.points[:, 0]
    none_seen = np.exp(-(0.1 + at))
    assert (region.p_value[1:] >= none_seen[1:] - ALPHA_Z * np.sqrt(none_seen[1:] / 2000) - 1e-3).all()
    assert region.p_value[0] == 1.0


@pytest.mark.slow
def test_points_in_other_processes_give_the_same_region():
    from loky import get_reusable_executor

    problem = limits(motherlode.RatioEstimator(1, (1,)).eval(), X, {"mean": (-1.0, 2.0)})
    simulator = motherlode.wrap(Normal01(), parameters=("mean",), low=-1.0, high=2.0)
    alone = problem.neyman(simulator, points=6, toys=30, seed=2)
    together = problem.neyman(simulator, points=6, toys=30, seed=2, executor=get_reusable_executor(2))
    assert np.array_equal(alone.p_value, together.p_value)


class Normal01:
    """One reading around θ."""

    def __call__(self, theta, rng):
        return [rng.normal(theta[0], 1.0)]
