r"""When not to trust: checks of estimators, posteriors and confidence regions; each returns data with a verdict.

.. math:: P(θ^* \in C_α(x)) = 1 - α, \qquad θ^* \sim π,\ x \sim p(x|θ^*)
"""

from motherlode.diagnostics.classifiers import Separation, c2st, critic, local_c2st
from motherlode.diagnostics.coverage import Coverage, coverage
from motherlode.diagnostics.expectation import Expectation, ratio_expectation
from motherlode.diagnostics.predictive import PredictiveCheck, predictive_check
from motherlode.diagnostics.ranges import RangeCheck, range_check
from motherlode.diagnostics.ranks import Calibration, expected_coverage, sbc, tarp
from motherlode.diagnostics.replicas import Replicas, replicate
from motherlode.diagnostics.uniformity import band, p_value_uniform

__all__ = [
    "Calibration",
    "Coverage",
    "Expectation",
    "PredictiveCheck",
    "RangeCheck",
    "Replicas",
    "Separation",
    "band",
    "c2st",
    "coverage",
    "critic",
    "expected_coverage",
    "local_c2st",
    "p_value_uniform",
    "predictive_check",
    "range_check",
    "ratio_expectation",
    "replicate",
    "sbc",
    "tarp",
]
