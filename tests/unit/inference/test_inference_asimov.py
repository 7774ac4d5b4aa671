"""Expected regions are centred on the truth with the width of the information, however many events are expected."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from test_inference_limits import Gaussian, X

from motherlode.inference import Constraint, InferenceError, Rate, limits
from motherlode.inference.frequentist import GridWarning

D = torch.distributions
Z = norm.isf(0.5 * (1.0 - 0.6827))


def flat(number):
    return Rate(lambda theta: number + 0.0 * theta[..., 0], 1.0)


class Decay:
    """Decay times with mean θ, as likelihood and as simulator."""

    def log_prob(self, x, theta):
        return D.Exponential(1.0 / theta[..., 0]).log_prob(x[..., 0])

    def simulate(self, theta, seed, first=0):
        return theta * np.random.default_rng([seed, first]).exponential(size=theta.shape)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("truth", [0.0, 0.00333])
def test_a_hundred_times_more_events_than_simulated(truth, seed):
    study = limits(Gaussian(), X, {"mean": (-0.02, 0.02)}, rate=flat(1e6))
    region = study.asimov(Gaussian(), [truth], points=161, seed=seed)
    sd = 1e-3
    assert region.best.tolist() == [truth]
    assert region.statistic == pytest.approx(((region.grid.points[:, 0] - truth) / sd) ** 2, abs=1e-6)
    assert region.interval(0.6827) == pytest.approx((truth - sd * Z, truth + sd * Z), rel=1e-6)
    assert abs(region.info["score_z"][0]) < ALPHA_Z


def test_the_shape_of_an_asymmetric_likelihood_is_kept():
    number, events = 50.0, 10_000
    study = limits(Decay(), np.ones((3, 1)), {"lifetime": (0.3, 3.0)}, rate=flat(number))
    region = study.asimov(Decay(), [1.0], points=271, events=events, seed=1)

    def q(scale):
        return 2.0 * number * (np.log(scale) + 1.0 / scale - 1.0) - chi2.isf(0.05, 1)

    exact = brentq(q, 0.3, 1.0), brentq(q, 1.0, 3.0)
    information_error = np.sqrt(8.0 / events)
    half = 0.5 * (exact[1] - exact[0])
    assert region.best.tolist() == [1.0]
    assert region.interval(0.95) == pytest.approx(exact, abs=0.5 * ALPHA_Z * information_error * half + 1e-3)


def test_a_truth_between_points_of_a_nuisance_is_the_best_fit_too():
    bounds = {"mean": (-1.0, 1.0), "shift": (-1.0, 1.0)}
    study = limits(Gaussian(), X, bounds, rate=flat(400.0), constraints={"shift": Constraint(0.0, 0.1)})
    region = study.asimov(Gaussian(), [0.12, 0.0333], points={"mean": 101, "shift": 201}, events=500)
    assert region.grid.shape == (101,)
    assert region.best.tolist() == [0.12]
    half = Z * np.hypot(0.1, 1.0 / 20.0)
    assert region.interval(0.6827) == pytest.approx((0.12 - half, 0.12 + half), abs=2e-3)


def test_few_points_inside_warn():
    region = limits(Gaussian(), X, {"mean": (-1.0, 1.0)}, rate=flat(1e6)).asimov(Gaussian(), [0.013], points=21)
    with pytest.warns(GridWarning, match="0 of 21 grid points"):
        assert region.interval(0.6827) == pytest.approx((0.013 - 1e-3 * Z, 0.013 + 1e-3 * Z), rel=1e-6)


def test_a_biased_estimator_is_told():
    class Biased(Gaussian):
        def log_prob(self, x, theta):
            return super().log_prob(x, theta + 0.1)

    region = limits(Biased(), X, {"mean": (-2.0, 2.0)}).asimov(Gaussian(), [0.0], points=41)
    assert region.info["score_z"][0] == pytest.approx(-0.1 * 100.0, abs=ALPHA_Z)


def test_truths_outside_the_bounds_and_scores_that_are_not_finite_are_refused():
    class Broken(Gaussian):
        def log_prob(self, x, theta):
            return (theta - theta.detach()).sum(-1).sqrt() + x[..., 0]

    with pytest.raises(InferenceError, match=r"θ = \[3.0\] is no point inside the bounds"):
        limits(Gaussian(), X, {"mean": (-2.0, 2.0)}).asimov(Gaussian(), [3.0])
    with pytest.raises(InferenceError, match="not finite for 100 of 100 events"):
        limits(Broken(), X, {"mean": (-2.0, 2.0)}).asimov(Gaussian(), [1.0], events=100)
