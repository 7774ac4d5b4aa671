r"""Confidence without a prior: estimators, tests and intervals whose coverage is calibrated on toys.

.. math:: P(θ \in C(x) | θ) \ge 1 - α \quad\text{for every } θ
"""

from motherlode.inference.frequentist.baselines import Baselines
from motherlode.inference.frequentist.fit import Fit, Impacts
from motherlode.inference.frequentist.grids import Box, Grid, box_of
from motherlode.inference.frequentist.likelihood import Constraint, Experiment, Shift
from motherlode.inference.frequentist.neyman import rank_p_value
from motherlode.inference.frequentist.rate import Rate
from motherlode.inference.frequentist.regions import GridWarning, Region
from motherlode.inference.frequentist.study import Limits, limits
from motherlode.inference.frequentist.toys import Scan, Toys
from motherlode.inference.frequentist.upper import UpperLimit
from motherlode.inference.frequentist.zoom import finer_axes, zoom

__all__ = [
    "Baselines",
    "Box",
    "Constraint",
    "Experiment",
    "Fit",
    "Grid",
    "GridWarning",
    "Impacts",
    "Limits",
    "Rate",
    "Region",
    "Scan",
    "Shift",
    "Toys",
    "UpperLimit",
    "box_of",
    "finer_axes",
    "limits",
    "rank_p_value",
    "zoom",
]
