"""Information as pictures: local contours of Fisher matrices, and histograms of the observables behind them."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from motherlode.inference.fisher import Information
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled

__all__ = ["plot_information", "plot_statistic"]


_LINES = ("-", "--", "-.", ":")


@styled
def plot_information(
    result: Information | Mapping[str, Information],
    centre: ArrayLike,
    contours: Mapping[str, ArrayLike] | None = None,
    ax: Axes | None = None,
    interest: Sequence[str] | None = None,
    level: float = 0.6827,
    title: str | None = None,
) -> Figure:
    """Draw the ellipse that each information matrix promises around θ, and measured contours beside them.

    Parameters
    ----------
    result
        An information matrix, or several by label.
    centre
        θ with shape ``(D,)``, where the matrices were taken.
    contours
        Lines ``(n, 2)`` by label to compare with, e.g. from :meth:`motherlode.inference.Limits.contour`.
    ax
        Axes to draw in. Default: a new figure.
    interest
        Names of the two parameters; the others are profiled. Default: the first two.
    level
        Confidence level of the ellipses.
    title
        Text above the figure.

    Raises
    ------
    ValueError
        If there are fewer than two parameters.
    """
    matrices = {"Fisher information": result} if isinstance(result, Information) else result
    names = tuple(interest) if interest is not None else next(iter(matrices.values())).names[:2]
    if len(names) != 2:
        raise ValueError(f"contours need two parameters, not {list(names)}. Look at .bounds() for a single one.")
    axes = ax if ax is not None else new_figure(5.8, 5.0).subplots()
    for i, (label, information) in enumerate(matrices.items()):
        line = information.contour(centre, names, level)
        axes.plot(*line.T, _LINES[i % len(_LINES)], color=COLOURS[i % len(COLOURS)], label=label)
    for i, (label, polygon) in enumerate((contours or {}).items()):
        points = np.asarray(polygon, dtype=np.float64)
        axes.fill(*points.T, color=INK, alpha=0.08, linewidth=0)
        axes.plot(*points.T, _LINES[i % len(_LINES)], color=INK, linewidth=1.2, label=label)
    places = [next(iter(matrices.values())).names.index(name) for name in names]
    axes.plot(*np.asarray(centre, dtype=np.float64)[places], "*", color=INK, markersize=12, markeredgecolor="white")
    axes.set_xlabel(names[0])
    axes.set_ylabel(names[1])
    axes.set_title(title or f"Expected {level:.0%} contours near θ")
    axes.margins(0.12)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    return figure_of(axes)


@styled
def plot_statistic(
    result: Mapping[str, ArrayLike],
    observed: ArrayLike | None = None,
    ax: Axes | None = None,
    bins: int = 50,
    name: str = "optimal observable",
) -> Figure:
    """Draw the distribution of one statistic at several θ, with the observed events as ticks below.

    Parameters
    ----------
    result
        Values ``(N,)`` by label, e.g. one component of a score estimator at two parameters.
    observed
        Values ``(M,)`` of the observed events.
    ax
        Axes to draw in. Default: a new figure.
    bins
        Bins between the extreme thousandths of all values.
    name
        What the statistic is.
    """
    axes = ax if ax is not None else new_figure(6.4, 4.0).subplots()
    samples = {label: np.asarray(values, dtype=np.float64).ravel() for label, values in result.items()}
    low, high = np.quantile(np.concatenate(list(samples.values())), (0.001, 0.999))
    edges = np.linspace(low, high, bins + 1)
    for i, (label, values) in enumerate(samples.items()):
        colour = COLOURS[i % len(COLOURS)]
        axes.hist(values, bins=list(edges), density=True, histtype="stepfilled", color=colour, alpha=0.15)
        axes.hist(values, bins=list(edges), density=True, histtype="step", color=colour, linewidth=1.6, label=label)
    if observed is not None:
        ticks = np.asarray(observed, dtype=np.float64).ravel()
        height = -0.04 * axes.get_ylim()[1]
        label = f"{len(ticks)} observed events"
        axes.plot(ticks, np.full(len(ticks), height), "|", color=INK, markersize=9, alpha=0.6, label=label)
        axes.axhline(0.0, color=MUTED, linewidth=0.8)
    axes.set_xlabel(name)
    axes.set_ylabel("density")
    axes.set_title("How the statistic is distributed")
    axes.legend()
    return figure_of(axes)
