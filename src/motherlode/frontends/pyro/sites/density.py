"""Evaluate log-densities of torch distributions as gold needs them.

Pyro's own ``log_prob`` is used, with two repairs: Bernoulli and Categorical given by ``probs`` are exact in the tails
(torch clamps probabilities at 2.2e-16, so an impossible value would look merely unlikely), and a value outside a
support that depends on parameters has density 0 (torch returns a finite number with validation off).
"""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import constraints
from torch.distributions.utils import _sum_rightmost

__all__ = ["log_density", "support_bounds"]


def log_density(fn: Any, value: Tensor) -> Tensor:
    """Return log p(value) with the batch shape of `fn`, ``-inf`` outside the support.

    Parameters
    ----------
    fn
        A torch or Pyro distribution without mask.
    value
        Shape batch_shape + event_shape.
    """
    if isinstance(fn, torch.distributions.Bernoulli) and fn._param is vars(fn).get("probs"):
        return (value - 1.0 + fn.probs).abs().log()
    if isinstance(fn, torch.distributions.Categorical) and fn._param is vars(fn).get("probs"):
        return _categorical(fn.probs, value)
    if isinstance(fn, torch.distributions.Independent):
        return _sum_rightmost(log_density(fn.base_dist, value), fn.reinterpreted_batch_ndims)
    if _has_fixed_support(fn):
        return torch.as_tensor(fn.log_prob(value))
    if isinstance(fn, torch.distributions.TransformedDistribution):
        return _transformed(fn, value)
    return torch.where(fn.support.check(value), torch.as_tensor(fn.log_prob(value)), -torch.inf)


def support_bounds(fn: Any) -> list[Tensor]:
    """Return the bounds of the support of `fn` that its parameters can move; empty where it stands still."""
    if isinstance(fn, torch.distributions.Independent):
        return support_bounds(fn.base_dist)
    if _has_fixed_support(fn):
        return []
    if isinstance(fn, torch.distributions.TransformedDistribution):
        return _images(fn)
    return _bounds(fn.support)


def _categorical(probs: Tensor, value: Tensor) -> Tensor:
    index = value.long()[..., None]
    return probs.expand(*index.shape[:-1], probs.shape[-1]).gather(-1, index)[..., 0].log()


def _has_fixed_support(fn: Any) -> bool:
    return not isinstance(getattr(type(fn), "support", None), property)


def _transformed(fn: Any, value: Tensor) -> Tensor:
    rank = len(fn.event_shape)
    jacobian = torch.zeros(())
    for transform in reversed(fn.transforms):
        source = transform.inv(value)
        rank += transform.domain.event_dim - transform.codomain.event_dim
        step = transform.log_abs_det_jacobian(source, value)
        jacobian = jacobian + _sum_rightmost(step, rank - transform.domain.event_dim)
        value = source
    base = fn.base_dist
    density = torch.where(base.support.check(value), log_density(base, value), -torch.inf)
    return _sum_rightmost(density, rank - len(base.event_shape)) - jacobian


def _bounds(support: constraints.Constraint) -> list[Tensor]:
    inner = getattr(support, "base_constraint", support)
    named = (getattr(inner, name, None) for name in ("lower_bound", "upper_bound"))
    return [bound for bound in named if isinstance(bound, Tensor)]


def _images(fn: Any) -> list[Tensor]:
    support = fn.base_dist.support
    inner = getattr(support, "base_constraint", support)
    named = (getattr(inner, name, None) for name in ("lower_bound", "upper_bound"))
    images = [torch.as_tensor(bound, dtype=torch.float64) for bound in named if bound is not None]
    for transform in fn.transforms:
        images = [transform(image) for image in images]
    return images
