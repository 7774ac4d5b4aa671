"""Find where a torch distribution has density, and the bijection from R^d onto it, also where torch does not tell.

torch takes the codomain of the last transform for the support of a transformed distribution, which is too much where
the base does not fill the first transform's domain; it knows no bijection for mixtures; and others tell no support.
"""

from typing import TypeGuard

import torch
from torch import Tensor
from torch.distributions import (
    ComposeTransform,
    Distribution,
    Independent,
    MixtureSameFamily,
    Transform,
    TransformedDistribution,
    biject_to,
    constraints,
)
from torch.distributions.constraints import Constraint
from torch.distributions.transforms import IndependentTransform
from zuko.distributions import NormalizingFlow

from motherlode.core.types import Foreign
from motherlode.laws import LawError

__all__ = ["Inside", "bijection_of", "box_constraint", "box_of", "told_support"]

_FAR, _PROBED = (1.0, 1e3), 100
_untyped: Foreign = constraints
"""The same module, for the functions there that torch gives no types."""


def told_support(distribution: Distribution) -> Constraint | None:
    """Return the support that a distribution tells, where it is right; None where it tells none or too much."""
    inner = _of_numbers(distribution)
    if isinstance(inner, NormalizingFlow):
        return inner.transform.domain
    if isinstance(inner, MixtureSameFamily) or not _fills_domain(inner):
        return None
    try:
        support: Constraint | None = distribution.support
    except NotImplementedError:
        support = None
    return support


def _of_numbers(distribution: Distribution) -> Distribution:
    while isinstance(distribution, Independent):
        distribution = distribution.base_dist
    return distribution


def _fills_domain(distribution: Distribution) -> bool:
    """Say whether the base of a transformed distribution has density on all of the first transform's domain."""
    if not _is_transformed(distribution):
        return True
    base, domain = told_support(distribution.base_dist), distribution.transforms[0].domain
    return base is not None and _ends(base) == _ends(domain)


def _is_transformed(distribution: Distribution) -> TypeGuard[TransformedDistribution]:
    kind = type(distribution)
    return issubclass(kind, TransformedDistribution) and kind.support is TransformedDistribution.support


def _ends(support: Constraint) -> tuple[list[float], list[float]]:
    low, high = _bounds(support)
    return low.flatten().tolist(), high.flatten().tolist()


def _bounds(support: Constraint) -> tuple[Tensor, Tensor]:
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    low, high = -torch.inf, torch.inf
    if support is constraints.simplex:
        low, high = 0.0, 1.0
    low = getattr(support, "lower_bound", low)
    high = getattr(support, "upper_bound", high)
    return torch.as_tensor(low, dtype=torch.float64), torch.as_tensor(high, dtype=torch.float64)


def box_of(distribution: Distribution) -> tuple[Tensor, Tensor]:
    """Return the ends of the smallest box around the support, each with the batch and event shape, float64."""
    shape = distribution.batch_shape + distribution.event_shape
    low, high = _box(distribution)
    return low.expand(shape), high.expand(shape)


def _box(distribution: Distribution) -> tuple[Tensor, Tensor]:
    if isinstance(distribution, Independent):
        return _box(distribution.base_dist)
    if isinstance(distribution, MixtureSameFamily):
        low, high = box_of(distribution.component_distribution)
        components = -1 - len(distribution.event_shape)
        return low.amin(components), high.amax(components)
    support = told_support(distribution)
    if support is not None:
        return _bounds(support)
    if _is_transformed(distribution) and all(part.codomain.event_dim == 0 for part in distribution.transforms):
        ends = torch.stack(box_of(distribution.base_dist))
        for transform in distribution.transforms:
            ends = transform(ends)
        ends = ends.detach().to(torch.float64)
        low, high = ends.amin(0), ends.amax(0)
        return torch.where(low.isnan(), -torch.inf, low), torch.where(high.isnan(), torch.inf, high)
    return torch.tensor(-torch.inf, dtype=torch.float64), torch.tensor(torch.inf, dtype=torch.float64)


class Inside:
    """Say whether points lie in the support of a distribution; what it tells of it is looked up once.

    Parameters
    ----------
    distribution
        With event shape ``(n,)``.
    """

    def __init__(self, distribution: Distribution) -> None:
        self._distribution: Foreign = distribution
        self._support: Foreign = told_support(distribution)

    def __call__(self, theta: Tensor) -> Tensor:
        """Return whether theta ``(*B, n)`` lies in the support, with shape ``(*B,)``."""
        finite = torch.isfinite(theta).all(dim=-1)
        if self._support is not None:
            checked: Tensor = self._support.check(theta)
            return checked.reshape(*finite.shape, -1).all(dim=-1) & finite
        with torch.no_grad():
            density: Tensor = self._distribution.log_prob(torch.where(theta.isfinite(), theta, 0.0))
        return finite & torch.isfinite(density)


def bijection_of(distribution: Distribution) -> Transform:
    """Return a bijection from R^d onto the support, or onto the box around it where the support has gaps.

    Raises
    ------
    LawError
        If torch knows none, or the distribution tells no support and has no density far from its draws.
    """
    if isinstance(distribution, Independent) and told_support(distribution) is None:
        return IndependentTransform(bijection_of(distribution.base_dist), distribution.reinterpreted_batch_ndims)
    support = told_support(distribution)
    if support is None and _is_transformed(distribution):
        return ComposeTransform([bijection_of(distribution.base_dist), *distribution.transforms])
    if support is None and isinstance(distribution, MixtureSameFamily):
        support = box_constraint(*box_of(distribution), len(distribution.event_shape))
    if support is None:
        _check_everywhere(distribution)
        support = constraints.real
    try:
        return biject_to(support)
    except NotImplementedError as error:
        raise LawError(
            f"no bijection to R^d is known for the support {support} of {type(distribution).__name__}. Chains move in "
            "unconstrained coordinates. Register one with torch.distributions.biject_to.register."
        ) from error


def box_constraint(low: Tensor, high: Tensor, event_dim: int) -> Constraint:
    """Return the constraint of a box with ends of shape ``(*B, *E)``, some infinite, whose last dimensions are E."""
    bounded, above, below = low.isfinite() & high.isfinite(), low.isfinite(), high.isfinite()
    if bounded.all():
        side = _untyped.interval(low, high)
    elif not (above | below).any():
        side = constraints.real
    elif (above & ~below).all():
        side = _untyped.greater_than(low)
    elif (below & ~above).all():
        side = _untyped.less_than(high)
    else:
        sides = [box_constraint(a, b, 0) for a, b in zip(low.unbind(-1), high.unbind(-1), strict=True)]
        side = _untyped.stack(sides, dim=-1)
    box: Constraint = _untyped.independent(side, event_dim) if event_dim else side
    return box


def _check_everywhere(distribution: Distribution) -> None:
    """Refuse a law that tells no support and has no density at one and at a thousand spreads beyond its draws."""
    with torch.no_grad():
        draws = distribution.sample(torch.Size([_PROBED]))
        centre, spread = draws.mean(0), (draws.amax(0) - draws.amin(0)).clamp_min(1e-12)
        probes = torch.stack([centre + side * far * spread for far in _FAR for side in (-1.0, 1.0)])
        try:
            density = distribution.log_prob(probes)
        except (ValueError, RuntimeError):
            density = torch.full((len(probes),), torch.nan)
    if not torch.isfinite(density).all():
        raise LawError(
            f"{type(distribution).__name__} tells no support, and its log-density is {density.tolist()} at "
            f"{probes.tolist()}. Chains move in unconstrained coordinates of the support. Give the class a property "
            "support, such as torch.distributions.constraints.interval(low, high)."
        )
