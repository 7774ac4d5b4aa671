"""Draw what the demo found."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from motherlode.demo.paths import plot_paths
from motherlode.demo.story import THETA0, THETA1, Story
from motherlode.plots.gold import plot_log_ratio, plot_score
from motherlode.plots.posterior import plot_posterior, plot_trace
from motherlode.plots.style import save

__all__ = ["draw_figures"]

_PATHS = 6
_SLOT = "x (bin in which the ball ends)"


def draw_figures(story: Story, out: Path, seed: int, events: int = 4000) -> list[Path]:
    """Write the figures, of so many events each, as PNG into `out` and return their paths."""
    figures = {
        "paths": _paths(story, seed, events),
        "log_ratio": _log_ratio(story, seed, events),
        "score": _score(story, seed, events),
        "posterior": _posterior(story),
        "chains": plot_trace(story.samples, truth=[THETA0]),
    }
    return [save(figure, out / f"{name}.png") for name, figure in figures.items()]


def _paths(story: Story, seed: int, count: int) -> Figure:
    events = story.simulator.mine(np.full((count, 1), THETA0), [[THETA1]], seed=seed + 2, traces=True)
    chosen = np.argsort(events.joint_log_ratio[:, 0])[np.linspace(40, len(events) - 41, _PATHS).astype(int)]
    traces = events.traces if events.traces is not None else ()
    title = f"What each nail says about θ = {THETA0} against θ′ = {THETA1}"
    return plot_paths([traces[int(i)] for i in chosen], x=events.x, title=title)


def _log_ratio(story: Story, seed: int, count: int) -> Figure:
    events = story.simulator.mine(np.full((count, 1), THETA1), [[THETA0]], seed=seed + 3)
    curves = {method.upper(): story.log_ratio(method) for method in story.estimators}
    exact = story.exact.log_ratio(THETA0, THETA1)
    return plot_log_ratio(events.x, -events.joint_log_ratio[:, 0], story.exact.SLOTS, exact, curves, xlabel=_SLOT)


def _score(story: Story, seed: int, count: int) -> Figure:
    events = story.simulator.mine(np.full((count, 1), THETA0), seed=seed + 4)
    curves = {method.upper(): story.score(method) for method in story.estimators}
    exact = story.exact.score(THETA0)
    return plot_score(events.x, events.joint_score[:, 0], story.exact.SLOTS, exact, curves, xlabel=_SLOT)


def _posterior(story: Story) -> Figure:
    grid, density = story.exact.posterior(story.x_observed)
    title = f"Posterior of θ after {len(story.x_observed)} balls"
    return plot_posterior(story.samples, truth=[THETA0], exact={"theta": (grid, density)}, title=title)
