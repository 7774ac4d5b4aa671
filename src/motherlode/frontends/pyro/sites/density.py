"""Evaluate log-densities of torch distributions as gold needs them.

Pyro's own ``log_prob`` is used, with two repairs: Bernoulli, Categorical, Binomial and NegativeBinomial given by
``probs`` are exact in the tails (torch clamps probabilities at 2.2e-16, so an impossible value would look merely
unlikely), and a value outside a support that depends on parameters has density 0 (torch returns a finite number with
validation off).
"""

from collections.abc import Sequence

import pyro
import torch
from pyro.distributions.torch_distribution import MaskedDistribution
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.distributions.utils import _sum_rightmost

from motherlode.frontends.pyro.errors import NoDensity
from motherlode.frontends.pyro.sites.precision import in_double, to_double

__all__ = [
    "check_density",
    "depends_on",
    "is_scaled",
    "log_density",
    "masked",
    "moves_with",
    "support_bounds",
    "unmasked",
]


def log_density(fn: Distribution, value: Tensor) -> Tensor:
    """Return log p(value) in float64 with the batch shape of `fn`, ``-inf`` outside the support.

    Parameters
    ----------
    fn
        A torch or Pyro distribution without mask.
    value
        Shape batch_shape + event_shape.
    """
    return _log_density(in_double(fn), to_double(value))


def _log_density(fn: Distribution, value: Tensor) -> Tensor:
    if isinstance(fn, torch.distributions.Bernoulli) and fn._param is vars(fn).get("probs"):
        return (value - 1.0 + fn.probs).abs().log()
    if isinstance(fn, torch.distributions.Categorical) and fn._param is vars(fn).get("probs"):
        return _categorical(fn.probs, value)
    if isinstance(fn, torch.distributions.Binomial) and fn._param is vars(fn).get("probs"):
        return torch.where(_is_inside(fn, value), _binomial(fn, value), -torch.inf)
    if isinstance(fn, torch.distributions.NegativeBinomial) and fn._param is vars(fn).get("probs"):
        return _negative_binomial(fn, value)
    if isinstance(fn, torch.distributions.Independent):
        return _sum_rightmost(_log_density(fn.base_dist, value), fn.reinterpreted_batch_ndims)
    if _has_fixed_support(fn):
        return torch.as_tensor(fn.log_prob(value))
    if isinstance(fn, torch.distributions.TransformedDistribution):
        return _transformed(fn, value)
    return torch.where(_is_inside(fn, value), torch.as_tensor(fn.log_prob(value)), -torch.inf)


def support_bounds(fn: Distribution) -> list[Tensor]:
    """Return the bounds of the support of `fn` that its parameters can move; empty where it stands still."""
    if isinstance(fn, torch.distributions.Independent):
        return support_bounds(fn.base_dist)
    if _has_fixed_support(fn):
        return []
    if isinstance(fn, torch.distributions.TransformedDistribution):
        return _images(fn)
    return [bound for bound in _bounds(fn.support) if isinstance(bound, Tensor)]


def moves_with(bounds: Sequence[Tensor], theta: Tensor) -> Tensor:
    """Return in which events a bound of a support has a derivative in θ (N, D), shape (N,)."""
    moved = torch.zeros(len(theta), dtype=torch.bool)
    for bound in bounds:
        if bound.requires_grad:
            (gradient,) = torch.autograd.grad(bound.sum(), theta, retain_graph=True, allow_unused=True)
            moved |= False if gradient is None else (gradient != 0).any(-1)
    return moved


def unmasked(fn: Distribution, mask: Tensor | bool | None) -> tuple[Distribution, Tensor | None]:
    """Return a site's distribution without its masks, and a copy of the lanes that count; None for all."""
    while isinstance(fn, MaskedDistribution):
        mask = fn._mask if mask is None else torch.as_tensor(mask) & torch.as_tensor(fn._mask)
        fn = fn.base_dist
    if mask is None or mask is True:
        return fn, None
    return fn, torch.as_tensor(mask).bool().expand(fn.batch_shape).clone()


def masked(density: Tensor, mask: Tensor | None) -> Tensor:
    """Return a site's density with the lanes that do not count at 0."""
    return density if mask is None else torch.where(mask, density, 0.0)


def depends_on(value: Tensor, theta: Tensor) -> bool:
    """Return whether autograd finds a way from θ to a value; weights and constants are none."""
    if not value.requires_grad or not theta.requires_grad:
        return False
    (gradient,) = torch.autograd.grad(value.sum(), theta, retain_graph=True, allow_unused=True)
    return gradient is not None


def check_density(site: str, fn: Distribution, density: Tensor, scale: Tensor | float, theta: Tensor) -> None:
    """Refuse a scale or a Delta where θ enters.

    Parameters
    ----------
    site, fn, density
        A site's name, its distribution and the log-density of its value.
    scale
        What Pyro multiplies the log-density with.
    theta
        The parameters that gradients are wanted of.

    Raises
    ------
    NoDensity
        If the site is no normalized density.
    """
    if isinstance(fn, pyro.distributions.Delta) and (depends_on(fn.v, theta) or depends_on(density, theta)):
        remedy = "Draw the value from a distribution with a density, such as Normal(value, noise)."
        raise NoDensity(site, "is a Delta at a value that depends on theta", remedy)
    if is_scaled(scale) and depends_on(density, theta):
        raise NoDensity.scaled(site, scale)


def is_scaled(scale: Tensor | float) -> bool:
    """Return whether Pyro would multiply a log-density with this."""
    return isinstance(scale, Tensor) or scale != 1


def _categorical(probs: Tensor, value: Tensor) -> Tensor:
    index = value.long()[..., None]
    return probs.expand(*index.shape[:-1], probs.shape[-1]).gather(-1, index)[..., 0].log()


def _log_powers(probs: Tensor, successes: Tensor, failures: Tensor) -> Tensor:
    """Return log(p^a (1-p)^b), with 0^0 = 1 and its derivatives."""
    a = successes * torch.where(successes == 0, 1.0, probs).log()
    return a + failures * torch.log1p(-torch.where(failures == 0, 0.0, probs))


def _binomial(fn: torch.distributions.Binomial, value: Tensor) -> Tensor:
    failures = fn.total_count - value
    ways = torch.lgamma(fn.total_count + 1) - torch.lgamma(value + 1) - torch.lgamma(failures + 1)
    return ways + _log_powers(fn.probs, value, failures)


def _negative_binomial(fn: torch.distributions.NegativeBinomial, value: Tensor) -> Tensor:
    ways = torch.lgamma(fn.total_count + value) - torch.lgamma(value + 1) - torch.lgamma(fn.total_count)
    return ways + _log_powers(fn.probs, value, fn.total_count)


def _has_fixed_support(fn: Distribution) -> bool:
    return not isinstance(getattr(type(fn), "support", None), property)


def _is_inside(fn: Distribution, value: Tensor) -> Tensor:
    return torch.as_tensor(True if fn.support is None else fn.support.check(value))


def _transformed(fn: torch.distributions.TransformedDistribution, value: Tensor) -> Tensor:
    rank = len(fn.event_shape)
    jacobian = torch.zeros(())
    for transform in reversed(fn.transforms):
        source = transform.inv(value)
        rank += transform.domain.event_dim - transform.codomain.event_dim
        step = transform.log_abs_det_jacobian(source, value)
        jacobian = jacobian + _sum_rightmost(step, rank - transform.domain.event_dim)
        value = source
    base = fn.base_dist
    density = torch.where(_is_inside(base, value), _log_density(base, value), -torch.inf)
    return _sum_rightmost(density, rank - len(base.event_shape)) - jacobian


def _bounds(support: constraints.Constraint | None) -> list[Tensor | float | None]:
    inner = getattr(support, "base_constraint", support)
    return [getattr(inner, name, None) for name in ("lower_bound", "upper_bound")]


def _images(fn: torch.distributions.TransformedDistribution) -> list[Tensor]:
    bounds = _bounds(fn.base_dist.support)
    images = [torch.as_tensor(bound, dtype=torch.float64) for bound in bounds if bound is not None]
    for transform in fn.transforms:
        images = [transform(image) for image in images]
    return images
