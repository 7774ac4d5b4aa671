r"""Say what inference asks of an estimator: one call, which a closed form answers as well as a network.

.. math:: p(\theta|x_1 … x_M) \propto \pi(\theta) \prod_i \hat r(x_i|\theta)

A ratio and a likelihood are known by their method. A posterior density is known by its base class, because its method
has the name of a likelihood's.
"""

from collections.abc import Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from torch import Tensor

__all__ = ["DirectPosterior", "Estimate", "LocalScore", "LogLikelihood", "LogPotential", "LogRatio"]


@runtime_checkable
class LogRatio(Protocol):
    r"""An estimate of :math:`\log r(x|θ) = \log p(x|θ) - \log p_{ref}(x)` up to a function of x."""

    def log_ratio(self, theta: Tensor, x: Tensor, /) -> Tensor:
        """Return log r with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``, float64, differentiable."""


@runtime_checkable
class LogPotential(LogRatio, Protocol):
    """A log-ratio that is cheaper up to a function of x, because its denominator is not evaluated then."""

    def potential(self, theta: Tensor, x: Tensor, /) -> Tensor:
        """Return log r plus a function of x, with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``."""


@runtime_checkable
class LogLikelihood(Protocol):
    """A density in x, unless it is a :class:`DirectPosterior`."""

    def log_prob(self, x: Tensor, theta: Tensor, /) -> Tensor:
        """Return log p with shape ``(*B,)`` for x ``(*B, *L)`` and theta ``(*B, D)``, float64, differentiable."""


@runtime_checkable
class LocalScore(Protocol):
    r"""An estimate of the score :math:`t(x|θ_{ref})` at one point."""

    reference_point: Tensor
    """θ_ref with shape ``(D,)``."""

    def score(self, x: Tensor, /) -> Tensor:
        """Return t̂ with shape ``(*B, D)`` for x ``(*B, *L)``."""


class DirectPosterior:
    """The base of every density in θ, which needs no prior and no chain; a closed form of your own subclasses it."""

    def log_prob(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log q with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``.

        Raises
        ------
        NotImplementedError
            If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no log_prob(theta, x): a posterior density needs it.")

    def sample(self, shape: Sequence[int], x: Tensor) -> Tensor:
        """Return draws from q(θ|x) with shape ``(*shape, D)`` for one x of shape ``(*L)``.

        Raises
        ------
        NotImplementedError
            If the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no sample(shape, x): a posterior density needs it.")


Estimate: TypeAlias = LogRatio | LogLikelihood | DirectPosterior
"""What inference takes: an estimate of a ratio, of a likelihood or of a posterior."""
