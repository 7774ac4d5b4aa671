r"""Inverse autoregressive flows by nflows: draws with gradients in one pass, for variational inference.

.. math:: u = T_c(z), \quad z \sim N(0, 1), \qquad \log q(u|c) = \log N(z) - \log|\det ∂T_c/∂z|

Kingma et al., "Improving variational inference with inverse autoregressive flow" (2016), arXiv:1606.04934; the layers
are rational-quadratic splines (Durkan et al. (2019), arXiv:1906.04032), linear outside their interval.
"""

import math
from collections.abc import Sequence

import torch
from nflows.transforms.base import CompositeTransform
from nflows.transforms.permutations import ReversePermutation
from torch import Tensor, nn

from motherlode.estimators.density.nflows_flows import spline_layer

__all__ = ["InverseFlow"]


class InverseFlow(nn.Module):
    """A density of d columns given C columns, in float64, near the standard normal at first.

    Parameters
    ----------
    features
        d.
    context
        C; 0 for a density that depends on nothing.
    hidden
        Widths of the hidden layers of each masked network, all alike.
    transforms
        Number of spline layers.
    """

    def __init__(self, features: int, context: int = 0, hidden: Sequence[int] = (32, 32), transforms: int = 2) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for index in range(transforms):
            parts += [ReversePermutation(features)] if index else []
            parts.append(spline_layer(features, context or None, hidden, nn.SiLU(), index))
        self.features = features
        self.transform: CompositeTransform = CompositeTransform(parts).double()

    def rsample_and_log_prob(self, shape: torch.Size, context: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return draws ``(*shape, *B, d)`` with gradients and log q of each, for a context ``(*B, C)``."""
        batch = torch.Size([]) if context is None else context.shape[:-1]
        z = torch.randn(*shape, *batch, self.features, dtype=torch.float64)
        u, log_det = self.transform(z.flatten(0, -2), self._rows(context, (*shape, *batch)))
        return u.reshape(z.shape), _normal(z) - log_det.reshape(z.shape[:-1])

    def log_prob(self, u: Tensor, context: Tensor | None = None) -> Tensor:
        """Return log q with shape ``(*B,)`` for u ``(*B, d)`` and context ``(*B, C)``; d passes through each layer."""
        z, log_det = self.transform.inverse(u.reshape(-1, self.features), self._rows(context, u.shape[:-1]))
        return (_normal(z) + log_det).reshape(u.shape[:-1])

    @staticmethod
    def _rows(context: Tensor | None, batch: Sequence[int]) -> Tensor | None:
        return None if context is None else context.expand(*batch, -1).reshape(-1, context.shape[-1])


def _normal(z: Tensor) -> Tensor:
    return -0.5 * (z.square() + math.log(2.0 * math.pi)).sum(dim=-1)
