"""Figures of posteriors hold the draws they were given."""

import matplotlib as mpl
import numpy as np
import pytest

from motherlode import plots
from motherlode.inference import PosteriorSamples


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
