"""See estimators as Pyro distributions, for ``pyro.sample("x", estimator.likelihood(theta), obs=x)``."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import torch
from pyro.distributions import TorchDistribution
from torch import Tensor
from torch.distributions import constraints
from torch.distributions.constraints import Constraint

from motherlode.core.types import Shape

__all__ = ["DensityLikelihood", "RatioLikelihood"]


class _Ratio(Protocol):
    @property
    def shape(self) -> Shape: ...

    def log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor: ...


class _Likelihood(Protocol):
    @property
    def shape(self) -> Shape: ...

    def log_prob(self, x: Tensor, theta: Tensor) -> Tensor: ...

    def sample(self, theta: Tensor, shape: Sequence[int] = ()) -> Tensor: ...


def _real_array(dimensions: int) -> Constraint:
    return constraints.independent(constraints.real, dimensions)


class RatioLikelihood(TorchDistribution):  # type: ignore[misc]
    """log p(x|θ) up to a function of x: a likelihood for inference, not a law to draw from.

    Parameters
    ----------
    estimator
        A ratio estimator.
    theta
        Parameters with shape ``(*B, D)``; the batch shape is ``(*B,)``, the event shape that of one outcome.
    theta_reference
        Denominator with shape ``(*B, D)``; None takes the estimator's own.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"theta": constraints.real_vector}

    def __init__(self, estimator: _Ratio, theta: Tensor, theta_reference: Tensor | None = None) -> None:
        self.estimator, self.theta, self.theta_reference = estimator, theta, theta_reference
        super().__init__(theta.shape[:-1], torch.Size(estimator.shape), validate_args=False)

    @property
    def support(self) -> Constraint:
        """All of the outcome space: a ratio does not know where p(x|θ) ends."""
        return _real_array(len(self.event_shape))

    def expand(self, batch_shape: Sequence[int], _instance: TorchDistribution | None = None) -> "RatioLikelihood":
        """Return the distribution with a larger batch shape."""
        theta = self.theta.expand(*batch_shape, self.theta.shape[-1])
        return RatioLikelihood(self.estimator, theta, self.theta_reference)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return log r̂(value|θ) with the broadcast batch shape."""
        return self.estimator.log_ratio(self.theta, value, self.theta_reference)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Refuse: a ratio is no density.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError(
            "A ratio estimator cannot draw x: it knows p(x|θ) only up to a function of x. "
            "Observe the site (obs=x), or train a LikelihoodEstimator (losses.scandal)."
        )


class DensityLikelihood(TorchDistribution):  # type: ignore[misc]
    """p̂(x|θ) of a likelihood estimator.

    Parameters
    ----------
    estimator
        A likelihood estimator.
    theta
        Parameters with shape ``(*B, D)``; the batch shape is ``(*B,)``, the event shape that of one outcome.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"theta": constraints.real_vector}

    def __init__(self, estimator: _Likelihood, theta: Tensor) -> None:
        self.estimator, self.theta = estimator, theta
        super().__init__(theta.shape[:-1], torch.Size(estimator.shape), validate_args=False)

    @property
    def support(self) -> Constraint:
        """All of the outcome space; log_prob is -inf where the density ends."""
        return _real_array(len(self.event_shape))

    def expand(self, batch_shape: Sequence[int], _instance: TorchDistribution | None = None) -> "DensityLikelihood":
        """Return the distribution with a larger batch shape."""
        return DensityLikelihood(self.estimator, self.theta.expand(*batch_shape, self.theta.shape[-1]))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return log p̂(value|θ) with the broadcast batch shape."""
        return self.estimator.log_prob(value, self.theta)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return draws with shape ``(*sample_shape, *B, *L)``, without gradient."""
        return self.estimator.sample(self.theta.detach(), tuple(sample_shape))
