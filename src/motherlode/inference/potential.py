r"""The log-posterior of one observation, batched over θ and differentiable.

.. math:: \log p(θ|x_1 … x_M) = \log π(θ) + \sum_j c_j \log \hat r(x_j|θ) + \text{const}

Equal events are evaluated once and counted :math:`c_j` times, so 50 balls in 21 bins
cost one call with at most 21 rows.
"""

import numpy as np
import pyro
import torch
from numpy.typing import ArrayLike
from pyro.distributions import Normal
from torch import Tensor

from motherlode.core.types import Array
from motherlode.estimators.protocols import LogLikelihood, LogRatio
from motherlode.inference.errors import UnusableObservation, WrongEstimator
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.prior import Prior

__all__ = ["Observation", "Potential"]


class Observation:
    """M independent events, collapsed to the distinct ones and their counts.

    Parameters
    ----------
    x
        The events with shape ``(M, *L)``.
    may_be_empty
        Whether no event at all is an observation, as it is where the number of events says something.

    Raises
    ------
    UnusableObservation
        If there is no event or a value is not finite.
    """

    def __init__(self, x: ArrayLike | Tensor, may_be_empty: bool = False) -> None:
        events = _as_tensor(x)
        _check(events, may_be_empty)
        self.x = events
        self.distinct, counts = torch.unique(events, dim=0, return_counts=True)
        self.counts = counts.to(torch.float64)

    def __len__(self) -> int:
        return len(self.x)

    def numpy(self) -> Array:
        """Return the events as an array with shape ``(M, *L)``."""
        array: Array = self.x.numpy()
        return array


class Potential:
    """log prior + Σ log-likelihood, in θ and in the unconstrained u of the prior's bijection.

    Parameters
    ----------
    estimator
        A ratio or a density, see :mod:`motherlode.estimators.protocols`.
    prior
        The prior on θ.
    observation
        The observed events.
    """

    def __init__(self, estimator: LogRatio | LogLikelihood, prior: Prior, observation: Observation) -> None:
        self.event_log_likelihood = log_likelihood_of(estimator)
        self.prior = prior
        self.observation = observation

    def log_likelihood(self, theta: Tensor) -> Tensor:
        """Return Σ_i log r̂(x_i|θ) with shape ``(*B,)`` for theta ``(*B, D)``."""
        x, counts = self.observation.distinct, self.observation.counts
        batch = theta.shape[:-1]
        rows = theta.unsqueeze(-2).expand(*batch, len(x), theta.shape[-1])
        value = self.event_log_likelihood(rows, x.expand(*batch, *x.shape))
        if value.shape != rows.shape[:-1]:
            raise WrongEstimator(
                self.event_log_likelihood.estimator,
                f"one number for each θ and x, shape {tuple(rows.shape[:-1])}; it returned {tuple(value.shape)}",
                "Sum or squeeze the last dimension, and see that x has the shape it was written for.",
            )
        return value @ counts

    def log_prob(self, theta: Tensor) -> Tensor:
        """Return the unnormalized log-posterior with shape ``(*B,)``; -inf outside the prior's support."""
        log_prior = self.prior.log_prob(theta)
        return torch.where(torch.isfinite(log_prior), log_prior + self.log_likelihood(theta), log_prior)

    def log_prob_free(self, u: Tensor) -> Tensor:
        """Return the unnormalized log-density in u, Jacobian included, with shape ``(*B,)``."""
        theta, log_prior = self.prior.log_prob_free(u)
        return log_prior + self.log_likelihood(theta)

    def negative(self, parameters: dict[str, Tensor]) -> Tensor:
        """Return minus the log-density at ``{"u": (d,)}``: a ``potential_fn`` for Pyro's kernels."""
        return -self.log_prob_free(parameters["u"])

    def model(self) -> None:
        """Be a Pyro model: one unconstrained site ``"u"`` whose density is the posterior's.

        For whatever in Pyro wants a model: autoguides, SVI, kernels without ``potential_fn``.
        """
        zero = torch.zeros(self.prior.free_dimension, dtype=torch.float64)
        u = pyro.sample("u", Normal(zero, torch.ones_like(zero)).to_event(1).mask(False))
        pyro.factor("posterior", self.log_prob_free(u))


def _as_tensor(x: ArrayLike | Tensor) -> Tensor:
    if isinstance(x, Tensor):
        return x.to(torch.float64)
    array = np.asarray(x)
    try:
        return torch.from_numpy(np.array(array, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise UnusableObservation(
            array.shape,
            f"holds {array.dtype} values that are not numbers ({error}). An estimator computes with numbers.",
            "Code them as the training set's x was coded.",
        ) from error


def _check(events: Tensor, may_be_empty: bool) -> None:
    if events.dim() == 0 or (len(events) == 0 and not may_be_empty):
        raise UnusableObservation(
            events.shape,
            "holds no event. The posterior would be the prior.",
            "Pass x_observed with shape (M, *L), one row an event.",
        )
    bad = (~torch.isfinite(events.flatten(1))).any(dim=1) if events.dim() > 1 else ~torch.isfinite(events)
    if bad.any():
        raise UnusableObservation(
            events.shape,
            f"has values that are not finite in {int(bad.sum())} events, first in event {int(bad.nonzero()[0])}. "
            "No estimator can weigh them.",
            "Treat missing values in the simulator and in the data alike, or leave these events out of both.",
        )
