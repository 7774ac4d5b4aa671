"""Figures of gold show the exact curve, the learned ones and their difference."""

import numpy as np
import pytest

from motherlode import plots


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


@pytest.mark.parametrize("plot", [plots.plot_log_ratio, plots.plot_score])
def test_gold_figures_show_truth_curves_and_residuals(plot, tmp_path):
    generator, grid = np.random.default_rng(0), np.arange(5, 26)
    exact = np.cos(grid / 5.0)
    x = generator.integers(5, 26, 6000)
    figure = plot(x, np.cos(x / 5.0) + 0.1 * generator.normal(size=6000), grid, exact, {"ALICES": exact + 0.25})
    top, bottom = figure.axes
    assert np.array_equal(lines(top)["exact"].get_ydata(), exact)
    assert np.array_equal(lines(top)["ALICES"].get_ydata(), exact + 0.25)
    assert np.allclose(bottom.get_lines()[-1].get_ydata(), 0.25)
    assert plots.save(figure, tmp_path / "deep" / "gold.png").stat().st_size > 10_000
