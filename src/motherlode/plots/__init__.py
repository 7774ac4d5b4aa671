"""Figures: ``plot_*(result, ax=None)`` draws a result and returns the matplotlib figure."""

from motherlode.plots.branchings import plot_branchings
from motherlode.plots.diagnostics import (
    plot_calibration,
    plot_coverage,
    plot_expectation,
    plot_predictive,
    plot_range,
    plot_separation,
)
from motherlode.plots.gold import plot_log_ratio, plot_score
from motherlode.plots.information import plot_information, plot_statistic
from motherlode.plots.limits import plot_impacts, plot_region, plot_upper_limit
from motherlode.plots.posterior import plot_pair, plot_posterior, plot_trace
from motherlode.plots.style import save, style
from motherlode.plots.training import plot_training

__all__ = [
    "plot_branchings",
    "plot_calibration",
    "plot_coverage",
    "plot_expectation",
    "plot_impacts",
    "plot_information",
    "plot_log_ratio",
    "plot_pair",
    "plot_posterior",
    "plot_predictive",
    "plot_range",
    "plot_region",
    "plot_score",
    "plot_separation",
    "plot_statistic",
    "plot_trace",
    "plot_training",
    "plot_upper_limit",
    "save",
    "style",
]
