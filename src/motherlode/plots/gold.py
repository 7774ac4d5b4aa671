r"""Why gold works: joint labels scatter around the truth, and regression on them finds it.

.. math:: E[r(x,z)|x] = r(x), \qquad E[t(x,z)|x] = t(x)
"""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from motherlode.core.types import Array
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled

__all__ = ["plot_log_ratio", "plot_score"]


@styled
def plot_log_ratio(
    x: ArrayLike,
    joint_log_ratio: ArrayLike,
    grid: ArrayLike,
    exact: ArrayLike,
    curves: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    xlabel: str = "x",
    title: str = "Joint log-ratios scatter around the exact one; learning averages them",
) -> Figure:
    r"""Draw joint log-ratios of events around the exact :math:`\log r(x)`, with learned curves through them.

    Parameters
    ----------
    x
        Observable of each event with shape ``(N,)``. Integers are spread by jitter inside their bin.
    joint_log_ratio
        :math:`\log r(x,z|θ_0,θ_1)` with shape ``(N,)``, events drawn at the denominator θ1, where
        :math:`E[r(x,z)|x] = r(x)`. An event set mined at θ1 with alternative θ0 stores its negative.
    grid
        Values of x with shape ``(G,)`` at which the curves are given.
    exact
        Exact log r at ``grid`` with shape ``(G,)``.
    curves
        Learned log r at ``grid`` for each label, each with shape ``(G,)``.
    ax
        Axes to draw in. Default: a new figure with a second panel of learned minus exact.
    xlabel, title
        Texts.
    """
    return _plot(x, joint_log_ratio, grid, exact, curves, ax, xlabel, title, "log r(x | θ₀, θ₁)", "joint log r(x, z)")


@styled
def plot_score(
    x: ArrayLike,
    joint_score: ArrayLike,
    grid: ArrayLike,
    exact: ArrayLike,
    curves: Mapping[str, ArrayLike],
    ax: Axes | None = None,
    xlabel: str = "x",
    title: str = "Joint scores scatter around the exact one; learning averages them",
) -> Figure:
    r"""Draw joint scores of events around the exact score, with learned curves through them.

    Parameters
    ----------
    x
        Observable of each event with shape ``(N,)``, drawn at θ.
    joint_score
        One component of :math:`t(x,z|θ)` with shape ``(N,)``.
    grid, exact, curves, ax, xlabel, title
        As in :func:`plot_log_ratio`, with :math:`t(x|θ)` in the place of log r.
    """
    return _plot(x, joint_score, grid, exact, curves, ax, xlabel, title, "score t(x | θ)", "joint score t(x, z | θ)")


def _plot(
    x: ArrayLike,
    joint: ArrayLike,
    grid: ArrayLike,
    exact: ArrayLike,
    curves: Mapping[str, ArrayLike],
    ax: Axes | None,
    xlabel: str,
    title: str,
    quantity: str,
    label: str,
) -> Figure:
    panels = _panels(ax)
    top, bottom = panels[0], panels[-1]
    events, values = np.asarray(x, dtype=np.float64).ravel(), np.asarray(joint, dtype=np.float64).ravel()
    points, truth = np.asarray(grid, dtype=np.float64), np.asarray(exact, dtype=np.float64)
    _scatter(top, events, values, label)
    top.plot(points, truth, "o", color=INK, markersize=5.5, label="exact", zorder=5)
    for colour, (name, curve) in zip(COLOURS, curves.items(), strict=False):
        top.plot(points, np.asarray(curve), color=colour, label=name, zorder=4, linewidth=2.2)
    top.set_title(title)
    top.set_ylabel(quantity)
    legend = top.legend(loc="upper center", ncols=2 + len(curves), handlelength=1.4, columnspacing=1.4)
    legend.get_lines()[0].set(markersize=6.0, alpha=0.8)
    _set_limits(top, values, truth)
    if len(panels) > 1:
        _residuals(bottom, points, truth, curves)
        top.tick_params(labelbottom=False)
    bottom.set_xlabel(xlabel)
    bottom.xaxis.set_major_locator(MaxNLocator(integer=_is_integer(events)))
    return figure_of(top)


def _panels(ax: Axes | None) -> tuple[Axes, ...]:
    if ax is not None:
        return (ax,)
    axes = new_figure(7.6, 5.6).subplots(2, 1, sharex=True, height_ratios=[3.2, 1.0])
    return tuple(axes)


def _scatter(ax: Axes, x: Array, values: Array, label: str) -> None:
    """Scatter at most 4,000 events; integers are jittered inside their bin."""
    generator = np.random.default_rng(0)
    chosen = generator.permutation(len(x))[:4000]
    jitter = generator.uniform(-0.36, 0.36, len(chosen)) if _is_integer(x) else 0.0
    ax.plot(
        x[chosen] + jitter,
        values[chosen],
        ".",
        color=MUTED,
        alpha=0.35,
        markersize=3.2,
        markeredgewidth=0,
        label=label,
        rasterized=True,
        zorder=1,
    )


def _is_integer(x: Array) -> bool:
    return bool(np.array_equal(x, np.round(x)))


def _set_limits(ax: Axes, values: Array, truth: Array) -> None:
    """Show the central 99 % of the events and all of the truth, with room for the legend above."""
    low, high = np.quantile(values[np.isfinite(values)], (0.005, 0.995))
    low, high = min(low, truth.min()), max(high, truth.max())
    ax.set_ylim(low - 0.05 * (high - low), high + 0.16 * (high - low))


def _residuals(ax: Axes, grid: Array, truth: Array, curves: Mapping[str, ArrayLike]) -> None:
    ax.axhline(0.0, color=INK, linewidth=0.9)
    for colour, (_, curve) in zip(COLOURS, curves.items(), strict=False):
        ax.plot(grid, np.asarray(curve) - truth, color=colour, marker="o", markersize=3.0, linewidth=1.4)
    ax.set_ylabel("learned − exact")
