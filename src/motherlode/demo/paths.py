"""A Galton board with a few mined paths, each branching coloured by what it says about θ."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MultipleLocator
from numpy.typing import ArrayLike

from motherlode.core.types import Array
from motherlode.plots.style import INK, MUTED, figure_of, new_figure, styled
from motherlode.tracing import Trace

__all__ = ["board_path", "plot_paths"]


_DIVERGING = LinearSegmentedColormap.from_list(
    "branchings", ["#8c2d04", "#D55E00", "#eda06c", "#bfc5cf", "#6fb1dc", "#0072B2", "#08306b"]
)


def board_path(left: ArrayLike, start: int = 15) -> Array:
    """Return the positions of a ball with shape ``(rows + 1, 2)``: horizontal place in nail spacings, row downwards.

    Parameters
    ----------
    left
        Whether the ball goes left at each row, with shape ``(rows,)``.
    start
        Nail above which it is dropped.
    """
    turns = np.where(np.asarray(left, dtype=bool), -0.5, 0.5)
    across = start + np.concatenate([[0.0], np.cumsum(turns)])
    return np.stack([across, np.arange(len(across), dtype=np.float64)], axis=-1)


@styled
def plot_paths(
    traces: Sequence[Trace],
    ax: Axes | None = None,
    x: ArrayLike | None = None,
    alternative: int = 0,
    start: int = 15,
    title: str = "What each nail says about θ",
) -> Figure:
    r"""Draw mined paths on the board, every step coloured by its log-ratio.

    Parameters
    ----------
    traces
        A few traces, say up to eight: branching l is the decision at row l, value 1 meaning left, and carries
        ``log_prob`` with shape ``(1 + K,)``, at θ and at each alternative.
    ax
        Axes to draw in. Default: a new figure.
    x
        Final bins of many balls with shape ``(N,)``, drawn as a histogram under the board.
    alternative
        Which of the K alternatives is the denominator of
        :math:`\log r_l = \log p(\text{step}_l|θ) - \log p(\text{step}_l|θ')`.
    start
        Nail above which the balls are dropped.
    title
        Text above the board.
    """
    axes = ax if ax is not None else new_figure(7.6, 6.4).subplots()
    rows = max(len(trace) for trace in traces)
    _draw_nails(axes, rows, start)
    ratios = [_log_ratios(trace, alternative) for trace in traces]
    limit = max(float(np.abs(np.concatenate(ratios)).max()), 1e-9)
    norm = Normalize(-limit, limit)
    for i, (trace, ratio) in enumerate(zip(traces, ratios, strict=True)):
        shift = 0.36 * (i - (len(traces) - 1) / 2) / max(len(traces) - 1, 1)
        lines = _draw_path(axes, trace, ratio, norm, start, shift)
    _label_ends(axes, traces, ratios, start, rows)
    depth = _draw_bins(axes, x, rows) if x is not None else rows + 3.2
    _finish(axes, start, rows, depth, title)
    bar = figure_of(axes).colorbar(lines, ax=axes, shrink=0.62, pad=0.02, aspect=28)
    bar.outline.set_visible(False)
    bar.set_label("log p(step | θ) − log p(step | θ′)\norange speaks for θ′, blue for θ")
    return figure_of(axes)


def _log_ratios(trace: Trace, alternative: int) -> Array:
    return np.array([branching.log_prob[0] - branching.log_prob[1 + alternative] for branching in trace])


def _draw_nails(ax: Axes, rows: int, start: int) -> None:
    row, across = np.meshgrid(np.arange(rows), np.arange(-rows, rows + 1), indexing="ij")
    inside = np.abs(across) <= row
    same = (row + across) % 2 == 0
    keep = inside & same
    ax.plot(start + 0.5 * across[keep], row[keep], "o", color="#c3c9d3", markersize=3.4, zorder=1)


def _draw_path(ax: Axes, trace: Trace, ratio: Array, norm: Normalize, start: int, shift: float) -> LineCollection:
    path = board_path(np.array([branching.value for branching in trace]), start) + np.array([shift, 0.0])
    segments = np.stack([path[:-1], path[1:]], axis=1)
    lines = LineCollection(list(segments), cmap=_DIVERGING, norm=norm, linewidths=2.6, capstyle="round", zorder=3)
    lines.set_array(ratio)
    lines.set_path_effects([Stroke(linewidth=4.0, foreground="white"), Normal()])
    ax.add_collection(lines)
    return lines


def _label_ends(ax: Axes, traces: Sequence[Trace], ratios: Sequence[Array], start: int, rows: int) -> None:
    """Write each path's total log-ratio under its end, stacked where several end together."""
    ends = [float(board_path(np.array([branching.value for branching in trace]), start)[-1, 0]) for trace in traces]
    free = [-np.inf] * (len(traces) + 1)
    for across, ratio in sorted(zip(ends, ratios, strict=True), key=lambda end: end[0]):
        level = next(i for i, edge in enumerate(free) if edge <= across - 1.9)
        free[level] = across
        ax.text(
            across,
            rows + 0.8 + 1.0 * level,
            f"{ratio.sum():+.2f}".replace("-", "−"),
            ha="center",
            va="center",
            fontsize=8.5,
            color=INK,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "#d9dde3", "linewidth": 0.7},
            zorder=5,
        )


def _draw_bins(ax: Axes, x: ArrayLike, rows: int) -> float:
    """Draw the histogram of final bins hanging under the board; return its lower edge."""
    values, counts = np.unique(np.asarray(x, dtype=np.float64).ravel(), return_counts=True)
    top, height = rows + 6.2, 3.2
    heights = height * counts / counts.max()
    ax.bar(values, -heights, bottom=top, width=0.82, color="#c9d3e0", zorder=1)
    ax.plot([values.min() - 0.5, values.max() + 0.5], [top, top], color=MUTED, linewidth=0.8)
    return top + 0.2


def _finish(ax: Axes, start: int, rows: int, depth: float, title: str) -> None:
    ax.set_ylim(depth, -0.9)
    ax.set_xlim(start - rows / 2 - 0.8, start + rows / 2 + 0.8)
    ax.set_xlabel("x (bin in which the ball ends)")
    ax.set_ylabel("row of nails")
    ax.set_yticks(range(0, rows + 1, 5))
    ax.xaxis.set_major_locator(MultipleLocator(5))
    ax.yaxis.set_label_coords(-0.055, 0.6)
    ax.grid(visible=False)
    ax.spines["left"].set_bounds(0, rows)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(bottom=False)
    ax.set_title(title)
