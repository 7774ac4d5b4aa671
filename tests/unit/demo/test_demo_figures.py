"""The board's figure shows the paths it was given, leaves matplotlib's settings alone and can be written."""

import matplotlib as mpl
import numpy as np
import pytest

from motherlode import plots
from motherlode.demo.paths import board_path, plot_paths
from motherlode.tracing import Branching, Trace


@pytest.fixture(autouse=True)
def _settings_stay_untouched():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before


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
