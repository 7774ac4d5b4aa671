r"""Estimate the posterior p(θ|x) under the proposal directly by a conditional density.

.. math:: \log \hat q(θ|x) = \log q\big(u(θ)\,|\,φ(x)\big) + \log |du/dθ|

Parameters with bounds are mapped to the line by a logit, so no mass leaves the box.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON
from motherlode.estimators.arrays import ArrayOrTensor, broadcast_shapes, on_tensors
from motherlode.estimators.base import Estimator, Option
from motherlode.estimators.batches import ColumnsOfEvents
from motherlode.estimators.density import make_density
from motherlode.estimators.networks.embeddings import configuration_of, make_embedding
from motherlode.estimators.proposals import bounds_of
from motherlode.estimators.protocols import DirectPosterior

__all__ = ["AmortizedPosterior", "PosteriorEstimator"]


class AmortizedPosterior(Estimator, DirectPosterior):
    """What every estimate of a posterior answers to: a conditional density or an ensemble of them."""

    def log_prob(self, theta: ArrayOrTensor, x: ArrayOrTensor) -> ArrayOrTensor:
        """Return log q̂(θ|x) with shape ``(*B,)``; -inf outside the bounds.

        Parameters
        ----------
        theta
            Parameters with shape ``(*B, D)``.
        x
            Outcomes with shape ``(*B, *L)``; batch shapes broadcast.
        """
        return on_tensors(self, self._log_prob, theta, x)

    def sample(self, shape: Sequence[int], x: ArrayOrTensor) -> ArrayOrTensor:
        """Return draws from q̂(θ|x) with shape ``(*shape, *B, D)``, without gradient.

        Parameters
        ----------
        shape
            Batch dimensions in front.
        x
            Outcomes with shape ``(*B, *L)``, tensor or array.
        """
        return on_tensors(self, lambda outcomes: self._sample(shape, outcomes), x)

    @abstractmethod
    def _log_prob(self, theta: Tensor, x: Tensor) -> Tensor: ...

    @abstractmethod
    def _sample(self, shape: Sequence[int], x: Tensor) -> Tensor: ...


class PosteriorEstimator(AmortizedPosterior):
    r"""An estimator of :math:`\log p(θ|x)` under the law that θ was proposed from.

    Parameters
    ----------
    parameters
        Number D of parameters.
    shape
        Shape ``(*L)`` of one outcome x.
    density
        A key of :data:`~motherlode.estimators.density.DENSITIES`; None: a neural spline flow, a mixture for D = 1.
    low, high
        Bounds of θ, D numbers each, both infinite for a column without; None for the whole line. :meth:`for_events`
        takes them from the events where neither is given.
    hidden, activation
        Networks inside the density; smooth where a score is learned.
    transforms
        Steps of a flow.
    embedding
        Network from x to features; None flattens x.

    Examples
    --------
    >>> import numpy as np
    >>> estimator = PosteriorEstimator(parameters=1, shape=(2,))
    >>> draws = estimator.sample((100,), np.zeros(2))
    >>> draws.shape, estimator.log_prob(draws, np.zeros(2)).shape
    ((100, 1), (100,))
    """

    learning_rate: ClassVar[float] = 4e-3

    def __init__(
        self,
        parameters: int,
        shape: Sequence[int] = (),
        density: str | None = None,
        low: Sequence[float] | None = None,
        high: Sequence[float] | None = None,
        hidden: Sequence[int] = (64, 64),
        activation: str = "silu",
        transforms: int = 5,
        embedding: nn.Module | dict[str, JSON] | None = None,
    ) -> None:
        _check_bounds(parameters, low, high)
        density = density or ("nsf" if parameters > 1 else "mixture")
        configuration: dict[str, JSON] = {
            "density": density,
            "low": None if low is None else [float(value) for value in low],
            "high": None if high is None else [float(value) for value in high],
            "hidden": list(hidden),
            "activation": activation,
            "transforms": transforms,
            "embedding": configuration_of(embedding),
        }
        super().__init__(parameters, shape, configuration)
        self._low, self._high = low, high
        self.embedding, features = make_embedding(embedding, self.shape)
        self.density = make_density(density, self.parameters_count, features, hidden, activation, transforms)

    @classmethod
    def for_events(cls, events: ColumnsOfEvents, **options: Option) -> Self:
        """Return an untrained estimator with the shapes and, where θ ends at edges, the bounds of these events."""
        low, high = bounds_of(events.theta)
        if not {"low", "high"} & set(options):
            options |= {"low": low.tolist(), "high": high.tolist()}
        return cls._shaped_like(events, **options)

    def bounds(self) -> tuple[Tensor, Tensor] | None:
        """Return the box of θ with shapes ``(D,)``, or None."""
        if self._low is None or self._high is None or not any(map(math.isfinite, self._low)):
            return None
        return torch.tensor(self._low, dtype=torch.float64), torch.tensor(self._high, dtype=torch.float64)

    def _log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        context = self.embed(self.embedding, x)
        batch = broadcast_shapes(self.theta_batch(theta), context.shape[:-1])
        rows = theta.expand(*batch, -1).reshape(-1, self.parameters_count)
        value = self.theta_scaling(rows).to(torch.float32)
        log_q = self.density.log_prob(value, context.expand(*batch, -1).reshape(len(rows), -1))
        return (log_q + self.theta_scaling.log_jacobian(rows).sum(-1)).reshape(batch)

    def _sample(self, shape: Sequence[int], x: Tensor) -> Tensor:
        with torch.no_grad():
            context = self.embed(self.embedding, x)
            batch = (*shape, *context.shape[:-1])
            draws = self.density.sample(context.expand(*batch, -1).reshape(-1, context.shape[-1]))
            return self.theta_scaling.inverse(draws).reshape(*batch, self.parameters_count)


def _check_bounds(parameters: int, low: Sequence[float] | None, high: Sequence[float] | None) -> None:
    if low is None and high is None:
        return
    ends = [] if low is None or high is None else list(zip(low, high, strict=False))
    whole = [a < b and math.isinf(a) == math.isinf(b) for a, b in ends]
    if len(low or ()) != parameters or len(high or ()) != parameters or not all(whole):
        raise ValueError(
            f"low is {low} and high is {high} for {parameters} parameters: a column is mapped by both its bounds or by "
            "none. Pass D numbers each, low < high, and -inf and inf for a column without (one that is positive only "
            "needs no bound: it is mapped by its logarithm where that suits it)."
        )
