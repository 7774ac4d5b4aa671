"""Figures hold the numbers they were given, leave matplotlib's settings alone and can be written."""

import matplotlib as mpl
import numpy as np
import pytest

from motherlode import plots
from motherlode.demo.paths import board_path, plot_paths
from motherlode.inference import PosteriorSamples
from motherlode.tracing import Branching, Trace


@pytest.fixture(autouse=True)
def _settings_stay_untouched():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before


def draws(dimension, chains=4, divergent=False):
    generator = np.random.default_rng(0)
    shape = (chains, 200)
    divergences = generator.random(shape) < (0.02 if divergent else 0.0)
    names = tuple(f"p{i}" for i in range(dimension))
    return PosteriorSamples(
        generator.normal(size=(*shape, dimension)), names, np.zeros(shape), "nuts", divergences, np.ones(chains)
    )


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


def test_a_path_goes_left_and_right_as_its_branchings_say():
    path = board_path([True, False, False], start=15)
    assert path[:, 0].tolist() == [15.0, 14.5, 15.0, 15.5]
    assert path[:, 1].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_paths_are_coloured_by_their_log_ratios(tmp_path):
    generator = np.random.default_rng(0)
    log_prob = np.log(generator.uniform(0.2, 0.8, (3, 20, 2)))
    traces = [
        Trace(tuple(Branching(f"row{i}", "Bernoulli", (0.5,), float(i % 2), False, row) for i, row in enumerate(rows)))
        for rows in log_prob
    ]
    figure = plot_paths(traces, x=generator.integers(5, 26, 1000))
    coloured = figure.axes[0].collections
    for lines_, rows in zip(coloured, log_prob, strict=True):
        assert np.allclose(lines_.get_array(), rows[:, 0] - rows[:, 1])
    plots.save(figure, tmp_path / "paths.png")


@pytest.mark.parametrize("dimension", [1, 3])
def test_posterior_figures(dimension, tmp_path):
    result = draws(dimension, divergent=True)
    grid = np.linspace(-3, 3, 50)
    exact = {"p0": (grid, np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi))}
    figure = plots.plot_posterior(result, truth=np.zeros(dimension), exact=exact)
    assert len(figure.axes) == dimension**2
    assert np.array_equal(lines(figure.axes[0])["exact"].get_ydata(), exact["p0"][1])
    plots.save(figure, tmp_path / "posterior.png")
    trace = plots.plot_trace(result, truth=np.zeros(dimension))
    assert len(trace.axes) == dimension
    assert np.array_equal(trace.axes[0].get_lines()[0].get_ydata(), result.samples[0, :, 0])
    plots.save(trace, tmp_path / "trace.png")


def test_several_results_lie_over_each_other_and_pairs_mark_divergences(tmp_path):
    figure = plots.plot_posterior({"NUTS": draws(2), "VI": draws(2, chains=1)})
    plots.save(figure, tmp_path / "both.png")
    pair = plots.plot_pair(draws(2, divergent=True), truth=[0.0, 0.0])
    assert "divergent" in lines(pair.axes[0])


def test_given_axes_are_used():
    figure = mpl.figure.Figure()
    ax = figure.subplots()
    assert plots.plot_posterior(draws(1), ax=ax) is figure
    assert plots.plot_trace(draws(1, chains=20), ax=ax) is figure
