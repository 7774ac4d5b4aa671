"""The interface that every conditional density meets."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

__all__ = ["Density"]


class Density(nn.Module, ABC):
    """A density of V columns given C columns, in float32; whole numbers and atoms are read in float64.

    Attributes
    ----------
    discrete
        Whether it is a probability of whole numbers rather than a density of the line.
    """

    discrete: bool = False

    @abstractmethod
    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context) with shape ``(B,)`` for value ``(B, V)`` and context ``(B, C)``."""

    @abstractmethod
    def sample(self, context: Tensor) -> Tensor:
        """Return one draw for each row of the context, shape ``(B, V)``, without gradient."""
