r"""Which draws carry θ: their shares in the variance of the joint log-ratio.

.. math:: \text{share}_a = \mathrm{Cov}(\ell_a, \ell) / \mathrm{Var}(\ell), \qquad \ell = \sum_a \ell_a
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from motherlode.events import CheckReport, SiteShare
from motherlode.plots.style import COLOURS, INK, MUTED, figure_of, new_figure, styled
from motherlode.tracing.addresses import place

__all__ = ["plot_branchings"]

_SHOWN = 10


@styled
def plot_branchings(report: CheckReport, ax: Axes | None = None) -> Figure:
    """Draw a bar for each place where draws are made, and its share by repetition where it repeats.

    Parameters
    ----------
    report
        Of ``simulator.check``.
    ax
        Axes for the bars alone. Default: a new figure, with a panel of repetitions for the largest share that has any.
    """
    shown = report.sites[:_SHOWN]
    repeating = next((site for site in shown if site.depends and len(site.profile) > 1), None)
    if ax is not None:
        _bars(ax, shown, len(report.sites) - len(shown))
        return figure_of(ax)
    height = 1.5 + 0.42 * max(1, len(shown))
    if repeating is None:
        figure = new_figure(7.6, height)
        _bars(figure.subplots(), shown, len(report.sites) - len(shown))
    else:
        figure = new_figure(7.6, height + 2.4)
        top, bottom = figure.subplots(2, 1, height_ratios=[height, 2.4])
        _bars(top, shown, len(report.sites) - len(shown))
        _profile(bottom, repeating)
    figure.suptitle(f"{report.name}: which draws depend on θ", x=0.01, ha="left", color=INK, weight="bold")
    return figure


def _bars(ax: Axes, sites: Sequence[SiteShare], more: int) -> None:
    shares = np.array([100 * np.nan_to_num(site.share) for site in sites])
    colours = [COLOURS[0] if site.depends else MUTED for site in sites]
    ax.barh(np.arange(len(sites)), shares, color=colours, height=0.62)
    for row, site in enumerate(sites):
        words = f"{shares[row]:.1f} %" if site.depends else "does not depend on θ"
        ax.annotate(words, (max(shares[row], 0.0), row), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.set_yticks(np.arange(len(sites)), [f"{place(site.address)}\n{site.family}" for site in sites])
    ax.set_ylim(len(sites) - 0.5, -0.5)
    ax.set_xlim(min(0.0, float(shares.min(initial=0.0))) * 1.1, max(1.0, float(shares.max(initial=0.0))) * 1.22)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("share in the variance of the joint log-ratio, %" + (f" ({more} more places)" if more > 0 else ""))


def _profile(ax: Axes, site: SiteShare) -> None:
    ax.bar(np.arange(1, len(site.profile) + 1), 100 * np.array(site.profile), color=COLOURS[1], width=0.8)
    ax.axhline(0.0, color=INK, linewidth=0.8)
    ax.grid(axis="x", visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel(f"first, second, … {site.family} of an event there (largest share above)")
    ax.set_ylabel("share, %")
