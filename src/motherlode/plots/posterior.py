"""Posterior draws as pictures: corner plot, traces of the chains, one pair of parameters."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter

from motherlode.core.types import Array, Bools
from motherlode.inference import PosteriorSamples
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled

__all__ = ["plot_pair", "plot_posterior", "plot_trace"]

Results = PosteriorSamples | Mapping[str, PosteriorSamples]


@styled
def plot_posterior(
    result: Results,
    ax: Axes | None = None,
    truth: ArrayLike | None = None,
    exact: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw marginal histograms and, below them, 68 % and 95 % regions of every pair.

    Parameters
    ----------
    result
        Draws, or several by label to lay over each other (the same parameters in each).
    ax
        Axes to draw in, for one parameter only. Default: a new figure with one panel a pair.
    truth
        True parameters with shape ``(D,)``, marked by a line.
    exact
        Exact marginal densities by parameter name, each ``(grid (G,), density (G,))``.
    title
        Text above the figure.
    """
    results = _by_label(result)
    names = next(iter(results.values())).names
    truths = _truths(truth, len(names))
    if len(names) == 1:
        axes = ax if ax is not None else new_figure(6.4, 4.0).subplots()
        _marginal(axes, results, 0, truths[0], (exact or {}).get(names[0]))
        axes.set_xlabel(names[0])
        axes.set_ylabel("posterior density")
        axes.set_title(title or "Posterior")
        axes.legend(loc="best")
        return figure_of(axes)
    return _corner(results, names, truths, exact or {}, title)


@styled
def plot_trace(result: PosteriorSamples, ax: Axes | None = None, truth: ArrayLike | None = None) -> Figure:
    """Draw every chain against its draw number, one row a parameter, divergences marked below.

    Parameters
    ----------
    result
        Draws.
    ax
        Axes to draw in, for one parameter only. Default: a new figure.
    truth
        True parameters with shape ``(D,)``.
    """
    count = len(result.names)
    rows = [ax] if ax is not None else np.ravel(new_figure(7.6, 1.0 + 1.9 * count).subplots(count, 1, sharex=True))
    truths = _truths(truth, count)
    rhat, ess = result.rhat, result.ess_bulk
    for i, panel in enumerate(rows):
        _chains(panel, result.samples[..., i], result.divergences)
        if truths[i] is not None:
            panel.axhline(truths[i], color=INK, linewidth=1.0, linestyle="--")
        panel.set_ylabel(result.names[i])
        panel.set_title(f"R-hat {rhat[i]:.3f}, effective draws {ess[i]:,.0f} of {len(result):,}", fontsize=9.5)
    rows[-1].set_xlabel("draw (after warm-up)")
    return figure_of(rows[0])


@styled
def plot_pair(
    result: PosteriorSamples,
    pair: tuple[int, int] = (0, 1),
    ax: Axes | None = None,
    truth: ArrayLike | None = None,
) -> Figure:
    """Scatter the draws of two parameters with their 68 % and 95 % regions; divergent draws stand out.

    Parameters
    ----------
    result
        Draws of at least two parameters.
    pair
        Indices of the parameters on the horizontal and the vertical axis.
    ax
        Axes to draw in. Default: a new figure.
    truth
        True parameters with shape ``(D,)``.
    """
    axes = ax if ax is not None else new_figure(5.4, 5.0).subplots()
    draws, diverged = result.flat[:, list(pair)], result.divergences.ravel()
    axes.plot(
        *draws[~diverged][:5000].T, ".", color=MUTED, alpha=0.35, markersize=3, markeredgewidth=0, rasterized=True
    )
    _regions(axes, draws, COLOURS[0], filled=False)
    if diverged.any():
        axes.plot(*draws[diverged].T, "x", color=COLOURS[1], markersize=5, label="divergent")
    if truth is not None:
        point = np.asarray(truth, dtype=np.float64)[list(pair)]
        axes.plot(*point, "*", color=INK, markersize=13, markeredgecolor="white", label="truth")
    axes.set_xlabel(result.names[pair[0]])
    axes.set_ylabel(result.names[pair[1]])
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure_of(axes)


def _by_label(result: Results) -> Mapping[str, PosteriorSamples]:
    return {f"{result.method} draws": result} if isinstance(result, PosteriorSamples) else result


def _truths(truth: ArrayLike | None, count: int) -> Sequence[float | None]:
    if truth is None:
        return [None] * count
    return [float(value) for value in np.broadcast_to(np.asarray(truth, dtype=np.float64), (count,))]


def _marginal(
    ax: Axes,
    results: Mapping[str, PosteriorSamples],
    index: int,
    truth: float | None,
    exact: tuple[ArrayLike, ArrayLike] | None,
) -> None:
    pooled = np.concatenate([result.flat[:, index] for result in results.values()])
    low, high = _span(pooled)
    first, last = max(low, float(pooled.min())), min(high, float(pooled.max()))
    edges = np.linspace(first, last if last > first else high, _bins(len(pooled) // len(results)) + 1)
    for colour, (label, result) in zip(COLOURS, results.items(), strict=False):
        draw = partial(ax.hist, result.flat[:, index], bins=edges, density=True, color=colour)
        draw(histtype="stepfilled", alpha=0.22)
        draw(histtype="step", linewidth=1.4, label=label)
    if exact is not None:
        ax.plot(np.asarray(exact[0]), np.asarray(exact[1]), color=INK, linewidth=1.8, label="exact")
    ax.set_xlim(low, high)
    if truth is not None:
        ax.axvline(truth, color=INK, linewidth=1.1, linestyle="--", label="truth")


def _corner(
    results: Mapping[str, PosteriorSamples],
    names: Sequence[str],
    truths: Sequence[float | None],
    exact: Mapping[str, tuple[ArrayLike, ArrayLike]],
    title: str | None,
) -> Figure:
    count = len(names)
    figure = new_figure(1.2 + 1.75 * count, 1.0 + 1.7 * count)
    panels = figure.subplots(count, count, sharex="col", squeeze=False)
    for row in range(count):
        for column in range(count):
            _corner_panel(panels[row, column], results, (row, column), truths, exact.get(names[row]))
    for i, name in enumerate(names):
        panels[-1, i].set_xlabel(name)
        panels[-1, i].tick_params(axis="x", rotation=45)
        if i > 0:
            panels[i, 0].set_ylabel(name)
    figure.align_xlabels(panels[-1])
    handles, labels = panels[0, 0].get_legend_handles_labels()
    panels[0, -1].legend(handles, labels, loc="upper right")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=11.5)
    return figure


def _corner_panel(
    ax: Axes,
    results: Mapping[str, PosteriorSamples],
    place: tuple[int, int],
    truths: Sequence[float | None],
    exact: tuple[ArrayLike, ArrayLike] | None,
) -> None:
    row, column = place
    if column > row:
        ax.set_axis_off()
    elif column == row:
        _marginal(ax, results, row, truths[row], exact)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    else:
        for colour, result in zip(COLOURS, results.values(), strict=False):
            _regions(ax, result.flat[:, [column, row]], colour)
        _cross(ax, truths[column], truths[row])
        ax.tick_params(labelleft=column == 0)


def _cross(ax: Axes, across: float | None, up: float | None) -> None:
    if across is not None and up is not None:
        ax.axvline(across, color=INK, linewidth=0.9, linestyle="--")
        ax.axhline(up, color=INK, linewidth=0.9, linestyle="--")


def _regions(ax: Axes, draws: Array, colour: str, filled: bool = True) -> None:
    """Contour the smoothed 2-d histogram at the levels that hold 95 % and 68 % of the draws."""
    spans = [_span(draws[:, 0]), _span(draws[:, 1])]
    counts, across, up = np.histogram2d(draws[:, 0], draws[:, 1], bins=60, range=spans)
    density = gaussian_filter(counts, 1.6)
    ranked = np.sort(density.ravel())[::-1]
    mass = np.cumsum(ranked) / ranked.sum()
    levels = [ranked[np.searchsorted(mass, level)] for level in (0.95, 0.68)]
    if levels[0] >= levels[1]:
        return
    centres = [0.5 * (edges[1:] + edges[:-1]) for edges in (across, up)]
    if filled:
        for level, alpha in zip(levels, (0.18, 0.32), strict=True):
            ax.contourf(*centres, density.T, levels=[level, density.max() * 1.01], colors=[colour], alpha=alpha)
    ax.contour(*centres, density.T, levels=levels, colors=[colour], linewidths=1.2)


def _span(values: Array) -> tuple[float, float]:
    low, high = np.quantile(values, (0.0005, 0.9995))
    margin = 0.06 * (high - low) or 1e-9
    return float(low - margin), float(high + margin)


def _bins(draws: int) -> int:
    return int(np.clip(2.0 * draws ** (1 / 3), 12, 50))


def _chains(ax: Axes, draws: Array, divergences: Bools) -> None:
    shades = (COLOURS[0], COLOURS[1], COLOURS[2], COLOURS[3]) if len(draws) <= 4 else (COLOURS[0], COLOURS[5])
    width = 0.7 if len(draws) <= 4 else 0.35
    for i, chain in enumerate(draws):
        ax.plot(chain, color=shades[i % len(shades)], linewidth=width, alpha=0.85 if len(draws) <= 4 else 0.5)
    where = np.flatnonzero(divergences.any(axis=0))
    if len(where):
        ax.plot(where, np.full(len(where), draws.min()), "|", color=COLOURS[1], markersize=9)
    ax.set_xlim(0, draws.shape[1])
