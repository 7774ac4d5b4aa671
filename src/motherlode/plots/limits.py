"""Confidence regions as pictures: p-value curves, contours of two parameters, upper limits, pulls and impacts."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from motherlode.inference import Region
from motherlode.inference.frequentist import UpperLimit
from motherlode.inference.frequentist.fit import Impacts
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled

__all__ = ["percent", "plot_impacts", "plot_region", "plot_upper_limit"]


_LINES = ("-", "--", ":")
_FINE = 0.9999


def percent(level: float) -> str:
    """Write a confidence level in (0, 1) in percent: four digits, and more where four would say 100 %.

    Examples
    --------
    >>> percent(0.68), percent(0.9973), percent(0.999999426697)
    ('68%', '99.73%', '99.99994267%')
    """
    return f"{100 * level:.{4 if level < _FINE else 10}g}%"


@styled
def plot_region(
    result: Region | Mapping[str, Region],
    ax: Axes | None = None,
    levels: Sequence[float] = (0.6827, 0.9545),
    truth: ArrayLike | None = None,
) -> Figure:
    """Draw one minus the confidence at which each value is excluded; for two parameters, contours.

    Parameters
    ----------
    result
        A region, or several by label over the same one or two parameters.
    ax
        Axes to draw in. Default: a new figure.
    levels
        Confidence levels to mark.
    truth
        True parameters with shape ``(d,)``.
    """
    regions = {result.method: result} if isinstance(result, Region) else result
    names = next(iter(regions.values())).grid.names
    axes = ax if ax is not None else new_figure(6.4, 4.2 if len(names) == 1 else 5.2).subplots()
    if len(names) == 1:
        _curves(axes, regions, names[0], levels)
        if truth is not None:
            axes.axvline(float(np.ravel(truth)[0]), color=INK, linewidth=1.1, linestyle="--", label="truth")
        axes.legend()
    elif len(names) == 2:
        _contours(axes, regions, names, levels, truth)
    else:
        raise ValueError(
            f"a figure has two dimensions and the region has {names}. Profile it to one or two parameters."
        )
    return figure_of(axes)


@styled
def plot_upper_limit(result: UpperLimit, ax: Axes | None = None) -> Figure:
    """Draw CLs against the signal strength with the observed limit and the band expected without a signal.

    Parameters
    ----------
    result
        An upper limit.
    ax
        Axes to draw in. Default: a new figure.
    """
    axes = ax if ax is not None else new_figure(6.4, 4.2).subplots()
    (name,) = result.region.grid.names
    strength = result.region.grid.points[:, 0]
    for pair, colour, label in (((0, 4), COLOURS[4], "± 2 sd"), ((1, 3), COLOURS[2], "± 1 sd")):
        low, high = result.band[list(pair)]
        axes.fill_between(strength, low, high, color=colour, alpha=0.35, linewidth=0, label=f"expected {label}")
    axes.plot(strength, result.band[2], "--", color=COLOURS[2], label=f"expected, limit {result.expected[2]:.3g}")
    axes.plot(strength, result.region.p_value, color=INK, label=f"observed, limit {result.observed:.3g}")
    axes.axhline(1.0 - result.level, color=COLOURS[1], linewidth=1.0)
    axes.annotate(
        percent(result.level),
        (0.01, 1.0 - result.level),
        xycoords=("axes fraction", "data"),
        va="bottom",
        color=COLOURS[1],
        fontsize=8.5,
    )
    axes.plot(result.observed, 1.0 - result.level, "o", color=INK, markersize=6)
    last = np.flatnonzero(result.band[4] > 1e-3)
    axes.set_xlim(strength[0], strength[min(int(last[-1]) + 2, len(strength) - 1)])
    axes.set_xlabel(f"{name} (signal strength)")
    axes.set_ylabel("CLs")
    axes.set_ylim(0.0, 1.02)
    axes.set_title(f"Upper limit at {percent(result.level)}")
    axes.legend(loc="upper right")
    return figure_of(axes)


@styled
def plot_impacts(result: Impacts, ax: Axes | None = None) -> Figure:
    """Draw how far each nuisance parameter is pulled and how far it moves the parameter of interest.

    Parameters
    ----------
    result
        Pulls and impacts.
    ax
        Axes for the impacts, with pulls on a second horizontal axis. Default: a new figure.
    """
    axes = ax if ax is not None else new_figure(6.8, 1.6 + 0.45 * len(result.nuisances)).subplots()
    order = np.argsort(np.abs(result.impacts).max(axis=1))
    rows = np.arange(len(order))
    for column, colour, label in ((0, COLOURS[5], "nuisance − 1 sd"), (1, COLOURS[4], "nuisance + 1 sd")):
        axes.barh(rows, result.impacts[order, column], color=colour, alpha=0.75, height=0.55, label=label)
    axes.set_yticks(rows, [result.nuisances[i] for i in order])
    axes.set_xlabel(f"shift of {result.interest}")
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    top = axes.twiny()
    top.errorbar(
        result.pulls[order], rows, xerr=result.pull_errors[order], fmt="o", color=INK, markersize=5, label="pull"
    )
    top.set_xlim(-2.5, 2.5)
    top.set_xlabel("pull (sd of the constraint)")
    top.grid(visible=False)
    handles = [*axes.get_legend_handles_labels()[0], Line2D([], [], color=INK, marker="o", linewidth=1.0)]
    labels = ["nuisance − 1 sd", "nuisance + 1 sd", "pull"]
    figure_of(axes).legend(handles, labels, loc="outside lower center", ncols=3)
    return figure_of(axes)


def _curves(ax: Axes, regions: Mapping[str, Region], name: str, levels: Sequence[float]) -> None:
    for i, (label, region) in enumerate(regions.items()):
        colour, offset = COLOURS[i % len(COLOURS)], 0.013 * (i - 0.5 * (len(regions) - 1))
        text = f"{label}: median, ± 1 and 2 sd" if "band" in region.info else label
        ax.plot(region.grid.points[:, 0], region.p_value, color=colour, label=text)
        if "band" in region.info:
            for pair in ((0, 4), (1, 3)):
                low, high = np.asarray(region.info["band"])[list(pair)]
                ax.fill_between(region.grid.points[:, 0], low, high, color=colour, alpha=0.13, linewidth=0)
        for rank, level in enumerate(levels):
            for low, high in region.intervals(level):
                ax.plot([low, high], [1.0 - level + offset] * 2, color=colour, linewidth=2.6 - 0.6 * rank)
    for level in levels:
        ax.axhline(1.0 - level, color=MUTED, linewidth=0.8, linestyle=":")
        ax.annotate(
            percent(level),
            (1.0, 1.0 - level),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8.5,
        )
    ax.set_xlabel(name)
    ax.set_ylabel("p-value")
    ax.set_ylim(0.0, 1.03)
    ax.set_title("Which values the data allow")


def _contours(
    ax: Axes, regions: Mapping[str, Region], names: Sequence[str], levels: Sequence[float], truth: ArrayLike | None
) -> None:
    handles = []
    for i, (label, region) in enumerate(regions.items()):
        colour = COLOURS[i % len(COLOURS)]
        across, up = region.grid.axes.values()
        height = region.p_value.reshape(region.grid.shape).T
        ordered = np.unique(1.0 - np.array(levels))
        ax.contourf(across, up, height, levels=[ordered[-1], 1.01], colors=[colour], alpha=0.18)
        ax.contour(across, up, height, levels=ordered, colors=[colour], linestyles=_LINES[: len(ordered)][::-1])
        ax.plot(*region.best, "o", color=colour, markersize=6)
        handles.append(Line2D([], [], color=colour, label=label))
    if truth is not None:
        ax.plot(*np.ravel(truth), "*", color=INK, markersize=13, markeredgecolor="white")
        handles.append(Line2D([], [], color=INK, marker="*", linestyle="", label="truth"))
    ax.legend(handles=handles)
    ax.set_xlabel(names[0])
    ax.set_ylabel(names[1])
    ax.set_title(f"Regions at {' and '.join(map(percent, levels))}")
