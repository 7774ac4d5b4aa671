r"""A prior together with the bijection that takes its support to all of :math:`R^d`.

.. math:: \log\pi(u) = \log\pi(\theta(u)) + \log|\det ∂θ/∂u|
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.distributions import Distribution, Transform, constraints

from motherlode.core import Parameters
from motherlode.core.types import LawLike
from motherlode.estimators.laws import distribution_of
from motherlode.estimators.laws.supports import Inside, bijection_of
from motherlode.estimators.randomness import seeded
from motherlode.inference.errors import UnusablePrior
from motherlode.laws import Factor, Law, LawError

__all__ = ["Prior"]


@dataclass(frozen=True)
class _Block:
    """One factor of the prior: its distribution over a vector, its bijection from R^d, and its value where fixed."""

    distribution: Distribution
    transform: Transform
    size: int
    free: int
    inside: Inside
    fixed: Tensor | None = None

    def contains(self, theta: Tensor) -> Tensor:
        return self.inside(theta) if self.fixed is None else (theta == self.fixed).all(dim=-1)

    def log_prob(self, theta: Tensor) -> Tensor:
        if self.fixed is not None:
            return torch.zeros(theta.shape[:-1], dtype=torch.float64)
        value: Tensor = self.distribution.log_prob(theta)
        return value


class Prior:
    """The prior on θ, joint or a product of named factors, with its change of variables.

    Parameters
    ----------
    law
        The law of θ in any form that :meth:`motherlode.Law.of` reads, for instance a torch or Pyro distribution over θ
        or a mapping from names to distributions, whose factors are laid side by side: this is how nuisance parameters
        get priors of their own. Parameters that it fixes have no coordinate in u.
    names
        One name for each of the D parameters; a mapping's factors are put in this order, and must have these names.
        Default: from the mapping, else ``theta`` or ``theta_1 …``.

    Raises
    ------
    UnusablePrior
        If the law cannot be read, is discrete, cannot be sampled, ends where it does not tell, fixes every parameter,
        or the names do not match.

    Examples
    --------
    >>> import torch
    >>> prior = Prior({"signal": torch.distributions.Uniform(0.0, 3.0), "scale": torch.distributions.Normal(0.0, 1.0)})
    >>> prior.names, prior.sample(5, seed=0).shape
    (('signal', 'scale'), torch.Size([5, 2]))
    """

    def __init__(self, law: LawLike, names: Sequence[str] | None = None) -> None:
        try:
            self.law = _law(law, names)
            self._blocks = tuple(_block(factor) for factor in self.law.factors)
        except LawError as error:
            raise UnusablePrior(f"The prior cannot be used. {error}") from error
        self.names = self.law.names
        self.dimension = self.law.dimension
        self.free_dimension = sum(block.free for block in self._blocks)
        if self.free_dimension == 0:
            raise UnusablePrior(
                f"The prior fixes {', '.join(self.names)}. There is nothing left to infer. Give a parameter a range."
            )

    @property
    def factors(self) -> tuple[Distribution, ...]:
        """The independent factors, each over one vector, in the order of the names."""
        return tuple(block.distribution for block in self._blocks)

    def sample(self, count: int, seed: int) -> Tensor:
        """Return draws with shape ``(count, D)``, float64."""
        with seeded(seed), torch.no_grad():
            draws = [block.distribution.sample(torch.Size([count])).to(torch.float64) for block in self._blocks]
        return torch.cat(draws, dim=-1)

    def log_prob(self, theta: Tensor) -> Tensor:
        """Return log π with shape ``(*B,)`` for theta ``(*B, D)``; -inf outside the support."""
        inside = self.contains(theta)
        interior = self.constrain(torch.zeros(self.free_dimension, dtype=torch.float64))[0]
        safe = torch.where(inside.unsqueeze(-1), theta, interior)
        return torch.where(inside, self._log_prob(safe), -torch.inf)

    def contains(self, theta: Tensor) -> Tensor:
        """Return whether theta ``(*B, D)`` lies in the support, with shape ``(*B,)``."""
        checks = [block.contains(part) for block, part in zip(self._blocks, self._split(theta), strict=True)]
        return torch.stack(checks).all(dim=0) & torch.isfinite(theta).all(dim=-1)

    def constrain(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return θ(u) with shape ``(*B, D)`` and the log-determinant of its Jacobian ``(*B,)``."""
        parts = torch.split(u, [block.free for block in self._blocks], dim=-1)
        theta, log_det = [], []
        for block, part in zip(self._blocks, parts, strict=True):
            theta.append(block.transform(part))
            log_det.append(_log_det(block, part, theta[-1]))
        return torch.cat(theta, dim=-1), torch.stack(log_det).sum(dim=0)

    def unconstrain(self, theta: Tensor) -> Tensor:
        """Return u with shape ``(*B, d)`` for theta ``(*B, D)`` inside the support."""
        parts = zip(self._blocks, self._split(theta), strict=True)
        return torch.cat([block.transform.inv(part) for block, part in parts], dim=-1)

    def log_prob_free(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return θ(u) and log π(u), the prior's density in u with its Jacobian, with shapes ``(*B, D)``, ``(*B,)``."""
        theta, log_det = self.constrain(u)
        return theta, self._log_prob(theta) + log_det

    def _log_prob(self, theta: Tensor) -> Tensor:
        parts = zip(self._blocks, self._split(theta), strict=True)
        return torch.stack([block.log_prob(part) for block, part in parts]).sum(dim=0)

    def _split(self, theta: Tensor) -> tuple[Tensor, ...]:
        return torch.split(theta, [block.size for block in self._blocks], dim=-1)


class _Constant(Transform):
    """The map from no coordinate to a fixed vector."""

    domain = codomain = constraints.real_vector
    bijective = True

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def _call(self, x: Tensor) -> Tensor:
        return self.value.expand(*x.shape[:-1], -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y[..., :0]

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.zeros(x.shape[:-1], dtype=torch.float64)


def _law(law: LawLike, names: Sequence[str] | None) -> Law:
    found = Law.of(law, names)
    if names is None or not isinstance(law, Law | Mapping | str | Path | Parameters):
        return found
    return found.in_order(tuple(names))


def _block(factor: Factor) -> _Block:
    distribution = distribution_of(factor)
    inside = Inside(distribution)
    if (factor.low == factor.high).all():
        value = torch.from_numpy(factor.low)
        return _Block(distribution, _Constant(value), factor.size, 0, inside, value)
    transform = bijection_of(distribution)
    draw = torch.from_numpy(factor.sample(1, seed=0)[0])
    return _Block(distribution, transform, factor.size, transform.inv(draw).shape[-1], inside)


def _log_det(block: _Block, u: Tensor, theta: Tensor) -> Tensor:
    log_det: Tensor = block.transform.log_abs_det_jacobian(u, theta)
    return log_det.sum(dim=-1) if log_det.dim() == u.dim() else log_det
