"""Counting experiments where nothing is seen or nothing is expected: closed forms, and refusals of what has no mean."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.optimize import brentq
from scipy.stats import chi2, poisson
from test_inference_limits import Gaussian, cls_limit

import motherlode
from motherlode import plots
from motherlode.inference import InferenceError, Rate, limits
from motherlode.inference.frequentist import GridWarning, rank_p_value
from motherlode.inference.frequentist.regions import BANDS


def counting(n, background=0.0, high=10.0, **settings):
    rate = Rate(lambda theta: theta[..., 0] + background, 1.0)
    return limits(Gaussian(), np.zeros((n, 1)), {"mu": (0.0, high)}, rate=rate, **{"mode": "rate", **settings})


def wilks_limit(n, level):
    """Where -2 log of the Poisson likelihood ratio to μ̂ = n is the quantile of χ²."""

    def excess(mu):
        return 2.0 * (mu - n - (n * np.log(mu / n) if n else 0.0)) - chi2.ppf(level, 1)

    return brentq(excess, max(n, 1e-9), 50.0)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_wilks_limit_without_background(n):
    study = counting(n)
    low, high = study.wilks(points=41).interval(0.9)
    assert study.mle().theta[0] == pytest.approx(n, abs=1e-4)
    assert high == pytest.approx(wilks_limit(n, 0.9), abs=1e-4)
    assert (low == 0.0) == (n == 0)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_no_background_is_the_limit_of_a_small_one(n):
    without, small = (counting(n, b).neyman(Gaussian(), points=41, toys=2000, level=0.9, seed=5) for b in (0.0, 1e-9))
    mu = without.grid.points[:, 0]
    numbers = np.arange(60)
    log_likelihood = poisson.logpmf(numbers[:, None], mu)
    statistic = 2.0 * (log_likelihood.max(axis=1, keepdims=True) - log_likelihood)
    worse = statistic >= statistic[n] - 1e-9
    exact = (poisson.pmf(numbers[:, None], mu) * worse).sum(axis=0)
    for region in (without, small):
        error = np.sqrt(exact * (1.0 - exact) / region.info["toys"])
        complete = region.info["toys"] == 2000
        assert (np.abs(region.p_value - exact) < ALPHA_Z * error + 2.0 / 2000)[complete].all()
        settled = np.abs(exact - 0.1) > ALPHA_Z * np.sqrt(0.09 / 2000)
        assert np.array_equal(region.contains(0.9)[settled], (exact > 0.1)[settled])


def test_an_experiment_that_expects_nothing_and_sees_nothing_has_a_median_limit():
    low, high = counting(0).asimov(Gaussian(), [0.0], points=101, events=10).interval(0.9)
    assert (low, high) == (0.0, pytest.approx(0.5 * chi2.ppf(0.9, 1), abs=0.02))


def test_a_strength_that_cannot_explain_an_event_is_excluded_for_certain():
    region = counting(1).wilks(points=5)
    assert region.statistic[0] == np.inf
    assert region.p_value[0] == 0.0
    assert rank_p_value(np.array([0.0, 1.0, np.inf]), np.array([0.5, np.inf])).tolist() == [0.75, 0.5]


def test_networks_are_not_asked_about_no_events():
    net = motherlode.RatioEstimator(1, (1,)).eval()
    study = limits(net, np.zeros((0, 1)), {"mu": (-1.0, 1.0)}, rate=Rate(lambda theta: 5.0 + theta[..., 0], 1.0))
    assert study.experiment.table(np.zeros((0, 1)), np.zeros((4, 1))).shape == (0, 4)
    assert study.mle().theta[0] == -1.0
    region = study.wilks(points=5)
    assert region.statistic == pytest.approx(2.0 * (region.grid.points[:, 0] + 1.0), abs=1e-6)
    assert study.scan(5).statistic(study.scan(5).observed(study.observation)[None])[0] == pytest.approx(
        region.statistic
    )


@pytest.mark.parametrize(
    ("shape", "value"), [(lambda t: t[..., 0] - 2.0, "-2.0"), (lambda t: t[..., 0] * torch.nan, "nan")]
)
def test_a_rate_that_is_no_mean_is_refused(shape, value):
    study = limits(Gaussian(), np.zeros((3, 1)), {"mu": (0.0, 5.0)}, rate=Rate(shape, 1.0), mode="rate")
    with pytest.raises(InferenceError, match=rf"expects {value} events at \{{'mu': 0.0\}}.*Narrow the bounds"):
        study.scan(6).observed(study.observation)
    with pytest.raises(InferenceError, match="No number of events has that mean"):
        study.wilks(points=6)


def test_a_rate_that_rounds_below_zero_is_zero():
    study = limits(Gaussian(), np.zeros((0, 1)), {"mu": (0.0, 5.0)}, rate=Rate(lambda t: t[..., 0] - 1e-15, 1.0))
    assert study.experiment.expected(torch.zeros(1, 1, dtype=torch.float64)).item() == 0.0


def test_fits_without_a_finite_likelihood_are_refused():
    class Nowhere:
        def log_prob(self, x, theta):
            return theta[..., 0] * 0.0 - torch.inf

    with pytest.raises(InferenceError, match="none of 4 points"):
        limits(Nowhere(), np.zeros((3, 1)), {"mu": (0.0, 5.0)}).mle(starts=4)


@pytest.mark.parametrize(
    ("theta", "degree", "rank", "needed"),
    [
        ([[0.0], [1.0]], 2, 2, 3),
        ([[0.0], [1.0], [1.0], [0.0]], 2, 2, 3),
        ([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0], [3.0, 1.0]], 1, 2, 3),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], 1, 2, 3),
    ],
)
def test_points_that_leave_coefficients_free_are_refused(theta, degree, rank, needed):
    with pytest.raises(InferenceError, match=f"determine {rank} of the {needed} coefficients .* degree {degree}"):
        Rate.fit(theta, np.ones(len(theta)), 1.0, degree)


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_polynomials_are_exact_in_any_unit(unit):
    theta = np.array([[a, b] for a in (-1.0, 0.0, 2.0) for b in (0.0, 1.0, 3.0)]) + 5.0

    def sigma(a, b):
        return 2.0 + a - 0.5 * b + 0.3 * a * b + b**2

    rate = Rate.fit(theta * [1.0, unit], sigma(*theta.T), 1.0)
    at = np.array([[3.3, 6.1], [7.0, 9.0]])
    assert rate.expected(torch.from_numpy(at * [1.0, unit])).tolist() == pytest.approx(sigma(*at.T), rel=1e-9)


def test_a_cls_limit_beyond_the_scan_is_infinite_and_says_so():
    toys = 10_000
    with pytest.warns(GridWarning, match=r"upper bound 6: .* Extend the upper bound"):
        short = counting(5, 1.0, high=6.0).cls(Gaussian(), points=41, toys=toys)
    long = counting(5, 1.0, high=20.0).cls(Gaussian(), points=81, toys=toys)
    assert short.observed == np.inf
    exact, error = cls_limit(5, 1.0, np.linspace(0.0, 20.0, 81), toys)
    assert abs(long.observed - exact) < ALPHA_Z * error
    assert np.isfinite(short.expected).tolist() == (long.expected < 6.0).tolist() == [True] * 4 + [False]
    for found, grid in ((short, np.linspace(0.0, 6.0, 41)), (long, np.linspace(0.0, 20.0, 81))):
        for limit, n in zip(found.expected[:3], poisson.ppf(BANDS[:3], 1.0), strict=True):
            exact, error = cls_limit(n, 1.0, grid, toys)
            assert abs(limit - exact) < ALPHA_Z * error
    plots.plot_upper_limit(short)


def test_nothing_is_bounded_by_a_scan_that_excludes_nothing():
    with pytest.warns(GridWarning, match="observed, inf"):
        found = counting(2, 1.0, high=0.5).cls(Gaussian(), points=5, toys=200)
    assert found.observed == np.inf
    assert (found.expected == np.inf).all()
