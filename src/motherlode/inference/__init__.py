r"""Inference: posteriors from any log-ratio or likelihood, through Pyro.

.. math:: p(θ|x_1 … x_M) \propto π(θ) \prod_i \hat r(x_i|θ)
"""

from motherlode.estimators.protocols import DirectPosterior, LogLikelihood, LogRatio
from motherlode.inference.errors import (
    ConvergenceWarning,
    InferenceError,
    NoFiniteDensity,
    UnnormalizedPriorWarning,
    UnusableObservation,
    UnusablePrior,
    WrongEstimator,
)
from motherlode.inference.frequentist import Baselines, Constraint, Limits, Rate, Region, Shift, limits
from motherlode.inference.mcmc import ManyChains
from motherlode.inference.posterior import Posterior, posterior
from motherlode.inference.potential import Observation, Potential
from motherlode.inference.prior import Prior
from motherlode.inference.results import PosteriorSamples

__all__ = [
    "Baselines",
    "Constraint",
    "ConvergenceWarning",
    "DirectPosterior",
    "InferenceError",
    "Limits",
    "LogLikelihood",
    "LogRatio",
    "ManyChains",
    "NoFiniteDensity",
    "Observation",
    "Posterior",
    "PosteriorSamples",
    "Potential",
    "Prior",
    "Rate",
    "Region",
    "Shift",
    "UnnormalizedPriorWarning",
    "UnusableObservation",
    "UnusablePrior",
    "WrongEstimator",
    "limits",
    "posterior",
]
