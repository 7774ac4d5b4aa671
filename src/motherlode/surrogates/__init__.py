r"""Amortized estimators of likelihood, ratio, posterior and score, trained on gold.

.. math:: \hat q = \arg\min_q \mathbb E_{x,z,θ}\,\text{loss}\big(q;\; x, θ, r(x,z|θ,θ'), t(x,z|θ)\big)
"""

from motherlode.surrogates import losses
from motherlode.surrogates.calibrating import calibrate
from motherlode.surrogates.calibration import Calibrated
from motherlode.surrogates.ensemble import Ensemble
from motherlode.surrogates.ensembles import train_ensemble
from motherlode.surrogates.histogram import HistogramRatio
from motherlode.surrogates.likelihood import LikelihoodEstimator
from motherlode.surrogates.options import TrainingOptions
from motherlode.surrogates.posterior import PosteriorEstimator
from motherlode.surrogates.ratio import RatioEstimator
from motherlode.surrogates.saving import load
from motherlode.surrogates.score import ScoreEstimator
from motherlode.surrogates.surrogate import OutOfRange, Surrogate
from motherlode.surrogates.training import train

__all__ = [
    "Calibrated",
    "Ensemble",
    "HistogramRatio",
    "LikelihoodEstimator",
    "OutOfRange",
    "PosteriorEstimator",
    "RatioEstimator",
    "ScoreEstimator",
    "Surrogate",
    "TrainingOptions",
    "calibrate",
    "load",
    "losses",
    "train",
    "train_ensemble",
]
