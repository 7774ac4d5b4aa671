"""The history of a training can be looked at."""

import numpy as np
import pytest

from motherlode import losses
from motherlode.estimators import RatioEstimator
from motherlode.estimators.errors import NotTrained
from motherlode.events import Events
from motherlode.plots import plot_training
from motherlode.training import TrainingOptions, train


def test_history_is_drawn_with_the_step_that_was_kept():
    generator = np.random.default_rng(0)
    theta, other = generator.uniform(size=(2, 200, 1))
    x = generator.normal(theta)
    ratio = 0.5 * ((x - other) ** 2 - (x - theta) ** 2)
    events = Events(theta, other[:, None], x, ratio, x - theta, exchangeable=True)
    estimator = train(events, losses.alice, progress=False, options=TrainingOptions(steps=30))
    figure = plot_training(estimator)
    axes = figure.axes[0]
    assert "alice" in axes.get_title(loc="left")
    assert any(len(line.get_xdata()) == len(estimator.record.history) for line in axes.get_lines())
    with pytest.raises(NotTrained):
        plot_training(RatioEstimator(1, (1,)))
