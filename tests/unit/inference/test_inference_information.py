"""Fisher information, histograms, ABC and expected information gain against closed forms."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, GaltonExact
from test_inference_limits import Galton, Gaussian

from motherlode.design import information_gain, next_design
from motherlode.inference import InferenceError, Rate, limits
from motherlode.inference.abc import abc
from motherlode.inference.fisher import distance, fisher, histogram_information, rate_information, scores_of
from motherlode.inference.frequentist.grids import Chebyshev
from motherlode.inference.histograms import HistogramLikelihood

D = torch.distributions


class Linear:
    """x ~ N(A θ, 1) in three observables and two parameters: I = AᵀA."""

    mixing = torch.tensor([[1.0, 0.5], [0.0, 1.0], [2.0, -1.0]], dtype=torch.float64)

    def log_prob(self, x, theta):
        return D.Normal(theta @ self.mixing.T, 1.0).log_prob(x).sum(-1)

    def sample(self, theta, n, seed):
        return theta @ self.mixing.numpy().T + np.random.default_rng(seed).normal(size=(n, 3))


def test_information_of_a_linear_gaussian():
    model, theta = Linear(), np.array([0.3, -0.2])
    information = fisher(model, theta, model.sample(theta, 20_000, 0), events=10.0, names=("a", "b"))
    exact = 10.0 * (model.mixing.T @ model.mixing).numpy()
    inverse = np.linalg.inv(exact)

    def error(*vectors):
        """Standard errors of vᵀ I v, to first order."""
        return np.sqrt([np.einsum("i,j,k,l,ijkl", v, v, v, v, information.covariance) for v in np.array(vectors)])

    assert (np.abs(information.matrix - exact) < ALPHA_Z * information.errors).all()
    profiled, slope = information.profiled(("a",))[0, 0], [1.0, -exact[0, 1] / exact[1, 1]]
    assert abs(profiled - 1.0 / inverse[0, 0]) < ALPHA_Z * error(slope)[0]
    bounds = np.sqrt(np.diag(inverse))
    assert (np.abs(information.bounds() - bounds) < ALPHA_Z * error(*inverse) / (2.0 * bounds)).all()
    distance = information.squared_distance([[0.4, -0.2]], theta)[0]
    assert abs(distance - 0.01 * exact[0, 0]) < ALPHA_Z * error([0.1, 0.0])[0]


def test_information_of_the_galton_board_is_that_of_x_not_of_its_path():
    exact = GaltonExact()
    x = exact.sample(-0.8, 20_000, seed=0).numpy()
    p = exact.table(torch.tensor(-0.8, dtype=torch.float64))[5:26]
    t = scores_of(exact, [-0.8], np.arange(5.0, 26.0)[:, None])[:, 0]
    truth = float(p.numpy() @ t**2)
    assert truth == pytest.approx(1.41, abs=0.01)
    information = fisher(exact, [-0.8], x)
    assert abs(information.matrix[0, 0] - truth) < ALPHA_Z * information.errors[0, 0]


def test_an_ensembles_spread_enters_the_error():
    class Scaled(Linear):
        def __init__(self, factor):
            self.factor = factor

        def log_prob(self, x, theta):
            return self.factor * super().log_prob(x, theta)

    theta = np.zeros(2)
    x = Linear().sample(theta, 4000, 0)
    one, many = fisher(Linear(), theta, x), fisher([Scaled(f) for f in (0.9, 1.0, 1.1)], theta, x)
    assert (many.errors > 2.0 * one.errors).any()


def test_rate_and_histogram_information():
    rate = Rate(lambda theta: 1.0 + theta[..., 0] ** 2, 100.0)
    assert rate_information(rate, [2.0], ("a",)).matrix[0, 0] == pytest.approx(100.0 * 16.0 / 5.0)
    x = np.random.default_rng(0).normal(size=50_000)
    fine = histogram_information(x, x[:, None], np.linspace(-4, 4, 81), 1.0, ("mean",))
    lost = 0.1**2 / 12.0
    assert abs(fine.matrix[0, 0] - 1.0 + lost) < ALPHA_Z * np.sqrt(2.0 / len(x))
    two = histogram_information(x, x[:, None], np.array([-9.0, 0.0, 9.0]), 3.0, ("mean",))
    mean, variance = np.sqrt(2.0 / np.pi), 1.0 - 2.0 / np.pi
    assert abs(two.matrix[0, 0] - 3.0 * mean**2) < ALPHA_Z * 6.0 * mean * np.sqrt(variance / len(x))


def test_information_distance_on_the_half_plane_of_normals():
    def metric(point):
        return np.diag([1.0, 2.0]) / point[1] ** 2

    length, path = distance(metric, [0.0, 1.0], [0.0, np.e], segments=40)
    assert length == pytest.approx(np.sqrt(2.0), rel=1e-3)
    bent, curve = distance(metric, [-1.0, 1.0], [1.0, 1.0], segments=30)
    exact = np.sqrt(2.0) * np.arccosh(1.0 + (2.0**2 / 2.0) / 2.0)
    assert bent == pytest.approx(exact, rel=5e-3)
    assert curve[15, 1] > 1.1
    assert path.shape == (41, 2)


def test_histograms_of_the_observable_recover_the_likelihood():
    """Counts at the nodes are binomial; the polynomial weighs their logarithms, and is off by 0.01 at most itself."""
    bounds, events = {"theta": (-1.0, -0.4)}, 20_000
    baseline = HistogramLikelihood(lambda x: x[:, 0], Galton(), bounds, points=7, bins=40, events=events)
    between, bins = Chebyshev(bounds, 7), torch.arange(8, 23)
    p = GaltonExact().table(torch.from_numpy(between.grid.points[:, 0]))
    variance = (1.0 - p) / (events * p)
    x = bins.double().unsqueeze(1)
    for theta in (-0.9, -0.75):
        at = torch.full((15, 1), theta, dtype=torch.float64)
        error = (between.weights(at[:1]).square() @ variance[:, bins]).sqrt()[0]
        off = (baseline.log_prob(x, at) - GaltonExact().log_prob(x, at)).abs()
        assert (off < ALPHA_Z * error + 0.01).all()
    region = limits(baseline, [[9.0], [12.0], [20.0]], bounds).wilks(points=13)
    other = limits(Galton(), [[9.0], [12.0], [20.0]], bounds).wilks(points=13)
    weights = between.weights(torch.from_numpy(region.grid.points))
    steps = (weights[:, None] - weights).square() @ variance[:, [9, 12, 20]].sum(dim=1)
    error = 2.0 * steps.max(dim=1).values.sqrt().numpy()
    assert (np.abs(region.statistic - other.statistic) < ALPHA_Z * error).all()


def test_a_constant_statistic_is_refused():
    with pytest.raises(InferenceError, match="constant"):
        HistogramLikelihood(lambda x: 0.0 * x[:, 0], Gaussian(), {"mean": (-1.0, 1.0)}, points=3)


@pytest.mark.parametrize("adjust", [False, True])
def test_abc_of_a_gaussian_mean(adjust):
    x = np.full((4, 1), 0.8)
    result = abc(Gaussian(), D.Normal(torch.zeros(1).double(), 1.0), x, simulations=60_000, keep=600, adjust=adjust)
    mean, sd = 0.8 * 4 / 5, 5**-0.5
    assert abs(result.mean[0] - mean) < ALPHA_Z * sd / np.sqrt(600)
    assert abs(result.sd[0] - sd) < ALPHA_Z * sd / np.sqrt(1200)
    assert result.findings() == []


def test_information_gain_of_a_gaussian_mean():
    gain = information_gain(Gaussian(), Gaussian(), D.Normal(torch.zeros(1).double(), 1.0), events=3, seed=1)
    exact = 0.5 * np.log(1.0 + 3.0)
    assert gain.lower - ALPHA_Z * gain.error < exact < gain.upper + ALPHA_Z * gain.error
    assert gain.upper - gain.lower < 0.1


def test_the_next_design_is_the_quietest():
    """All designs see the same draws, so that the estimated gain depends on the noise alone, as the exact one does."""

    class Instrument(Gaussian):
        def __init__(self, phi):
            self.sd = 2.0 + np.cos(phi)

        def log_prob(self, x, theta):
            return D.Normal(theta[..., 0], self.sd).log_prob(x[..., 0])

        def simulate(self, theta, seed, first=0):
            return theta + self.sd * np.random.default_rng([seed, first]).normal(size=theta.shape)

    def gain(phi):
        return information_gain(Instrument(phi), Instrument(phi), D.Uniform(-2.0, 2.0), 300, 300)

    best, scan = next_design(gain, (0.0, 6.0))
    assert best == pytest.approx(np.pi, abs=1e-4)
    assert len(scan) == 9
