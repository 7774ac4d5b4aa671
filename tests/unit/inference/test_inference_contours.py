"""Contours of the profile likelihood and of Fisher matrices are the same ellipse where the likelihood is Gaussian."""

import numpy as np
import pytest
import torch
from closed_forms import GaussianLocation
from scipy.stats import chi2

import motherlode
from motherlode.inference import InferenceError, limits
from motherlode.inference.fisher import Information, fisher

COVARIANCE = torch.tensor([[1.0, 0.6, 0.3], [0.6, 2.0, -0.4], [0.3, -0.4, 0.5]], dtype=torch.float64)
BOX = {"a": (-9.0, 9.0), "b": (-12.0, 12.0), "c": (-7.0, 7.0)}


def statistic(line, covariance, centre):
    step = line - centre
    return np.einsum("ni,ij,nj->n", step, np.linalg.inv(covariance), step)


@pytest.mark.parametrize("level", [0.6827, 0.9545])
def test_the_traced_contour_is_the_ellipse_of_the_marginal_covariance(level):
    problem = limits(GaussianLocation(COVARIANCE), [[0.5, -1.0, 0.2]], BOX, interest=("a", "b"))
    line = problem.contour(level, points=12)
    exact = COVARIANCE[:2, :2].numpy()
    assert np.array_equal(line[0], line[-1])
    assert statistic(line, exact, [0.5, -1.0]) == pytest.approx(chi2.ppf(level, 2), rel=2e-3)


def test_a_contour_ends_at_the_bounds():
    problem = limits(GaussianLocation(COVARIANCE), [[0.5, -1.0, 0.2]], {**BOX, "a": (0.0, 1.0)}, interest=("a", "b"))
    line = problem.contour(points=16)
    assert (line[:, 0] >= 0.0).all()
    assert (line[:, 0] <= 1.0).all()
    assert np.isclose(line[:, 0], 1.0).any()


def test_a_maximum_in_a_corner_has_a_contour_too():
    class Plane:
        def log_prob(self, x, theta):
            return -0.5 * ((theta - x) ** 2).sum(-1)

    line = limits(Plane(), [[3.0, 3.0]], {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}).contour(points=16)
    assert line.max() == 1.0
    q = ((line - 3.0) ** 2).sum(axis=1) - 8.0
    inside = (line < 1.0).all(axis=1)
    assert q[inside] == pytest.approx(chi2.ppf(0.6827, 2), rel=1e-2)


def test_contours_of_other_than_two_parameters_are_refused():
    with pytest.raises(InferenceError, match="3 parameters of interest"):
        limits(GaussianLocation(COVARIANCE), [[0.5, -1.0, 0.2]], BOX).contour()


def test_fisher_and_profile_contours_agree():
    information = Information(np.linalg.inv(COVARIANCE.numpy()), np.zeros((3,) * 4), ("a", "b", "c"))
    ellipse = information.contour([0.5, -1.0, 0.2], ("a", "b"), 0.9, points=20)
    assert statistic(ellipse, COVARIANCE[:2, :2].numpy(), [0.5, -1.0]) == pytest.approx(chi2.ppf(0.9, 2))


def test_an_ensemble_of_estimators_gives_its_mean_and_its_spread():
    torch.manual_seed(0)
    members = [motherlode.RatioEstimator(2, (3,)).eval() for _ in range(3)]
    x = np.random.default_rng(0).normal(size=(500, 3))
    theta = np.zeros(2)
    together = fisher(motherlode.Ensemble(members), theta, x)
    apart = [fisher(member, theta, x).matrix for member in members]
    assert together.matrix == pytest.approx(np.mean(apart, axis=0))
    spread = np.cov(np.reshape(apart, (3, 4)), rowvar=False).reshape((2,) * 4)
    assert (np.einsum("ijij->ij", together.covariance - spread) > 0.0).all()
