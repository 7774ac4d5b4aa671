"""How a training went: loss on fitted and held-out events, the step whose weights were kept, the learning rate."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from motherlode.core.types import Array
from motherlode.estimators import Estimator
from motherlode.estimators.errors import NotTrained
from motherlode.plots.style import COLOURS, MUTED, figure_of, new_figure, styled

__all__ = ["plot_training"]


@styled
def plot_training(estimator: Estimator, ax: Axes | None = None, title: str | None = None) -> Figure:
    """Draw the history of an estimator; the axis of losses is fitted to the rounds after the first tenth.

    Parameters
    ----------
    estimator
        Anything trained by :func:`motherlode.train`; its ``record.history`` is drawn.
    ax
        Axes to draw in. Default: a new figure.
    title
        Text; None names the loss and the number of events.

    Raises
    ------
    NotTrained
        If it has not been trained.
    """
    record = estimator.record
    if record is None:
        raise NotTrained(type(estimator).__name__)
    axes = ax if ax is not None else new_figure(7.0, 4.2).add_subplot()
    step, fitted, held, rate = (np.asarray(column) for column in zip(*record.history, strict=True))
    axes.plot(step, fitted, color=COLOURS[1], lw=1.2, label="events fitted (mean of the round)")
    axes.plot(step, held, color=COLOURS[0], lw=1.8, label="events held out")
    axes.axvline(record.best_step, color=MUTED, lw=1.0, ls="--", label=f"weights kept (step {record.best_step})")
    axes.set(xlabel="step", ylabel=f"loss ({record.loss})")
    axes.set_title(title or f"{record.loss} on {record.events:,} events")
    twin = axes.twinx()
    twin.plot(step, rate, color=MUTED, lw=1.0, alpha=0.6)
    twin.set_ylabel("learning rate", color=MUTED)
    twin.grid(visible=False)
    axes.set_ylim(*_limits(np.stack([fitted, held])))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    return figure_of(axes)


def _limits(losses: Array) -> tuple[float, float]:
    """Return limits for losses (2, R) that leave out what the first tenth of the rounds has above the others."""
    later = losses[:, losses.shape[1] // 10 :]
    low, high = float(losses.min()), float(later.max())
    margin = 0.08 * (high - low) or 0.1
    return low - margin, high + margin
