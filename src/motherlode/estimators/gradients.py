"""Differentiate what has no score of its own."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["gradient_at"]


def gradient_at(function: Callable[[Tensor], Tensor], theta: Tensor, batch: Sequence[int]) -> Tensor:
    """Return ∇θ of ``function`` by autograd, shape ``(*batch, D)``, itself without gradient.

    Parameters
    ----------
    function
        Maps parameters ``(*batch, D)`` to values ``(*batch,)``, row by row.
    theta
        Parameters with shape ``(*B, D)``.
    batch
        Shape that ``(*B,)`` is expanded to.
    """
    with torch.enable_grad():
        leaf = theta.detach().expand(*batch, -1).clone().requires_grad_()
        return torch.autograd.grad(function(leaf).sum(), leaf)[0]
