"""Coverage by toys: regions hold the truth as often as they promise, even with a bad estimator."""

import numpy as np
import pytest
import torch
from test_inference_limits import Galton, Gaussian

from motherlode.diagnostics import coverage
from motherlode.inference import Shift, limits

X = np.zeros((3, 1))


class Bad(Gaussian):
    """A deliberately wrong likelihood: too wide, shifted and bent."""

    def log_prob(self, x, theta):
        mean = 0.7 * theta.sum(-1) + 0.3 + 0.2 * torch.sin(3.0 * theta.sum(-1))
        return torch.distributions.Normal(mean, 2.0).log_prob(x[..., 0])


def test_both_constructions_cover_in_the_gaussian_limit():
    result = coverage(limits(Gaussian(), X, {"mean": (-4.0, 4.0)}), Gaussian(), [0.5], points=161, seed=1)
    assert (np.abs(result.z("neyman")) < 4.0).all(), result.verdict()
    assert (np.abs(result.z("wilks")) < 5.0).all(), result.verdict()
    assert "as promised" in result.verdict()


def test_a_bad_estimator_breaks_wilks_but_not_toys():
    result = coverage(limits(Bad(), X, {"mean": (-4.0, 4.0)}), Gaussian(), [1.0], points=81, seed=2)
    assert (np.abs(result.z("neyman")) < 4.0).all(), result.verdict()
    assert np.abs(result.z("wilks")).max() > 20.0
    assert "wilks" in result.verdict()
    assert "overcovers" in result.verdict()


def test_intervals_that_are_too_short_are_named():
    class Narrow(Gaussian):
        def log_prob(self, x, theta):
            return 4.0 * super().log_prob(x, theta)

    result = coverage(limits(Narrow(), X, {"mean": (-4.0, 4.0)}), Gaussian(), [1.0], experiments=2000, points=81)
    assert not result.ok
    assert "experiments: wilks undercovers" in result.verdict()
    assert (np.abs(result.z("neyman")) < 4.0).all(), result.verdict()


def test_discrete_data_cover_at_least_what_is_promised():
    result = coverage(limits(Galton(), X + 12.0, {"theta": (-1.0, -0.4)}), Galton(), [-0.8], points=13, seed=3)
    assert (result.z("neyman") > -4.0).all(), result.verdict()


@pytest.mark.parametrize(
    ("experiments", "offset"),
    [(1000, 0.5), *(pytest.param(10_000, o, marks=pytest.mark.slow) for o in (0.0, 0.5, 1.5))],
)
def test_profiled_nuisances_are_measured_and_printed(experiments, offset):
    """In the Gaussian limit profiling covers; toys at the fitted nuisance are not guaranteed to, so it is measured."""
    problem = limits(Gaussian(), X, {"mean": (-4.0, 4.0)}, constraints={"offset": Shift(0.0, 0.5, {"mean": 1.0})})
    points = {"mean": 33, "offset": 21}
    result = coverage(problem, Gaussian(), [0.0, offset], experiments=experiments, points=points, seed=4, nodes=4)
    print(result.verdict())
    assert result.theta.tolist() == pytest.approx([0.0, offset])
    assert (np.abs(result.z("neyman")) < 4.0).all(), result.verdict()
    assert result.experiments == experiments
