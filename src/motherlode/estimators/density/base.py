"""The interface that every conditional density meets."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

__all__ = ["Density", "DiscreteDensity"]


class Density(nn.Module, ABC):
    """A density of V columns given C columns, in float32; whole numbers and atoms are read in float64."""

    @abstractmethod
    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context) with shape ``(B,)`` for value ``(B, V)`` and context ``(B, C)``."""

    @abstractmethod
    def sample(self, context: Tensor) -> Tensor:
        """Return one draw for each row of the context, shape ``(B, V)``, without gradient."""


class DiscreteDensity(Density):
    """A probability of whole numbers rather than a density of the line."""

    @abstractmethod
    def fit(self, value: Tensor) -> None:
        """Take centre and spread of each column from a training set with shape ``(N, V)``, where they are needed."""
