r"""Estimate the likelihood ratio as a difference of one potential at two parameters.

.. math:: \log \hat r(x|θ_0, θ_1) = g(x, θ_0) - g(x, θ_1)

Every exact log-ratio has this form, so nothing is lost, and the laws r(θ,θ)=1, r(a,b) r(b,a)=1 and r(a,b) r(b,c)=r(a,c)
hold by construction. Against the marginal :math:`\log \hat r(x|θ) = g(x, θ)`.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON
from motherlode.estimators.arrays import ArrayOrTensor, broadcast_shapes, gradient_at, on_tensors
from motherlode.estimators.base import Estimator, Option
from motherlode.estimators.batches import ColumnsOfEvents
from motherlode.estimators.kinds.distributions import RatioLikelihood
from motherlode.estimators.networks.embeddings import configuration_of, make_embedding
from motherlode.estimators.networks.perceptrons import make_network

__all__ = ["AmortizedRatio", "RatioEstimator"]


class AmortizedRatio(Estimator):
    """What every estimate of a ratio answers to: a network, an ensemble of them, or one behind a calibration."""

    def log_ratio(
        self, theta: ArrayOrTensor, x: ArrayOrTensor, theta_reference: ArrayOrTensor | None = None
    ) -> ArrayOrTensor:
        """Return log r̂(x|θ, θ_reference) with shape ``(*B,)``.

        Parameters
        ----------
        theta
            Numerator with shape ``(*B, D)``.
        x
            Outcomes with shape ``(*B, *L)``; batch shapes broadcast.
        theta_reference
            Denominator with shape ``(*B, D)``. Left out: :meth:`default_reference`, from which others differ by a
            function of x alone; an ensemble takes that of its first member. A marginal ratio takes none.

        Raises
        ------
        ValueError
            If a marginal ratio is given a denominator.
        """
        return on_tensors(self, self._log_ratio, theta, x, theta_reference)

    def potential(self, theta: ArrayOrTensor, x: ArrayOrTensor) -> ArrayOrTensor:
        """Return log p̂(x|θ) up to a function of x with shape ``(*B,)``; against the marginal it is log r̂."""
        return on_tensors(self, self._potential, theta, x)

    def score(self, theta: ArrayOrTensor, x: ArrayOrTensor) -> ArrayOrTensor:
        r"""Return :math:`\hat t(x|θ) = \nabla_θ \log \hat r(x|θ, θ_1)` by autograd, shape ``(*B, D)``."""
        return on_tensors(self, self._score, theta, x)

    def likelihood(self, theta: Tensor, theta_reference: Tensor | None = None) -> RatioLikelihood:
        """Return a distribution over x for ``pyro.sample("x", ratio.likelihood(theta), obs=x)``; it cannot sample."""
        return RatioLikelihood(self, theta, theta_reference)

    @abstractmethod
    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, shape ``(D,)``."""

    @abstractmethod
    def _log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor: ...

    @abstractmethod
    def _potential(self, theta: Tensor, x: Tensor) -> Tensor: ...

    @abstractmethod
    def _score(self, theta: Tensor, x: Tensor) -> Tensor: ...


class RatioEstimator(AmortizedRatio):
    r"""An estimator of :math:`\log r(x|θ_0, θ_1)`.

    Parameters
    ----------
    parameters
        Number D of parameters.
    shape
        Shape ``(*L)`` of one outcome x.
    reference
        None: doubly parameterized; a sequence of D numbers: the same, with this θ1 where none is given;
        ``"marginal"``: against p(x) = E_π p(x|θ).
    network
        ``"mlp"`` or ``"residual"``.
    hidden
        Widths of the hidden layers.
    activation
        Smooth (silu, tanh, softplus, gelu) where a score is learned.
    embedding
        Network from x to features, by any of :mod:`.embeddings` or any module ``(B, *L) -> (B, F)``; None flattens x.

    Examples
    --------
    >>> import numpy as np
    >>> estimator = RatioEstimator(parameters=2, shape=(3,))
    >>> theta, other, x = np.zeros((5, 2)), np.ones((5, 2)), np.zeros((5, 3))
    >>> there, back = estimator.log_ratio(theta, x, other), estimator.log_ratio(other, x, theta)
    >>> there.shape, np.allclose(there, -back)
    ((5,), True)
    """

    reference_point: Tensor | None

    def __init__(
        self,
        parameters: int,
        shape: Sequence[int] = (),
        reference: Sequence[float] | Literal["marginal"] | None = None,
        network: str = "mlp",
        hidden: Sequence[int] = (64, 64),
        activation: str = "silu",
        embedding: nn.Module | dict[str, JSON] | None = None,
    ) -> None:
        marginal = isinstance(reference, str)
        point: list[JSON] | None = None
        if reference is not None and not isinstance(reference, str):
            point = [float(value) for value in reference]
        if marginal and reference != "marginal":
            raise ValueError(f"reference is {reference!r}: pass None, 'marginal' or {parameters} numbers.")
        configuration: dict[str, JSON] = {
            "reference": "marginal" if marginal else point,
            "network": network,
            "hidden": list(hidden),
            "activation": activation,
            "embedding": configuration_of(embedding),
        }
        super().__init__(parameters, shape, configuration)
        self.marginal = marginal
        self.embedding, features = make_embedding(embedding, self.shape)
        self.network = make_network(network, features + self.parameters_count, 1, hidden, activation)
        self.register_buffer("reference_point", None if point is None else torch.tensor(point, dtype=torch.float64))

    @classmethod
    def for_events(cls, events: ColumnsOfEvents, **options: Option) -> Self:
        """Return an untrained estimator with the shapes of these events.

        Parameters
        ----------
        events
            Anything with ``theta`` of shape ``(N, D)`` and ``x`` of shape ``(N, *L)``.
        options
            Further arguments of the constructor.
        """
        return cls._shaped_like(events, **options)

    def _potential(self, theta: Tensor, x: Tensor) -> Tensor:
        features = self.embed(self.embedding, x)
        scaled = self.theta_scaling(theta).to(features.dtype)
        batch = broadcast_shapes(features.shape[:-1], self.theta_batch(theta))
        columns = torch.cat([features.expand(*batch, -1), scaled.expand(*batch, -1)], dim=-1)
        value: Tensor = self.network(columns.reshape(-1, columns.shape[-1]))
        return value.reshape(batch).to(theta.dtype)

    def _log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        self.warn_outside(theta)
        if self.marginal:
            if theta_reference is not None:
                raise ValueError("A marginal ratio has no theta_reference: subtract two log-ratios, or leave it out.")
            return self._potential(theta, x)
        if theta_reference is not None:
            self.warn_outside(theta_reference)
        denominator = self.default_reference() if theta_reference is None else theta_reference
        batch = broadcast_shapes(self.theta_batch(theta), self.theta_batch(denominator), self.x_batch(x))
        both = self._potential(torch.stack([theta.expand(*batch, -1), denominator.expand(*batch, -1)]), x)
        return both[0] - both[1]

    def _score(self, theta: Tensor, x: Tensor) -> Tensor:
        self.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self._potential(leaf, x), theta, batch)

    def default_reference(self) -> Tensor:
        """Return the ``reference``, else the centre of the training set, shape ``(D,)``."""
        if self.reference_point is not None:
            return self.reference_point
        return self.theta_scaling.inverse(torch.zeros_like(self.theta_low))
