"""Draw learning curves, one panel a task: colour says what a method learns from, its name stands at the end."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from motherlode.plots.style import INK, MUTED, style

__all__ = ["draw"]

Curves = dict[str, dict[str, float]]

FAMILIES = {
    "without gold": ("#8a93a3", {"carl", "nle", "npe", "nre", "nre_contrastive", "nre_c"}),
    "gold, one alternative": ("#0072B2", {"rolr", "cascal", "rascal", "alice", "alices", "alices_e5"}),
    "gold, eight alternatives": (
        "#009E73",
        {"alice_k8", "alices_k8", "gold_contrastive_k8", "gold_contrastive_score_k8", "gold_contrastive_score_k8_e5"},
    ),
    "gold, density": ("#D55E00", {"scandal", "rascandal", "score_matched_posterior"}),
}
SHORT = {
    "score_matched_posterior": "score-m. post.",
    "gold_contrastive_k8": "gold contr. k8",
    "gold_contrastive_score_k8": "gold c. score k8",
    "gold_contrastive_score_k8_e5": "the same, 5 nets",
    "nre_contrastive": "nre b",
}
GAP = 0.052
"""Least distance of two labels as a share of the height of a panel."""


def draw(mse: dict[str, Curves], path: Path, columns: int = 3) -> None:
    """Write a figure of mean squared errors of log r over events.

    Parameters
    ----------
    mse
        {task: {method: {N: error}}}.
    path
        File to write.
    columns
        Panels in a row.
    """
    columns = min(columns, len(mse))
    rows = -(-len(mse) // columns)
    with style():
        figure = Figure(figsize=(4.6 * columns, 4.3 * rows + 0.5), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, (task, methods) in zip(panels, mse.items(), strict=False):
            _panel(axes, task, methods)
        for axes in panels[len(mse) :]:
            axes.remove()
        handles = [Line2D([], [], color=colour, marker="o", ms=3, label=name) for name, (colour, _) in FAMILIES.items()]
        figure.legend(handles=handles, loc="outside upper center", ncols=4 if columns > 1 else 2)
        figure.savefig(path, dpi=130)


def _panel(axes: Axes, task: str, methods: Curves) -> None:
    best = min(methods, key=lambda name: min(methods[name].values()))
    for method, by_size in methods.items():
        sizes = sorted(by_size, key=int)
        colour = _colour(method)
        width = 2.4 if method == best else 1.2
        axes.loglog([int(n) for n in sizes], [by_size[n] for n in sizes], marker="o", ms=3, lw=width, color=colour)
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * (high / low) ** 0.45)
    axes.set(title=task.replace("_", " "), xlabel="events", ylabel="mean squared error of log r")
    axes.xaxis.set_minor_formatter(NullFormatter())
    _label(axes, methods)


def _colour(method: str) -> str:
    return next((colour for colour, members in FAMILIES.values() if method in members), INK)


def _label(axes: Axes, methods: Curves) -> None:
    ends = {method: max(by_size, key=int) for method, by_size in methods.items()}
    order = sorted(methods, key=lambda method: methods[method][ends[method]])
    bottom, top = np.log(axes.get_ylim())
    wanted = np.array([(np.log(methods[m][ends[m]]) - bottom) / (top - bottom) for m in order])
    right = max(int(n) for n in ends.values())
    for method, place in zip(order, _spread(wanted), strict=True):
        start = (int(ends[method]), methods[method][ends[method]])
        height = float(np.exp(bottom + place * (top - bottom)))
        axes.plot([start[0], right * 1.35], [start[1], height], color=MUTED, lw=0.4, zorder=1)
        axes.text(right * 1.4, height, SHORT.get(method, method), color=_colour(method), fontsize=7.5, va="center")


def _spread(places: np.ndarray) -> np.ndarray:
    """Push labels apart, upwards and then back below the top, keeping their order."""
    result = places.copy()
    for i in range(1, len(result)):
        result[i] = max(result[i], result[i - 1] + GAP)
    ceiling = 1.0
    for i in range(len(result) - 1, -1, -1):
        result[i] = min(result[i], ceiling)
        ceiling = result[i] - GAP
    return result
