r"""Estimate likelihood, ratio, posterior and score by networks that are amortized over θ or x.

.. math:: \hat q = \arg\min_q \mathbb E_{x,z,θ}\,\text{loss}\big(q;\; x, θ, r(x,z|θ,θ'), t(x,z|θ)\big)
"""

from motherlode.estimators.base import Estimator
from motherlode.estimators.kinds.calibrated import Calibrated
from motherlode.estimators.kinds.ensembles import Ensemble
from motherlode.estimators.kinds.histogram import HistogramRatio
from motherlode.estimators.kinds.likelihood import LikelihoodEstimator
from motherlode.estimators.kinds.posterior import PosteriorEstimator
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.estimators.kinds.score import ScoreEstimator
from motherlode.estimators.protocols import DirectPosterior, LogLikelihood, LogRatio
from motherlode.estimators.saving import load
from motherlode.estimators.trained_range import OutOfRangeWarning

__all__ = [
    "Calibrated",
    "DirectPosterior",
    "Ensemble",
    "Estimator",
    "HistogramRatio",
    "LikelihoodEstimator",
    "LogLikelihood",
    "LogRatio",
    "OutOfRangeWarning",
    "PosteriorEstimator",
    "RatioEstimator",
    "ScoreEstimator",
    "load",
]
