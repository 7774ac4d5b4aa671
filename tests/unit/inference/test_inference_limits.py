"""Fits and confidence regions against closed forms: Gaussian, bounded Gaussian, counting, Galton."""

import numpy as np
import pytest
import torch
from closed_forms import ALPHA_Z, GaltonExact
from scipy.stats import chi2, norm, poisson

from motherlode import Law
from motherlode.inference import Constraint, InferenceError, Rate, Region, UnusableObservation, limits
from motherlode.inference.frequentist import rank_p_value
from motherlode.inference.frequentist.grids import Grid

D = torch.distributions


class Gaussian:
    """x ~ N(sum of θ, 1), as likelihood and as simulator."""

    def log_prob(self, x, theta):
        return D.Normal(theta.sum(-1), 1.0).log_prob(x[..., 0])

    def simulate(self, theta, seed, first=0):
        return theta.sum(axis=1, keepdims=True) + np.random.default_rng([seed, first]).normal(size=(len(theta), 1))


class Galton(GaltonExact):
    def simulate(self, theta, seed, first=0):
        distinct, rows = np.unique(theta[:, 0], return_inverse=True)
        edges = np.cumsum(self.table(torch.from_numpy(distinct)).numpy(), axis=1)
        u = np.random.default_rng([seed, first]).random((len(theta), 1))
        return (u > edges[rows]).sum(axis=1, keepdims=True).astype(float)


X = np.array([[0.3], [1.1], [0.7], [0.2]])


def test_maximum_and_error_of_a_gaussian_mean():
    found = limits(Gaussian(), X, {"mean": (-5.0, 5.0)}).mle()
    assert found.theta[0] == pytest.approx(X.mean(), abs=1e-5)
    assert found.errors[0] == pytest.approx(0.5, abs=1e-6)


def test_a_maximum_on_a_bound_has_no_error():
    found = limits(Gaussian(), X, {"mean": (1.0, 5.0)}).mle()
    assert found.theta[0] == 1.0
    assert np.isnan(found.errors[0])


@pytest.mark.parametrize("level", [0.6827, 0.9545])
def test_wilks_interval_of_a_gaussian_mean(level):
    region = limits(Gaussian(), X, {"mean": (-2.0, 3.0)}).wilks(points=201)
    half = 0.5 * norm.isf((1.0 - level) / 2.0)
    assert region.interval(level) == pytest.approx((X.mean() - half, X.mean() + half), abs=2e-3)


def test_constrained_nuisance_widens_the_interval_by_its_variance():
    problem = limits(
        Gaussian(), X, {"mean": (-3.0, 4.0), "shift": (-3.0, 3.0)}, constraints={"shift": Constraint(0.2, 0.4)}
    )
    assert problem.interest == ("mean",)
    half = np.sqrt(0.25 + 0.16)
    assert problem.wilks(points=71).interval(0.6827) == pytest.approx(
        (X.mean() - 0.2 - half, X.mean() - 0.2 + half), abs=0.01
    )
    assert problem.mle().errors == pytest.approx([half, 0.4], abs=1e-4)


def test_two_parameters_of_interest_use_two_degrees_of_freedom():
    class Plane:
        def log_prob(self, x, theta):
            return D.Normal(theta, 1.0).log_prob(x).sum(-1)

    region = limits(Plane(), [[0.0, 0.0]], {"a": (-4.0, 4.0), "b": (-4.0, 4.0)}).wilks(points=21)
    assert np.allclose(region.p_value, np.exp(-0.5 * (region.grid.points**2).sum(axis=1)), atol=1e-6)
    with pytest.raises(ValueError, match="contains"):
        region.intervals(0.68)


def test_feldman_cousins_interval_at_a_physical_bound():
    """The p-value at the ends of their table, rounded to 0.01, is 0.1."""
    for x, expected in ((0.0, (0.0, 1.64)), (3.0, (1.37, 4.64)), (-1.0, (0.0, 0.81))):
        problem = limits(Gaussian(), [[x]], {"mean": (0.0, 7.0)})
        region = problem.neyman(Gaussian(), points=71, toys=4000, level=0.9, seed=1)
        p_value = np.interp(expected, region.grid.points[:, 0], region.p_value)
        ends = np.array(expected) > 0.0
        assert (np.abs(p_value - 0.1)[ends] < ALPHA_Z * np.sqrt(0.1 * 0.9 / 4000) + 0.002).all(), x
        assert (region.interval(0.9)[0] == 0.0) == (expected[0] == 0.0)


def test_neyman_p_values_on_galton_equal_enumeration():
    exact = Galton()
    problem = limits(exact, [[9.0]], {"theta": (-1.0, -0.4)})
    region = problem.neyman(exact, points=7, toys=2000, level=0.0, seed=3)
    grid = torch.from_numpy(region.grid.points[:, 0])
    table = exact.table(grid)[:, 5:26]
    statistic = 2.0 * (table.log().max(dim=0).values - table.log())
    for g in range(7):
        worse = statistic[g] >= statistic[g, 9 - 5] - 1e-9
        p = float(table[g][worse].sum())
        seen = region.p_value[g] * 2001 - 1
        assert abs(seen - 2000 * p) < 4.0 * np.sqrt(2000 * p * (1 - p)) + 1.0


def test_toys_stop_early_without_changing_any_decision():
    problem = limits(Gaussian(), X, {"mean": (-1.0, 2.0)})
    whole = problem.neyman(Gaussian(), points=13, toys=800, level=0.0, seed=2)
    early = problem.neyman(Gaussian(), points=13, toys=800, level=0.68, seed=2)
    assert (whole.info["toys"] == 800).all()
    assert (early.info["toys"][whole.p_value > 0.6] < 800).all()
    assert early.info["toys"].min() < 400
    for level in (0.68, 0.95, 0.99):
        assert np.array_equal(whole.contains(level), early.contains(level))


def test_a_box_is_tested_against_the_whole_grid():
    problem = limits(Gaussian(), X, {"mean": (-1.0, 2.0)})
    whole = problem.neyman(Gaussian(), points=13, toys=300, seed=2)
    part = problem.neyman(Gaussian(), points=13, toys=300, seed=2, within={"mean": (0.2, 1.3)})
    kept = whole.grid.within({"mean": (0.2, 1.3)})
    assert part.grid.points.tolist() == whole.grid.points[kept].tolist()
    assert np.array_equal(part.p_value, whole.p_value[kept])
    assert np.array_equal(part.statistic, whole.statistic[kept])


def test_grids_take_values_too():
    grid = Grid.over({"a": (0.0, 1.0), "b": (0.0, 2.0)}, {"a": np.array([0.0, 0.1, 1.0]), "b": 2})
    assert grid.points.tolist() == [[0.0, 0.0], [0.0, 2.0], [0.1, 0.0], [0.1, 2.0], [1.0, 0.0], [1.0, 2.0]]
    box = {"a": (0.05, 1.0)}
    assert grid.cut(box).points.tolist() == grid.points[grid.within(box)].tolist()
    assert len(grid.cut(box)) == 4


def test_a_pool_shared_by_toys_gives_the_same_p_values_within_error():
    problem = limits(Gaussian(), X, {"mean": (-1.0, 2.0)})
    region = problem.neyman(Gaussian(), points=61, toys=1000, level=0.0, seed=2, pool=2000)
    q = 4.0 * (X.mean() - region.grid.points[:, 0]) ** 2
    exact, of_grid = chi2.sf(q, 1), 4.0 * (0.5 * 0.05) ** 2 * chi2.pdf(q, 1)
    of_pool = 2.0 * np.sqrt(q) * norm.pdf(np.sqrt(q)) / np.sqrt(2.0 * 2000)
    error = np.hypot(np.sqrt(exact * (1.0 - exact) / 1000), of_pool)
    assert (np.abs(region.p_value - exact) < ALPHA_Z * error + of_grid + 1e-3).all()


def cls_limit(n, background, grid, toys, level=0.95):
    """Return the limit on a strength, interpolated on a grid as ours is, and its standard error by so many toys."""
    both, alone = poisson.cdf(n, background + grid), poisson.cdf(n, background)
    last = int(np.flatnonzero(both / alone > 1.0 - level)[-1])
    slope = (both[last] - both[last + 1]) / alone / (grid[last + 1] - grid[last])
    limit = grid[last] + (both[last] / alone - (1.0 - level)) / slope
    relative = np.sqrt((1.0 / ((1.0 - level) * alone) - 1.0 + 1.0 / alone - 1.0) / toys)
    return limit, (1.0 - level) * relative / slope


@pytest.mark.parametrize(("n", "background"), [(0, 2.0), (3, 3.0), (8, 4.0)])
def test_cls_limit_of_a_counting_experiment(n, background):
    rate = Rate(lambda theta: background + theta[..., 0], 1.0)
    problem = limits(Gaussian(), np.zeros((n, 1)), {"mu": (0.0, 20.0)}, rate=rate, mode="rate")

    toys = 40_000
    exact, error = cls_limit(n, background, np.linspace(0.0, 20.0, 41), toys)
    found = problem.cls(Gaussian(), points=41, toys=toys, seed=1)
    assert abs(found.observed - exact) < ALPHA_Z * error
    assert (np.diff(found.expected) >= 0).all()


def test_cls_refuses_what_it_is_not_defined_for():
    with pytest.raises(InferenceError, match="begin at -1"):
        limits(Gaussian(), X, {"mu": (-1.0, 1.0)}).cls(Gaussian())
    with pytest.raises(InferenceError, match="2 parameters"):
        limits(Gaussian(), X, {"a": (0.0, 1.0), "b": (0.0, 1.0)}).cls(Gaussian())


def test_rate_and_shape_combine():
    theta = np.linspace(0.0, 4.0, 9)[:, None]
    rate = Rate.fit(theta, 1.0 + 2.0 * theta[:, 0] + 0.5 * theta[:, 0] ** 2, luminosity=10.0)
    at = torch.tensor([[1.0], [2.5]], dtype=torch.float64)
    assert rate.expected(at).tolist() == pytest.approx([35.0, 91.25])
    linear = Rate(lambda point: point[..., 0], 20.0)
    counted = limits(Gaussian(), np.zeros((30, 1)), {"mean": (0.1, 5.0)}, rate=linear, mode="rate").mle()
    assert counted.theta[0] == pytest.approx(1.5, abs=1e-4)
    assert counted.errors[0] == pytest.approx(np.sqrt(30.0) / 20.0, rel=1e-3)
    both = limits(Gaussian(), np.full((30, 1), 1.5), {"mean": (0.1, 5.0)}, rate=linear).mle()
    assert both.errors[0] == pytest.approx((30.0 + 20.0**2 / 30.0) ** -0.5, rel=1e-3)


def test_asimov_region_is_centred_on_the_truth_with_the_expected_width():
    problem = limits(Gaussian(), X, {"mean": (-2.0, 3.0)})
    half = 0.5 * norm.isf((1.0 - 0.6827) / 2.0)
    interval = problem.asimov(Gaussian(), [0.5], points=101).interval(0.6827)
    assert interval == pytest.approx((0.5 - half, 0.5 + half), rel=1e-6)


def test_credible_region_of_a_flat_prior_equals_wilks_for_a_gaussian():
    problem = limits(Gaussian(), X, {"mean": (-3.0, 4.0)})
    credible = problem.credible(D.Uniform(-3.0, 4.0), points=401).interval(0.6827)
    assert credible == pytest.approx((X.mean() - 0.5, X.mean() + 0.5), abs=0.02)


def test_rank_p_values_count_the_observation_and_ties():
    assert rank_p_value(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 4.0])).tolist() == [1.0, 0.75, 0.25]


def test_disconnected_intervals_are_kept_apart():
    axis = np.linspace(-2.0, 2.0, 401)
    region = Region(Grid({"a": axis}), np.abs(axis) / 2.0, axis, "test", np.zeros(1))
    assert region.intervals(0.5) == [pytest.approx((-2.0, -1.0)), pytest.approx((1.0, 2.0))]
    assert region.interval(0.5) == pytest.approx((-2.0, 2.0))


def test_the_hull_of_a_region_ends_one_step_beyond_its_points_and_never_outside_the_grid():
    grid = Grid({"a": np.arange(5.0), "b": np.arange(4.0)})
    p_value = np.zeros(grid.shape)
    p_value[1, 0] = p_value[2, 1] = 0.5
    region = Region(grid, p_value.ravel(), p_value.ravel(), "test", np.zeros(2))
    assert region.hull(0.9) == {"a": (1.0, 2.0), "b": (0.0, 1.0)}
    assert region.hull(0.9, margin=1) == {"a": (0.0, 3.0), "b": (0.0, 2.0)}
    with pytest.raises(ValueError, match="no grid point belongs to the 10% region"):
        region.hull(0.1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bounds": {"mean": (1.0, 1.0)}}, "cannot be read as low < high"),
        ({"constraints": {"scale": Constraint(0.0, 1.0)}}, "name no parameter"),
        ({"interest": ("sigma",)}, "not among"),
        ({"mode": "rate"}, "without a rate"),
    ],
)
def test_contradictory_settings_are_refused(changes, message):
    settings = {"bounds": {"mean": (-1.0, 1.0)}, **changes}
    with pytest.raises(InferenceError, match=message):
        limits(Gaussian(), X, settings.pop("bounds"), **settings)


@pytest.mark.parametrize("bounds", ["mean=-1:1", Law.of("mean=-1:1"), {"mean": {"truncated_normal": [0, 1, -1, 1]}}])
def test_bounds_are_the_ends_of_any_law(bounds):
    assert limits(Gaussian(), X, bounds).experiment.box == {"mean": (-1.0, 1.0)}


@pytest.mark.parametrize("law", [{"normal": [0, 1]}, {"delta": 0.5}, {"exponential": 1.0}])
def test_a_law_without_two_ends_is_no_bounds(law):
    with pytest.raises(InferenceError, match="the law of mean has not two ends"):
        limits(Gaussian(), X, {"mean": law})


def test_no_events_are_an_observation_only_where_they_are_counted():
    with pytest.raises(UnusableObservation):
        limits(Gaussian(), np.zeros((0, 1)), {"mean": (-1.0, 1.0)})


def test_toys_that_are_not_finite_stop_the_construction():
    class Broken(Gaussian):
        def simulate(self, theta, seed, first=0):
            return np.full((len(theta), 1), np.nan)

    with pytest.raises(InferenceError, match="bias the coverage"):
        limits(Gaussian(), X, {"mean": (-1.0, 1.0)}).neyman(Broken(), points=3, toys=10)


def test_impacts_of_a_degenerate_shift_are_its_own_size():
    problem = limits(
        Gaussian(), X, {"mean": (-4.0, 4.0), "shift": (-3.0, 3.0)}, constraints={"shift": Constraint(0.2, 0.4)}
    )
    found = problem.impacts()
    assert found.pulls == pytest.approx([0.0], abs=1e-3)
    assert found.pull_errors == pytest.approx([1.0], abs=1e-3)
    assert found.impacts[0] == pytest.approx([0.4, -0.4], abs=1e-3)
