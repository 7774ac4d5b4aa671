r"""Shift and scale columns to zero mean and unit spread, with statistics of the training set only.

.. math:: u = (v - μ) / σ
"""

import torch
from torch import Tensor, nn

__all__ = ["Standardize"]


class Standardize(nn.Module):
    """An affine map fixed by data; its buffers stay float64 whatever the net computes in.

    Parameters
    ----------
    shape
        Shape of one value.
    """

    location: Tensor
    scale: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("location", torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(shape, dtype=torch.float64))

    def fit(self, values: Tensor) -> None:
        """Take mean and spread of values with shape ``(N, *shape)``; constant columns keep a spread of 1."""
        values = values.to(torch.float64)
        self.location.copy_(values.mean(0))
        spread = values.std(0, correction=0)
        self.scale.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))

    def forward(self, values: Tensor) -> Tensor:
        """Return standardized values in float64 with the shape of ``values``."""
        return (values - self.location) / self.scale
