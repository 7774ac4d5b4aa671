"""The zoom around a region: which box is scanned next, when to stop, and that the region found is the exact one."""

import numpy as np
import pytest
from scipy.stats import chi2

from motherlode.inference.frequentist import Grid, Region, finer_axes, zoom
from motherlode.inference.frequentist.zoom import next_box

LEVELS = (0.68, 0.95)


def gaussian(box, points, centre, sd):
    """Return Wilks' region of independent Gaussian errors on an even grid."""
    grid = Grid.over(box, points)
    statistic = (((grid.points - centre) / sd) ** 2).sum(axis=1)
    best = grid.points[int(statistic.argmin())]
    return Region(grid, chi2.sf(statistic, grid.points.shape[1]), statistic, "wilks", best)


def recorded(points, centre, sd):
    """Return a scan and the list of boxes it has been asked for."""
    asked = []

    def scan(box):
        asked.append(box)
        return gaussian(box, points, np.asarray(centre), sd)

    return scan, asked


def test_a_region_between_grid_points_leads_to_the_steps_around_the_best_fit():
    region = gaussian({"a": (-1.0, 1.0), "b": (0.0, 8.0)}, 9, np.array([0.1, 7.9]), 0.001)
    assert not region.contains(0.95).any()
    assert next_box(region, LEVELS) == {"a": (-0.25, 0.25), "b": (7.0, 8.0)}


def test_a_small_region_leads_to_its_hull_and_a_step_more():
    region = gaussian({"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, 41, np.array([0.0, 0.0]), 0.05)
    assert next_box(region, LEVELS) == {
        name: (pytest.approx(low - 0.05), pytest.approx(high + 0.05)) for name, (low, high) in region.hull(0.95).items()
    }


def test_a_region_that_fills_a_third_of_each_axis_is_not_scanned_again():
    assert next_box(gaussian({"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, 41, np.zeros(2), 0.2), LEVELS) is None


def test_one_parameter_is_scanned_again_until_five_points_lie_in_the_narrowest_region():
    wide = {"sd": 0.3, "centre": np.zeros(1)}
    assert next_box(gaussian({"a": (-1.0, 1.0)}, 9, **wide), LEVELS) is not None
    assert next_box(gaussian({"a": (-1.0, 1.0)}, 41, **wide), LEVELS) is None


def test_a_box_as_wide_as_the_grid_is_not_scanned_again():
    assert next_box(gaussian({"a": (-1.0, 1.0)}, 4, np.zeros(1), 0.5), LEVELS) is None


def test_zooming_finds_the_exact_region():
    """From a grid whose steps are 50 times the error, the hull ends within one step of the last grid."""
    centre, sd = (0.2, -0.4), 0.005
    scan, asked = recorded(9, centre, sd)
    region = zoom(scan, {"a": (-1.0, 1.0), "b": (-1.0, 1.0)}, LEVELS)
    exact = np.sqrt(chi2.ppf(0.95, 2)) * sd
    steps = [axis[1] - axis[0] for axis in region.grid.axes.values()]
    for (low, high), middle, step in zip(region.hull(0.95).values(), centre, steps, strict=True):
        assert 0.0 <= low - (middle - exact) <= step
        assert 0.0 <= middle + exact - high <= step
    assert len(asked) > 2


def test_no_more_scans_than_asked():
    scan, asked = recorded(3, (0.2,), 1e-9)
    zoom(scan, {"a": (-1.0, 1.0)}, LEVELS, times=2)
    assert len(asked) == 3
    scan, asked = recorded(3, (0.2,), 1e-9)
    zoom(scan, {"a": (-1.0, 1.0)}, LEVELS, times=0)
    assert asked == [{"a": (-1.0, 1.0)}]


def test_finer_axes_keep_the_first_grid():
    axes = finer_axes({"a": (0.0, 1.0)}, {"a": (0.4, 0.6)}, 6)
    assert set(np.linspace(0.0, 1.0, 6)) <= set(axes["a"])
    assert ((axes["a"] >= 0.4) & (axes["a"] <= 0.6)).sum() >= 6
    assert (np.diff(axes["a"]) > 0.0).all()
