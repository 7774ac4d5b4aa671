"""Chains start all over the posterior: at prior draws thinned by weight, with noise of its own."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.stats import kstest

from motherlode.inference import ConvergenceWarning, NoFiniteDensity, posterior
from motherlode.inference.search import climb, starting_points

D = torch.distributions
ALPHA = 1e-4

LOW, HIGH = (torch.tensor(value, dtype=torch.float64) for value in (-1.0, 1.0))


class Flat:
    """A likelihood that says nothing."""

    def log_ratio(self, theta, x):
        return 0.0 * theta[..., 0]


class TwoModes:
    """Equal modes at -0.7 and 0.7, far apart for their width."""

    def log_ratio(self, theta, x):
        t = theta[..., 0]
        return torch.logaddexp(D.Normal(-0.7, 0.05).log_prob(t), D.Normal(0.7, 0.05).log_prob(t))


class Window:
    """A likelihood of finite density in a stretch of θ only."""

    def __init__(self, width):
        self.width = width

    def log_ratio(self, theta, x):
        return torch.where((theta[..., 0] - 0.1).abs() < self.width, 0.0, -torch.inf)


def starts(estimator, prior, count, seed):
    potential = posterior(estimator, prior, [[0.0]]).potential
    return potential.prior.constrain(starting_points(potential, count, seed))[0][:, 0].numpy()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_starts_of_a_flat_likelihood_are_spread_like_the_prior(dtype):
    uniform = D.Uniform(LOW.to(dtype), HIGH.to(dtype))
    points = np.concatenate([starts(Flat(), uniform, 20, seed) for seed in range(30)])
    assert kstest((points + 1.0) / 2.0, "uniform").pvalue > ALPHA
    normal = D.Normal(LOW.to(dtype) + 1.0, HIGH.to(dtype))
    assert kstest(np.concatenate([starts(Flat(), normal, 20, seed) for seed in range(30)]), "norm").pvalue > ALPHA


def test_both_of_two_equal_modes_get_half_of_the_starts():
    right = [int((starts(TwoModes(), D.Uniform(LOW, HIGH), 20, seed) > 0.0).sum()) for seed in range(50)]
    assert abs(np.sum(right) - 500) / np.sqrt(1000 * 0.25) < ALPHA_Z
    assert min(right) > 0
    assert max(right) < 20


def test_chains_see_both_modes_and_say_that_they_disagree():
    for seed in range(3):
        with pytest.warns(ConvergenceWarning):
            draws = posterior(TwoModes(), D.Uniform(LOW, HIGH), [[0.0]]).mcmc(samples=60, warmup=60, seed=seed)
        right = (draws.samples > 0.0).mean(axis=(1, 2))
        assert abs(right.mean() - 0.5) < ALPHA_Z * 0.5 / np.sqrt(len(right))
        assert draws.rhat[0] > 1.1


def test_more_draws_are_tried_before_a_narrow_density_is_given_up():
    assert np.abs(starts(Window(0.005), D.Uniform(LOW, HIGH), 20, seed=0) - 0.1).max() < 0.005
    with pytest.raises(NoFiniteDensity, match=r"only [1-9]\d* of 50000 points .* 20 distinct") as caught:
        starts(Window(1e-4), D.Uniform(LOW, HIGH), 20, seed=0)
    assert 0 < caught.value.found < caught.value.needed == 20
    with pytest.raises(NoFiniteDensity, match="none of 50000"):
        starts(Window(0.0), D.Uniform(LOW, HIGH), 20, seed=0)


def two_hills(point):
    """Hills of height 1 at -2 and 2 at +2, minus infinity beyond 5."""
    heights, places = np.array([1.0, 2.0]), np.array([-2.0, 2.0])
    hills = heights * np.exp(-((point[0] - places) ** 2))
    value = hills.sum() if abs(point[0]) < 5.0 else -np.inf
    return np.asarray(value), np.array([(-2.0 * (point[0] - places) * hills).sum()])


def test_the_best_of_several_climbs_is_kept():
    value, point = climb(two_hills, np.array([[-2.5], [9.0], [1.5]]))
    assert point[0] == pytest.approx(2.0, abs=1e-4)
    assert value == pytest.approx(2.0, abs=1e-4)


def test_a_climb_stays_inside_its_bounds():
    value, point = climb(two_hills, np.array([[9.0]]), [(-3.0, 1.0)])
    assert point[0] == 1.0
    assert value == two_hills(point)[0]


def test_starts_without_a_finite_value_lead_nowhere():
    value, point = climb(two_hills, np.array([[7.0], [9.0]]))
    assert value == -np.inf
    assert point[0] == 7.0
