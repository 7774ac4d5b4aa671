r"""Confidence without a prior: estimators, tests and intervals whose coverage is calibrated on toys.

.. math:: P(θ \in C(x) | θ) \ge 1 - α \quad\text{for every } θ
"""

from motherlode.inference.frequentist.fit import Estimate
from motherlode.inference.frequentist.likelihood import Constraint, Experiment, Rate
from motherlode.inference.frequentist.neyman import rank_p_value
from motherlode.inference.frequentist.regions import Grid, Region
from motherlode.inference.frequentist.study import Limits, limits
from motherlode.inference.frequentist.toys import Scan, Toys
from motherlode.inference.frequentist.upper import UpperLimit

__all__ = [
    "Constraint",
    "Estimate",
    "Experiment",
    "Grid",
    "Limits",
    "Rate",
    "Region",
    "Scan",
    "Toys",
    "UpperLimit",
    "limits",
    "rank_p_value",
]
