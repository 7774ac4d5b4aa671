r"""The multivariate Student t with five degrees of freedom: the proposal whose tails are heavy enough.

.. math:: t(u) \propto \left(1 + \tfrac15 (u-μ)^T Σ^{-1} (u-μ)\right)^{-(5+d)/2}
"""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Chi2, MultivariateNormal

__all__ = ["draw_t", "log_t"]

_DEGREES = 5.0


def draw_t(mean: Tensor, factor: Tensor, count: int) -> Tensor:
    """Return draws ``(count, d)`` around a mean ``(d,)`` with the Cholesky factor ``(d, d)`` of the scale."""
    chi = Chi2(torch.tensor(_DEGREES, dtype=torch.float64)).sample((count, 1))
    standard = torch.randn(count, len(mean), dtype=torch.float64) * torch.sqrt(_DEGREES / chi)
    return mean + standard @ factor.T


def log_t(u: Tensor, mean: Tensor, factor: Tensor) -> Tensor:
    """Return the log-density with shape ``(n,)`` at u ``(n, d)``."""
    dimension = u.shape[-1]
    normal: Any = MultivariateNormal(mean, scale_tril=factor)
    square = -2.0 * (normal.log_prob(u) - normal.log_prob(mean))
    nu = torch.tensor(_DEGREES, dtype=torch.float64)
    constant = torch.lgamma((nu + dimension) / 2) - torch.lgamma(nu / 2) - 0.5 * dimension * torch.log(nu * torch.pi)
    spread: Tensor = torch.log(torch.diagonal(factor)).sum()
    return constant - spread - 0.5 * (nu + dimension) * torch.log1p(square / nu)
