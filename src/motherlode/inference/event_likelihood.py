r"""See any ratio or likelihood as one function of θ and x.

.. math:: \log p(x|θ) + c(x) = \log \hat r(x|θ) \;\text{ or }\; \log \hat p(x|θ)
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from motherlode.estimators.protocols import DirectPosterior, LogLikelihood, LogPotential, LogRatio
from motherlode.inference.errors import WrongEstimator

__all__ = ["EventLikelihood", "log_likelihood_of"]


class EventLikelihood:
    """The log-likelihood of one event, up to a function of x, in float64 whatever the estimator computes in.

    Attributes
    ----------
    estimator
        The ratio or likelihood behind it.
    """

    def __init__(self, estimator: LogRatio | LogLikelihood, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.estimator = estimator
        self._function = function

    def __call__(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return it with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``."""
        return self._function(theta, x).to(torch.float64)


def log_likelihood_of(estimator: object) -> EventLikelihood:
    """Return the function (theta, x) -> log p(x|θ) + c(x) of an estimator.

    Parameters
    ----------
    estimator
        A :class:`~motherlode.estimators.protocols.LogRatio`, which is asked for its ``potential`` where it has one, or
        a :class:`~motherlode.estimators.protocols.LogLikelihood`.

    Raises
    ------
    WrongEstimator
        If it is neither: a score has no likelihood, a posterior density has already taken its prior.
    """
    if isinstance(estimator, LogPotential):
        return EventLikelihood(estimator, estimator.potential)
    if isinstance(estimator, LogRatio):
        return EventLikelihood(estimator, estimator.log_ratio)
    if isinstance(estimator, LogLikelihood) and not isinstance(estimator, DirectPosterior):
        likelihood: LogLikelihood = estimator
        return EventLikelihood(likelihood, partial(_of_theta_and_x, likelihood))
    raise WrongEstimator(estimator, "log_ratio(theta, x) or log_prob(x, theta)", _remedy(estimator))


def _of_theta_and_x(likelihood: LogLikelihood, theta: Tensor, x: Tensor) -> Tensor:
    return likelihood.log_prob(x, theta)


def _remedy(estimator: object) -> str:
    if hasattr(estimator, "score"):
        return (
            "A score estimator gives locally optimal observables: HistogramLikelihood(estimator.score, simulator, "
            "bounds) of inference.histograms makes a likelihood of them, inference.fisher the information; or train a "
            "RatioEstimator (loss alices)."
        )
    return "Train a RatioEstimator or a LikelihoodEstimator, or pass an object with that method."
