r"""Estimate the likelihood ratio as a difference of one potential at two parameters.

.. math:: \log \hat r(x|θ_0, θ_1) = g(x, θ_0) - g(x, θ_1)

Every exact log-ratio has this form, so nothing is lost, and the laws r(θ,θ)=1, r(a,b) r(b,a)=1 and r(a,b) r(b,c)=r(a,c)
hold by construction. Against the marginal :math:`\log \hat r(x|θ) = g(x, θ)`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from motherlode.estimators.arrays import accepts_arrays, broadcast_shapes
from motherlode.estimators.base import Estimator
from motherlode.estimators.networks.embeddings import configuration_of, make_embedding
from motherlode.estimators.networks.perceptrons import make_network

__all__ = ["RatioEstimator"]


class RatioEstimator(Estimator):
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
    """

    task: ClassVar[str] = "ratio"

    def __init__(
        self,
        parameters: int,
        shape: Sequence[int] = (),
        reference: Sequence[float] | Literal["marginal"] | None = None,
        network: str = "mlp",
        hidden: Sequence[int] = (64, 64),
        activation: str = "silu",
        embedding: nn.Module | dict[str, Any] | None = None,
    ) -> None:
        marginal = isinstance(reference, str)
        point = None if reference is None or isinstance(reference, str) else [float(value) for value in reference]
        if marginal and reference != "marginal":
            raise ValueError(f"reference is {reference!r}: pass None, 'marginal' or {parameters} numbers.")
        configuration = {
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

    @accepts_arrays
    def potential(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return g(x, θ) with shape ``(*B,)``, up to a function of x unless the reference is the marginal."""
        return self._potential(theta, x)

    def _potential(self, theta: Tensor, x: Tensor) -> Tensor:
        features = self.embed(self.embedding, x)
        scaled = self.theta_scaling(theta).to(features.dtype)
        batch = broadcast_shapes(features.shape[:-1], self.theta_batch(theta))
        columns = torch.cat([features.expand(*batch, -1), scaled.expand(*batch, -1)], dim=-1)
        value: Tensor = self.network(columns.reshape(-1, columns.shape[-1]))
        return value.reshape(batch).to(theta.dtype)

    @accepts_arrays
    def log_ratio(self, theta: Tensor, x: Tensor, theta_reference: Tensor | None = None) -> Tensor:
        """Return log r̂(x|θ, θ_reference) with shape ``(*B,)``.

        Parameters
        ----------
        theta
            Numerator with shape ``(*B, D)``.
        x
            Outcomes with shape ``(*B, *L)``; batch shapes broadcast.
        theta_reference
            Denominator with shape ``(*B, D)``. Left out: the ``reference``, else the centre of the training set,
            which differs by a function of x alone. A marginal estimator takes none.

        Raises
        ------
        ValueError
            If a marginal estimator is given a denominator.
        """
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

    @accepts_arrays
    def score(self, theta: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\hat t(x|θ) = \nabla_θ \log \hat r(x|θ, θ_1)` by autograd, shape ``(*B, D)``."""
        self.warn_outside(theta)
        with torch.enable_grad():
            shape = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
            leaf = theta.detach().expand(*shape, -1).clone().requires_grad_()
            gradient: Tensor = torch.autograd.grad(self._potential(leaf, x).sum(), leaf)[0]
        return gradient

    def likelihood(self, theta: Tensor, theta_reference: Tensor | None = None) -> Any:
        """Return a distribution over x for ``pyro.sample("x", ratio.likelihood(theta), obs=x)``; it cannot sample."""
        from motherlode.estimators.kinds.distributions import RatioLikelihood

        return RatioLikelihood(self, theta, theta_reference)

    def default_reference(self) -> Tensor:
        """Return the denominator that is taken where none is given, shape ``(D,)``."""
        if self.reference_point is not None:
            return self.reference_point
        return self.theta_scaling.inverse(torch.zeros_like(self.theta_low))
