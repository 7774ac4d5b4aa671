"""Histograms of summaries and of optimal observables, and ABC, beside the likelihood they stand in for."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z
from scipy.stats import norm, truncnorm
from test_inference_information import Linear
from test_inference_limits import Galton, Gaussian, X

from motherlode.inference import Baselines, Constraint, InferenceError, limits
from motherlode.inference.histograms import HistogramLikelihood, SallinoRatio

BOX = {"a": (-0.5, 0.5), "b": (-0.5, 0.5)}


class Simulated(Linear):
    def simulate(self, theta, seed, first=0):
        return theta @ self.mixing.numpy().T + np.random.default_rng([seed, first]).normal(size=(len(theta), 3))


class Score:
    """The exact score at θ = 0, t(x) = Aᵀx: a sufficient statistic of the linear Gaussian."""

    reference_point = torch.zeros(2, dtype=torch.float64)

    def score(self, x):
        return x @ Linear.mixing


def test_sallino_keeps_nearly_all_information_in_one_histogram():
    model, theta = Simulated(), np.array([0.5, -0.25])
    made = SallinoRatio(
        lambda x: x @ model.mixing.numpy(), [0.0, 0.0], model, BOX, points=5, bins=40, events=20_000, seed=1
    )
    x = torch.from_numpy(model.simulate(np.tile(theta, (40_000, 1)), 9))
    at = torch.from_numpy(theta).expand(len(x), 2)
    exact = model.log_prob(x, at) - model.log_prob(x, torch.zeros_like(at))
    ours = made.log_ratio(at, x)
    assert 0.9 * float(exact.mean()) < float(ours.mean()) < float(exact.mean())
    assert float(made.log_ratio(torch.zeros_like(at), x).abs().max()) < 1e-12


def test_sallino_in_one_dimension_is_the_ratio_of_the_score():
    """In bins of equal content of N(θ, 1) and N(0, 1) together, counts are binomial and edges are quantiles."""
    bins, events = 40, 40_000
    made = SallinoRatio(lambda x: x, [0.0], Gaussian(), {"mean": (-1.0, 1.0)}, points=3, bins=bins, events=events)
    shares, fine = np.arange(4, 37) / bins, np.linspace(-6.0, 6.0, 100_001)
    for theta in (-1.0, 1.0):
        edges = np.interp(shares, mixture(norm.cdf, fine, theta), fine)
        moved, still = (np.diff(norm.cdf(edges - mean)) for mean in (theta, 0.0))
        x = torch.from_numpy(0.5 * (edges[1:] + edges[:-1])).unsqueeze(1)
        ours = made.log_ratio(torch.full((len(x), 1), theta, dtype=torch.float64), x).numpy()
        of_edges = np.sqrt(shares * (1.0 - shares) / (2 * events)) / mixture(norm.pdf, edges, theta)
        error = np.sqrt(1.0 / (events * moved) + 1.0 / (events * still) + of_edges[1:] ** 2)
        assert (np.abs(ours - np.log(moved / still)) < ALPHA_Z * error).all()


def mixture(function, x, theta):
    return 0.5 * (function(x - theta) + function(x))


def test_many_equal_events_are_no_constant_statistic():
    made = HistogramLikelihood(lambda x: x, Gaussian(), {"mean": (-1.0, 1.0)}, points=3, events=500)
    values = made.log_prob(torch.zeros(2000, 1).double(), torch.zeros(2000, 1).double())
    assert torch.isfinite(values).all()


@pytest.mark.parametrize("method", ["wilks", "neyman"])
def test_one_call_compares_with_the_baselines(method):
    x = [[9.0], [12.0], [20.0], [15.0], [14.0]]
    events = 40_000
    settings = Baselines(nodes=9, bins=30, events=events, simulations=20_000, keep=400)
    found = limits(Galton(), x, {"theta": (-1.0, -0.4)}).compare(
        Galton(), points=13, method=method, toys=200, baselines=settings
    )
    assert list(found) == ["learned", "histogram", "ABC"]
    assert found["learned"].method == method
    p = Galton().table(torch.linspace(-1.0, -0.4, 50).double())[:, [int(row[0]) for row in x]].numpy()
    error = 2.0 * np.sqrt(2.0 * (1.0 / (events * p)).max(axis=0).sum())
    assert np.abs(found["learned"].statistic - found["histogram"].statistic).max() < 4.0 * error
    assert all(np.array_equal(region.grid.points, found["learned"].grid.points) for region in found.values())


def test_optimal_observables_join_the_comparison_and_agree_where_they_are_sufficient():
    model = Simulated()
    x = model.simulate(np.tile([0.1, -0.1], (20, 1)), 3)
    settings = Baselines(lambda x: x[:, :1], Score(), nodes=5, bins=12, events=40_000, simulations=0)
    found = limits(model, x, BOX).compare(model, points=21, baselines=settings)
    assert list(found) == ["learned", "histogram", "SALLY", "SALLINO"]
    area = {label: int(region.contains(0.95).sum()) for label, region in found.items()}
    assert area["histogram"] > 1.5 * area["learned"]
    for label in ("SALLY", "SALLINO"):
        assert 0.8 < area[label] / area["learned"] < 1.25, label
        assert np.linalg.norm(found[label].best - found["learned"].best) < 0.15


def abc_interval(variance, simulations, keep, box=7.0):
    """Return centre and width of the 68.27 % interval of a centred normal, as ABC smooths it, and their errors.

    The window of kept means and the kernel of Scott's rule add to the variance; the ends are quantiles of the draws.
    """
    sd = np.sqrt((variance + (box * keep / simulations) ** 2 / 12.0) * (1.0 + keep**-0.4))
    tail = norm.sf(1.0)
    end, correlation = sd * np.sqrt(tail * (1.0 - tail) / keep) / norm.pdf(1.0), tail / (1.0 - tail)
    return (0.0, 2.0 * sd), (end * np.sqrt((1.0 + correlation) / 2.0), end * np.sqrt(2.0 * (1.0 - correlation)))


def test_abc_of_a_gaussian_mean_gives_the_credible_interval():
    settings = Baselines(simulations=40_000, keep=2000)
    found = limits(Gaussian(), X, {"mean": (-3.0, 4.0)}).compare(Gaussian(), points=141, baselines=settings)
    (centre, width), (centre_error, width_error) = abc_interval(0.25, 40_000, 2000)
    low, high = found["ABC"].interval(0.6827)
    assert abs((low + high) / 2 - X.mean() - centre) < ALPHA_Z * centre_error
    assert abs(high - low - width) < ALPHA_Z * width_error


def test_abc_stays_inside_the_bounds_of_a_constrained_nuisance():
    class Walled(Gaussian):
        def simulate(self, theta, seed, first=0):
            assert (theta[:, 1] >= -0.5).all()
            assert (theta[:, 1] <= 0.5).all()
            return super().simulate(theta, seed, first)

    problem = limits(
        Gaussian(), X, {"mean": (-3.0, 4.0), "offset": (-0.5, 0.5)}, constraints={"offset": Constraint(0.2, 0.4)}
    )
    settings = Baselines(nodes=3, events=2000, simulations=20_000, keep=1000)
    region = problem.compare(Walled(), points=41, baselines=settings)["ABC"]
    low, high = region.interval(0.6827)
    inside = truncnorm((-0.5 - 0.2) / 0.4, (0.5 - 0.2) / 0.4, loc=0.2, scale=0.4)
    (centre, width), (centre_error, width_error) = abc_interval(0.25 + inside.var(), 20_000, 1000)
    assert abs((low + high) / 2 - X.mean() + inside.mean() - centre) < ALPHA_Z * centre_error
    assert abs(high - low - width) < ALPHA_Z * width_error


def test_wide_events_need_a_summary_of_ones_own():
    with pytest.raises(InferenceError, match="Pass summary="):
        limits(Simulated(), np.zeros((2, 3)), BOX).compare(Simulated(), points=3)
