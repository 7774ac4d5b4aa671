"""Figures of limits and diagnostics show the numbers of their results."""

import numpy as np
import pytest
from scipy.stats import chi2

from motherlode import plots
from motherlode.diagnostics import Calibration, Coverage, Expectation, PredictiveCheck, RangeCheck, Separation
from motherlode.inference import Region
from motherlode.inference.fisher import Information
from motherlode.inference.frequentist import Grid, UpperLimit
from motherlode.inference.frequentist.fit import Impacts


def region(*names):
    grid = Grid({name: np.linspace(-3.0, 3.0, 31) for name in names})
    q = (grid.points**2).sum(axis=1)
    return Region(grid, np.exp(-0.5 * q), q, "wilks", np.zeros(len(names)))


def labels(figure):
    return [text.get_text() for ax in figure.axes if ax.get_legend() for text in ax.get_legend().get_texts()]


def test_one_parameter_shows_curve_and_intervals(tmp_path):
    figure = plots.plot_region({"Wilks": region("a"), "again": region("a")}, truth=[0.5])
    curve = figure.axes[0].get_lines()[0]
    assert np.array_equal(curve.get_ydata(), region("a").p_value)
    assert labels(figure) == ["Wilks", "again", "truth"]
    plots.save(figure, tmp_path / "one.png")


def test_two_parameters_show_contours_and_three_are_refused(tmp_path):
    figure = plots.plot_region(region("a", "b"), truth=[0.0, 0.0])
    assert figure.axes[0].get_xlabel() == "a"
    plots.save(figure, tmp_path / "two.png")
    with pytest.raises(ValueError, match="two dimensions"):
        plots.plot_region(region("a", "b", "c"))


def test_upper_limit_and_impacts(tmp_path):
    band = np.linspace(0.8, 1.2, 5)[:, None] * region("mu").p_value
    limit = UpperLimit(region("mu"), 0.95, 1.5, np.array([0.5, 0.8, 1.2, 1.9, 2.8]), band)
    figure = plots.plot_upper_limit(limit)
    assert labels(figure) == ["expected ± 2 sd", "expected ± 1 sd", "expected, limit 1.2", "observed, limit 1.5"]
    lines = [line.get_ydata() for line in figure.axes[0].get_lines()]
    assert any(np.array_equal(line, band[2]) for line in lines)
    assert any(np.array_equal(line, region("mu").p_value) for line in lines)
    plots.save(figure, tmp_path / "upper.png")
    moved = Impacts("mu", ("scale", "shift"), np.zeros(2), np.ones(2), np.array([[-0.1, 0.1], [-0.5, 0.4]]))
    figure = plots.plot_impacts(moved)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["scale", "shift"]
    plots.save(figure, tmp_path / "impacts.png")


def test_information_shows_its_ellipses_and_the_contours_beside_them(tmp_path):
    wide, narrow = (Information(scale * np.eye(3), np.zeros((3,) * 4), ("a", "b", "c")) for scale in (1.0, 4.0))
    polygon = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    figure = plots.plot_information({"rate": wide, "full": narrow}, np.zeros(3), {"profile": polygon}, level=0.9)
    assert labels(figure) == ["rate", "full", "profile"]
    radii = [np.linalg.norm(line.get_xydata(), axis=1).max() for line in figure.axes[0].get_lines()[:2]]
    assert radii == pytest.approx([np.sqrt(chi2.ppf(0.9, 2)), 0.5 * np.sqrt(chi2.ppf(0.9, 2))])
    plots.save(figure, tmp_path / "information.png")
    with pytest.raises(ValueError, match="two parameters"):
        plots.plot_information(wide, np.zeros(3), interest=("a",))


def test_statistics_show_every_sample_and_the_observation(tmp_path):
    generator = np.random.default_rng(0)
    figure = plots.plot_statistic({"θ0": generator.normal(size=500), "θ1": generator.normal(size=500)}, [0.1, 0.2])
    assert labels(figure) == ["θ0", "θ1", "2 observed events"]
    plots.save(figure, tmp_path / "statistic.png")


def test_expected_bands_are_drawn():
    plain, expected = region("a"), region("a")
    expected.info["band"] = np.linspace(0.5, 1.0, 5)[:, None] * expected.p_value
    count = [len(plots.plot_region(one).axes[0].collections) for one in (plain, expected)]
    assert count == [0, 2]


def test_calibration_coverage_and_predictive(tmp_path):
    values = np.random.default_rng(0).random((200, 2))
    figure = plots.plot_calibration(Calibration("sbc", values, ("a", "b"), np.array([0.5, 0.4])))
    assert "calibrated" in figure.axes[0].get_title(loc="left")
    plots.save(figure, tmp_path / "sbc.png")
    levels = np.array([0.68, 0.95])
    p = {"wilks": values[:, 0], "neyman": values[:, 1]}
    seen = {name: np.array([(v > 1.0 - level).mean() for level in levels]) for name, v in p.items()}
    errors = dict.fromkeys(p, np.full(2, 0.03))
    result = Coverage(np.zeros(1), levels, seen, errors, p, 200)
    figure = plots.plot_coverage(result)
    assert len(figure.axes) == 2
    plots.save(figure, tmp_path / "coverage.png")
    check = PredictiveCheck({"mean": values}, {"mean": np.array([0.5, 9.0])}, {"mean": np.array([0.9, 0.001])}, 0.002)
    figure = plots.plot_predictive(check)
    diamonds = [line.get_color() for line in figure.axes[0].get_lines() if line.get_marker() == "D"]
    assert diamonds[0] != diamonds[1]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["mean 1", "mean 2"]
    plots.save(figure, tmp_path / "predictive.png")


def test_separations_expectations_and_ranges_show_what_they_found(tmp_path):
    same, other = Separation("c2st", 0.51, 0.3, (0.0, 0.53)), Separation("critic", 0.7, 1e-9, (0.0, 0.52))
    figure = plots.plot_separation({"posterior": same, "ratio": other})
    assert figure.axes[0].get_title(loc="left") == "1 of 2 can be told apart"
    plots.save(figure, tmp_path / "separation.png")
    means = {"near": Expectation(1.01, 0.02, 0.1), "far": Expectation(0.2, 0.1, 0.9), "bad": Expectation(1.5, 0.1, 0.1)}
    figure = plots.plot_expectation(means)
    assert figure.axes[0].get_title(loc="left") == "1 of 3 means are not 1"
    plots.save(figure, tmp_path / "expectation.png")
    figure = plots.plot_range(RangeCheck(np.array([[0.5, 3.0], [0.2, 0.1]]), np.zeros(2), np.ones(2)))
    assert figure.axes[0].get_title(loc="left") == "1 events outside"
    plots.save(figure, tmp_path / "range.png")


def test_levels_are_named_with_the_digits_they_have():
    figure = plots.plot_region(region("a"), levels=(0.9973, 0.5))
    assert [text.get_text() for text in figure.axes[0].texts] == ["99.73%", "50%"]
    title = plots.plot_region(region("a", "b"), levels=(0.9973, 0.9545, 0.9545)).axes[0].get_title(loc="left")
    assert title == "Regions at 99.73% and 95.45% and 95.45%"
