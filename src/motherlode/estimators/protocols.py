r"""What inference asks of an estimator: one call, which a closed form answers as well as a network.

.. math:: p(\theta|x_1 … x_M) \propto \pi(\theta) \prod_i \hat r(x_i|\theta)
"""

import inspect
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motherlode.inference.errors import WrongEstimator

__all__ = ["DirectPosterior", "LogLikelihood", "LogRatio", "Simulates", "is_direct", "log_likelihood_of"]


@runtime_checkable
class LogRatio(Protocol):
    r"""An estimate of :math:`\log r(x|θ) = \log p(x|θ) - \log p_{ref}(x)` up to a function of x."""

    def log_ratio(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log r with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``, float64, differentiable."""


@runtime_checkable
class LogLikelihood(Protocol):
    """A density in x; told apart from a posterior density by the name of its first argument."""

    def log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log p with shape ``(*B,)`` for x ``(*B, *L)`` and theta ``(*B, D)``, float64, differentiable."""


@runtime_checkable
class DirectPosterior(Protocol):
    """A density in θ that needs no prior and no chain."""

    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log q with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``."""

    def sample(self, shape: tuple[int, ...], x: Tensor) -> Tensor:
        """Return draws from q(θ|x) with shape ``(*shape, D)`` for one x of shape ``(*L)``."""


class Simulates(Protocol):
    """What toys need of a simulator; every :class:`motherlode.events.Simulator` has it."""

    def simulate(self, theta: NDArray[np.float64], seed: int, first: int = 0) -> NDArray[np.float64]:
        """Return x ``(N, *L)`` for theta ``(N, D)``."""


def log_likelihood_of(estimator: object) -> "_Likelihood":
    """Return the function (theta, x) -> log p(x|θ) + c(x) of an estimator.

    Parameters
    ----------
    estimator
        A :class:`LogRatio`, or a density whose ``log_prob`` takes ``x`` first. A ratio that also has
        ``potential(theta, x)``, the log-ratio up to a function of x, is asked for that: it saves the denominator.

    Raises
    ------
    WrongEstimator
        If the estimator has neither: a score has no likelihood, a posterior density has already taken its prior.
    """
    if isinstance(estimator, LogRatio):
        return _Likelihood(estimator, getattr(estimator, "potential", estimator.log_ratio))
    if _takes_first(estimator, "x"):
        return _Likelihood(estimator, lambda theta, x: estimator.log_prob(x, theta))  # type: ignore[attr-defined]
    raise WrongEstimator(estimator, "log_ratio(theta, x) or log_prob(x, theta)", _remedy(estimator))


class _Likelihood:
    """A log-likelihood in float64, whatever the estimator computes in."""

    def __init__(self, estimator: object, function: Any) -> None:
        self.estimator = estimator
        self._function = function

    def __call__(self, theta: Tensor, x: Tensor) -> Tensor:
        value: Tensor = self._function(theta, x)
        return value.to(torch.float64)


def is_direct(estimator: object) -> bool:
    """Say whether the estimator is a density in θ: ``log_prob(theta, x)``."""
    return _takes_first(estimator, "theta")


def _takes_first(estimator: object, name: str) -> bool:
    method = getattr(estimator, "log_prob", None)
    if not callable(method):
        return False
    return next(iter(inspect.signature(method).parameters), None) == name


def _remedy(estimator: object) -> str:
    if hasattr(estimator, "score"):
        return (
            "A score estimator gives locally optimal observables: HistogramLikelihood(estimator.score, simulator, "
            "bounds) of inference.histograms makes a likelihood of them, inference.fisher the information; or train a "
            "RatioEstimator (loss alices)."
        )
    return "Train a RatioEstimator or a LikelihoodEstimator, or pass an object with that method."
