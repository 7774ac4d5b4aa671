"""Diagnostics as pictures: calibration against its band, coverage of regions, predictive checks."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from motherlode.diagnostics import Calibration, Coverage, Expectation, PredictiveCheck, RangeCheck, Separation, band
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled

__all__ = ["plot_calibration", "plot_coverage", "plot_expectation", "plot_predictive", "plot_range", "plot_separation"]


@styled
def plot_calibration(result: Calibration, ax: Axes | None = None, level: float = 0.95) -> Figure:
    """Draw the distribution function of ranks minus the diagonal, with the band that uniform ranks stay in.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.sbc`, ``expected_coverage`` or ``tarp``.
    ax
        Axes to draw in. Default: a new figure.
    level
        Probability that the whole curve of a calibrated posterior stays inside the band.
    """
    axes = ax if ax is not None else new_figure(6.4, 4.2).subplots()
    z, low, high = band(len(result.values), level)
    axes.fill_between(
        z, low - z, high - z, color=MUTED, alpha=0.22, linewidth=0, label=f"{level:.0%} band if calibrated"
    )
    axes.axhline(0.0, color=INK, linewidth=0.9)
    places = np.linspace(0.0, 1.0, 201)
    for i, name in enumerate(result.names):
        share = (result.values[:, i, None] <= places).mean(axis=0) - places
        axes.plot(places, share, color=COLOURS[i % len(COLOURS)], label=f"{name} (p = {result.p_values[i]:.2g})")
    axes.set_xlabel("rank of the truth" if result.method == "sbc" else "credibility")
    axes.set_ylabel("observed − expected share")
    axes.set_xlim(0.0, 1.0)
    axes.set_title(result.verdict().split(" (p")[0], fontsize=10.5)
    axes.legend(ncols=2)
    return figure_of(axes)


@styled
def plot_coverage(result: Coverage, ax: Axes | None = None) -> Figure:
    """Draw coverage against confidence level for every method, with binomial bands around the diagonal.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.coverage`.
    ax
        Axes to draw in. Default: a new figure with a second panel of the difference.
    """
    panels = (
        [ax] if ax is not None else list(new_figure(6.0, 6.4).subplots(2, 1, sharex=True, height_ratios=[2.2, 1.2]))
    )
    grid = np.linspace(0.005, 0.995, 199)
    error = np.sqrt(grid * (1.0 - grid) * 2.0 / result.experiments)
    for panel, base in zip(panels, (grid, 0.0 * grid), strict=False):
        panel.fill_between(
            grid, base - 2 * error, base + 2 * error, color=MUTED, alpha=0.25, linewidth=0, label="± 2 sd"
        )
        panel.plot(grid, base, color=INK, linewidth=0.9)
        for colour, (method, p) in zip(COLOURS, result.p_values.items(), strict=False):
            seen = (p[:, None] > 1.0 - grid).mean(axis=0)
            panel.plot(grid, seen - grid + base, color=colour, label=method)
            marks = result.observed[method] - (result.levels if base[-1] == 0.0 else 0.0)
            panel.plot(result.levels, marks, "o", color=colour, markersize=5)
    panels[0].set_title(f"Coverage at θ = {np.round(result.theta, 3).tolist()}, {result.experiments:,} experiments")
    panels[0].set_ylabel("share of regions that hold the truth")
    panels[0].legend(loc="upper left")
    if len(panels) > 1:
        panels[1].set_ylabel("share − level")
    panels[-1].set_xlabel("confidence level")
    return figure_of(panels[0])


@styled
def plot_predictive(result: PredictiveCheck, ax: Axes | None = None) -> Figure:
    """Draw each statistic of replicated data in units of its spread, and where the observation falls.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.predictive_check`.
    ax
        Axes to draw in. Default: a new figure.
    """
    labels = [(name, i) for name, values in result.observed.items() for i in range(len(values))]
    axes = ax if ax is not None else new_figure(6.6, 1.4 + 0.42 * len(labels)).subplots()
    for row, (name, i) in enumerate(labels):
        replicated = result.replicated[name][:, i]
        centre, spread = np.median(replicated), replicated.std() or 1.0
        standard = (replicated - centre) / spread
        for width, levels in ((9.0, (0.16, 0.84)), (3.0, (0.025, 0.975))):
            axes.plot(np.quantile(standard, levels), [row, row], color=COLOURS[0], alpha=0.45, linewidth=width)
        bad = not result.ok and result.p_values[name][i] <= result.alpha
        place = (result.observed[name][i] - centre) / spread
        axes.plot(place, row, "D", color=COLOURS[1] if bad else INK, markersize=6)
    single = {name: len(values) == 1 for name, values in result.observed.items()}
    axes.set_yticks(range(len(labels)), [name if single[name] else f"{name} {i + 1}" for name, i in labels])
    axes.set_xlabel("sd of the replicated data (bars: 68 % and 95 %; diamond: observed)")
    axes.set_title(f"Does the simulator make such data? p = {result.p_value:.2g}")
    axes.invert_yaxis()
    return figure_of(axes)


@styled
def plot_separation(result: Separation | Mapping[str, Separation], ax: Axes | None = None) -> Figure:
    """Draw how well classifiers separate samples, each beside the band where equal samples fall.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.c2st`, ``critic`` or ``local_c2st``; several by label.
    ax
        Axes to draw in. Default: a new figure.
    """
    results = {result.method: result} if isinstance(result, Separation) else result
    axes = ax if ax is not None else new_figure(6.4, 1.6 + 0.45 * len(results)).subplots()
    for row, one in enumerate(results.values()):
        chance = 0.0 if one.method == "local c2st" else 0.5
        place = (one.statistic - chance) / (one.band[1] - chance)
        axes.plot([0.0, 1.0], [row, row], color=COLOURS[0], alpha=0.4, linewidth=9.0)
        axes.plot(place, row, "D", color=INK if one.ok else COLOURS[1], markersize=6)
    texts = [f"{label}\n{one.statistic:.3g}, p = {one.p_value:.2g}" for label, one in results.items()]
    axes.set_yticks(range(len(results)), texts)
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.margins(x=0.25)
    axes.set_xlabel("0: chance; 1: end of the band of equal samples")
    told = sum(not one.ok for one in results.values())
    axes.set_title("The samples cannot be told apart" if not told else f"{told} of {len(results)} can be told apart")
    return figure_of(axes)


@styled
def plot_expectation(result: Expectation | Mapping[str, Expectation], ax: Axes | None = None) -> Figure:
    """Draw the mean of estimated ratios, which must be 1, with two standard errors; undecided ones are open.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.ratio_expectation`; several by label.
    ax
        Axes to draw in. Default: a new figure.
    """
    results = {"E[r̂]": result} if isinstance(result, Expectation) else result
    axes = ax if ax is not None else new_figure(6.4, 1.6 + 0.45 * len(results)).subplots()
    axes.axvline(1.0, color=INK, linewidth=0.9)
    for row, one in enumerate(results.values()):
        undecided = one.undecided
        colour = MUTED if undecided else INK if one.ok else COLOURS[1]
        fill = "white" if undecided else colour
        axes.errorbar(one.mean, row, xerr=2.0 * one.error, fmt="o", color=colour, markerfacecolor=fill, capsize=3)
    axes.set_yticks(range(len(results)), list(results))
    axes.set_ylim(len(results) - 0.4, -0.6)
    axes.set_xlabel("mean of r̂ under its denominator, ± 2 se (open: undecided)")
    wrong = sum(not one.ok and not one.undecided for one in results.values())
    axes.set_title("Every mean is 1 within its error" if not wrong else f"{wrong} of {len(results)} means are not 1")
    return figure_of(axes)


@styled
def plot_range(result: RangeCheck, ax: Axes | None = None) -> Figure:
    """Draw every component of the observed events in units of the range that the training set spans.

    Parameters
    ----------
    result
        From :func:`motherlode.diagnostics.range_check`.
    ax
        Axes to draw in. Default: a new figure.
    """
    count = result.x.shape[1]
    axes = ax if ax is not None else new_figure(6.4, 1.6 + 0.4 * count).subplots()
    axes.axvspan(0.0, 1.0, color=COLOURS[0], alpha=0.12, linewidth=0, label="training set")
    width = np.where(result.high > result.low, result.high - result.low, 1.0)
    place, outside = (result.x - result.low) / width, result.outside
    for row in range(count):
        for chosen, colour in ((~outside[:, row], INK), (outside[:, row], COLOURS[1])):
            axes.plot(place[chosen, row], np.full(chosen.sum(), row), "|", color=colour, markersize=11)
    axes.set_yticks(range(count), [f"x{row + 1}" for row in range(count)])
    axes.set_ylim(count - 0.4, -0.6)
    axes.set_xlabel("observed value, from smallest (0) to largest (1) seen in training")
    axes.set_title("All events inside" if result.ok else f"{int(outside.any(axis=1).sum())} events outside")
    axes.legend(loc="upper right")
    return figure_of(axes)
