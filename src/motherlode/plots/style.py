"""Draw all figures in one style, inside a context that leaves the caller's own settings as they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["COLOURS", "INK", "MUTED", "figure_of", "new_figure", "save", "style", "styled"]

P = ParamSpec("P")
R = TypeVar("R")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours, told apart by readers of every colour vision, in the order curves take them."""

INK = "#1c2330"
MUTED = "#8a93a3"

_SETTINGS = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#5b6472",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": mpl.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.color": "#e6e9ee",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "xtick.color": "#5b6472",
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9.0,
    "ytick.color": "#5b6472",
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9.0,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the style of motherlode inside a ``with`` block; matplotlib's settings are untouched after it."""
    with mpl.rc_context(_SETTINGS):
        yield


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Make a plotting function draw in the style of motherlode."""

    @wraps(function)
    def inside(*arguments: P.args, **keywords: P.kwargs) -> R:
        with style():
            return function(*arguments, **keywords)

    return inside


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, outside pyplot's global list."""
    figure = Figure(figsize=(width, height))
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.08)
    return figure


def figure_of(ax: Axes) -> Figure:
    """Return the figure that an axes belongs to."""
    figure = ax.figure
    return figure if isinstance(figure, Figure) else figure.figure


@styled
def save(figure: Figure, path: str | Path, dpi: int = 160) -> Path:
    """Write a figure in the format of the path's suffix, making its folder, and return the path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=dpi)
    return target
