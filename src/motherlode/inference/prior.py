r"""A prior together with the bijection that takes its support to all of :math:`R^d`.

.. math:: \log\pi(u) = \log\pi(\theta(u)) + \log|\det ∂θ/∂u|
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution, Independent, Transform, biject_to

from motherlode.inference.errors import UnusablePrior
from motherlode.inference.randomness import seeded

__all__ = ["Prior"]


@dataclass(frozen=True)
class _Block:
    """One factor of the prior: its distribution over a vector and its bijection from R^d."""

    distribution: Distribution
    transform: Transform
    size: int
    free: int


class Prior:
    """The prior on θ, joint or a product of named factors, with its change of variables.

    Parameters
    ----------
    distribution
        A torch or Pyro distribution over θ (event shape ``(D,)``, or batch shape ``(D,)`` or ``()`` of a scalar
        family, which is read as independent), or a mapping from names to such distributions, whose factors are
        laid side by side: this is how nuisance parameters get priors of their own.
    names
        One name for each of the D parameters; a mapping's factors are put in this order, and must have these names.
        Default: from the mapping, else ``theta`` or ``theta_1 …``.

    Raises
    ------
    UnusablePrior
        If the support is discrete, the prior cannot be sampled, or the names do not match.

    Examples
    --------
    >>> import torch
    >>> prior = Prior({"signal": torch.distributions.Uniform(0.0, 3.0), "scale": torch.distributions.Normal(0.0, 1.0)})
    >>> prior.names, prior.sample(5, seed=0).shape
    (('signal', 'scale'), torch.Size([5, 2]))
    """

    def __init__(
        self, distribution: Distribution | Mapping[str, Distribution], names: Sequence[str] | None = None
    ) -> None:
        factors = dict(distribution) if isinstance(distribution, Mapping) else {"theta": distribution}
        blocks = {name: _block(name, factor) for name, factor in factors.items()}
        if names is not None and isinstance(distribution, Mapping):
            blocks = _ordered(blocks, tuple(names))
        self._blocks = tuple(blocks.values())
        self.dimension = sum(block.size for block in self._blocks)
        self.free_dimension = sum(block.free for block in self._blocks)
        self.names = _names(blocks, names, self.dimension)

    @property
    def factors(self) -> tuple[Distribution, ...]:
        """The independent factors, each over one vector, in the order of the names."""
        return tuple(block.distribution for block in self._blocks)

    def sample(self, count: int, seed: int) -> Tensor:
        """Return draws with shape ``(count, D)``, float64."""
        with seeded(seed):
            draws = [block.distribution.sample((count,)).to(torch.float64) for block in self._blocks]
        return torch.cat(draws, dim=-1)

    def log_prob(self, theta: Tensor) -> Tensor:
        """Return log π with shape ``(*B,)`` for theta ``(*B, D)``; -inf outside the support."""
        inside = self.contains(theta)
        interior = self.constrain(torch.zeros(self.free_dimension, dtype=torch.float64))[0]
        safe = torch.where(inside.unsqueeze(-1), theta, interior)
        return torch.where(inside, self._log_prob(safe), -torch.inf)

    def contains(self, theta: Tensor) -> Tensor:
        """Return whether theta ``(*B, D)`` lies in the support, with shape ``(*B,)``."""
        checks = [
            block.distribution.support.check(part)  # type: ignore[union-attr]
            for block, part in zip(self._blocks, self._split(theta), strict=True)
        ]
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
        return torch.stack([block.distribution.log_prob(part) for block, part in parts]).sum(dim=0)

    def _split(self, theta: Tensor) -> tuple[Tensor, ...]:
        return torch.split(theta, [block.size for block in self._blocks], dim=-1)


def _block(name: str, factor: Distribution) -> _Block:
    distribution = _as_vector(name, factor)
    transform = _bijection(name, distribution)
    draw = _one_draw(name, distribution)
    return _Block(distribution, transform, draw.shape[-1], transform.inv(draw).shape[-1])


def _as_vector(name: str, factor: Distribution) -> Distribution:
    if not isinstance(factor, Distribution):
        raise UnusablePrior(
            f"the prior of {name!r} is a {type(factor).__name__}. A posterior needs its density and draws. Pass a "
            "torch or Pyro distribution, or a mapping from parameter names to distributions."
        )
    shape = (factor.batch_shape, factor.event_shape)
    if shape == ((), ()):
        factor = factor.expand(torch.Size([1]))
    elif len(factor.batch_shape) + len(factor.event_shape) != 1:
        raise UnusablePrior(
            f"the prior of {name!r} has batch shape {tuple(shape[0])} and event shape {tuple(shape[1])}. θ is one "
            "vector, so exactly one dimension is expected. Flatten it, or call .to_event on its batch dimensions."
        )
    return _unchecked(Independent(factor, 1) if len(factor.batch_shape) == 1 else factor)


def _unchecked(distribution: Distribution) -> Distribution:
    """Copy a distribution without argument checks: a sample that rounds onto a bound has density, not an error."""
    distribution = copy.copy(distribution)
    distribution._validate_args = False
    for part in ("base_dist", "_component_distribution", "_mixture_distribution"):
        inner = getattr(distribution, part, None)
        if isinstance(inner, Distribution):
            setattr(distribution, part, _unchecked(inner))
    return distribution


def _bijection(name: str, distribution: Distribution) -> Transform:
    support = distribution.support
    if support is None or support.is_discrete:
        raise UnusablePrior(
            f"the prior of {name!r} is discrete ({support}). Gradients and bijections exist for continuous "
            "parameters only. Sum over the discrete values by one posterior each, or use inference.abc."
        )
    try:
        return biject_to(support)
    except NotImplementedError as error:
        raise UnusablePrior(
            f"no bijection to R^d is known for the support {support} of the prior of {name!r}. Chains move in "
            "unconstrained coordinates. Register one with torch.distributions.biject_to.register."
        ) from error


def _one_draw(name: str, distribution: Distribution) -> Tensor:
    try:
        with seeded(0):
            draw = distribution.sample()
    except NotImplementedError as error:
        raise UnusablePrior(
            f"the prior of {name!r} ({type(distribution).__name__}) cannot be sampled: it is improper or "
            "unnormalized. Its posterior may not exist, and chains have nowhere to start. Use a proper prior, wide "
            "if you know little."
        ) from error
    except (RuntimeError, ValueError) as error:
        raise UnusablePrior(
            f"the prior of {name!r} ({type(distribution).__name__}) fails when it is sampled: {error}. Chains start at "
            "its draws. Check its parameters for NaN and signs."
        ) from error
    if not torch.isfinite(distribution.log_prob(draw)).all():
        raise UnusablePrior(
            f"the prior of {name!r} has log-density {distribution.log_prob(draw).tolist()} at its own draw "
            f"{draw.tolist()}. Sampling and density contradict each other. Check its parameters for NaN."
        )
    return draw.to(torch.float64)


def _log_det(block: _Block, u: Tensor, theta: Tensor) -> Tensor:
    log_det: Tensor = block.transform.log_abs_det_jacobian(u, theta)
    return log_det.sum(dim=-1) if log_det.dim() == u.dim() else log_det


def _ordered(blocks: Mapping[str, _Block], names: tuple[str, ...]) -> dict[str, _Block]:
    """Put the factors of a mapping in the order of the names."""
    owner = {column: name for name, block in blocks.items() for column in _spread(name, block.size)}
    found = [owner[name] for name in names if name in owner]
    order = {name: blocks[name] for name in found}
    columns = tuple(column for name, block in order.items() for column in _spread(name, block.size))
    if columns != names:
        raise UnusablePrior(
            f"the prior is of {', '.join(owner)}, and the parameters are {', '.join(names)}. A factor under another "
            "name would be the prior of another parameter. Give every parameter one factor under its own name, in any "
            "order; the components of one vector factor stay together."
        )
    return order


def _names(blocks: Mapping[str, _Block], names: Sequence[str] | None, dimension: int) -> tuple[str, ...]:
    if names is None:
        return tuple(column for name, block in blocks.items() for column in _spread(name, block.size))
    if len(names) != dimension or len(set(names)) != dimension:
        raise UnusablePrior(
            f"{len(names)} names {tuple(names)} were given for a prior over {dimension} parameters. Every column of "
            "the samples needs its own name. Give one distinct name for each."
        )
    return tuple(names)


def _spread(name: str, size: int) -> list[str]:
    return [name] if size == 1 else [f"{name}_{i + 1}" for i in range(size)]
