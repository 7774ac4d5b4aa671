r"""Estimate likelihood, ratio, posterior and score by networks that are amortized over θ or x.

.. math:: \hat q = \arg\min_q \mathbb E_{x,z,θ}\,\text{loss}\big(q;\; x, θ, r(x,z|θ,θ'), t(x,z|θ)\big)
"""

from motherlode.estimators.base import Estimator, OutOfRange
from motherlode.estimators.calibrated import Calibrated
from motherlode.estimators.ensemble import Ensemble
from motherlode.estimators.histogram import HistogramRatio
from motherlode.estimators.likelihood import LikelihoodEstimator
from motherlode.estimators.posterior import PosteriorEstimator
from motherlode.estimators.protocols import DirectPosterior, LogLikelihood, LogRatio
from motherlode.estimators.ratio import RatioEstimator
from motherlode.estimators.saving import load
from motherlode.estimators.score import ScoreEstimator

__all__ = [
    "Calibrated",
    "DirectPosterior",
    "Ensemble",
    "Estimator",
    "HistogramRatio",
    "LikelihoodEstimator",
    "LogLikelihood",
    "LogRatio",
    "OutOfRange",
    "PosteriorEstimator",
    "RatioEstimator",
    "ScoreEstimator",
    "load",
]
