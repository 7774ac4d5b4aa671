r"""Values and gradients of a potential as NumPy arrays, with as few tensor operations between network calls as can be.

.. math:: \nabla_u = (∂θ/∂u)^T \sum_j c_j \nabla_θ \log \hat r(x_j|θ) + \nabla_u \log π(u)

Uniform and normal factors, the usual priors, have closed forms; every other prior goes through autograd.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyro.distributions
import torch
from numpy.typing import NDArray
from torch.distributions import Distribution, Independent

from motherlode.inference.potential import Potential
from motherlode.inference.prior import Prior

__all__ = ["gradient_of"]

Array = NDArray[np.float64]


_UNIFORM = (torch.distributions.Uniform, pyro.distributions.Uniform)
_NORMAL = (torch.distributions.Normal, pyro.distributions.Normal)


class _Point(NamedTuple):
    """θ(u) ``(C, D)``, log π(u) ``(C,)``, and what turns a gradient in θ into one in u, prior included."""

    theta: Array
    log_prior: Array
    pull: Callable[[Array], Array]


def gradient_of(potential: Potential) -> Callable[[Array], tuple[Array, Array]]:
    """Return the function from u ``(C, d)`` to log-densities ``(C,)`` and their gradients ``(C, d)``."""
    through_prior = _closed_form(potential.prior) or _by_autograd(potential.prior)
    distinct, counts = potential.observation.distinct, potential.observation.counts
    events, weights = len(distinct), counts.numpy()
    tiles: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def value_and_gradient(u: Array) -> tuple[Array, Array]:
        point = through_prior(u)
        chains = len(u)
        if chains not in tiles:
            tiles[chains] = distinct.repeat(chains, *[1] * (distinct.dim() - 1)), counts.repeat(chains)
        x, share = tiles[chains]
        rows = torch.from_numpy(np.repeat(point.theta, events, axis=0)).requires_grad_(True)
        value = potential.event_log_likelihood(rows, x)
        (gradient,) = torch.autograd.grad(value, rows, grad_outputs=share)
        total = value.detach().numpy().reshape(chains, events) @ weights
        in_theta = gradient.numpy().reshape(chains, events, -1).sum(axis=1)
        return point.log_prior + total, point.pull(in_theta)

    return value_and_gradient


def _by_autograd(prior: Prior) -> Callable[[Array], _Point]:
    def at(u: Array) -> _Point:
        point = torch.from_numpy(u).requires_grad_(True)
        theta, log_prior = prior.log_prob_free(point)

        def pull(in_theta: Array) -> Array:
            outputs = (torch.from_numpy(in_theta), torch.ones_like(log_prior))
            pulled: Array = torch.autograd.grad((theta, log_prior), point, grad_outputs=outputs)[0].numpy()
            return pulled

        return _Point(theta.detach().numpy(), log_prior.detach().numpy(), pull)

    return at


def _closed_form(prior: Prior) -> Callable[[Array], _Point] | None:
    """Return the closed form of independent uniform and normal factors, or None where there is another one."""
    bases = [factor.base_dist if isinstance(factor, Independent) else factor for factor in prior.factors]
    if not all(type(base) in _UNIFORM + _NORMAL for base in bases):
        return None
    bounded = np.concatenate([np.full(_size(base), (type(base) in _UNIFORM)) for base in bases])
    first = np.concatenate([_parameter(base, "low", "loc") for base in bases])
    second = np.concatenate([_parameter(base, "high", "scale") for base in bases])
    width, scale = np.where(bounded, second - first, 1.0), np.where(bounded, 1.0, second)
    low, mean = np.where(bounded, first, 0.0), np.where(bounded, 0.0, first)
    constant = -float(np.log(scale[~bounded]).sum() + 0.5 * np.log(2.0 * np.pi) * (~bounded).sum())

    def at(u: Array) -> _Point:
        standard = (u - mean) / scale
        decay = np.exp(-np.abs(u))
        upper = np.where(u >= 0.0, 1.0, decay) / (1.0 + decay)
        theta = np.where(bounded, low + width * upper, u)
        terms = np.where(bounded, -np.abs(u) - 2.0 * np.log1p(decay), -0.5 * standard * standard)
        slope = np.where(bounded, width * decay / (1.0 + decay) ** 2, 1.0)
        own = np.where(bounded, 1.0 - 2.0 * upper, -standard / scale)
        return _Point(theta, terms.sum(axis=1) + constant, lambda in_theta: in_theta * slope + own)

    return at


def _size(base: Distribution) -> int:
    return int(base.batch_shape.numel())


def _parameter(base: Distribution, of_uniform: str, of_normal: str) -> Array:
    value = getattr(base, of_uniform if (type(base) in _UNIFORM) else of_normal)
    array: Array = value.detach().to(torch.float64).expand(base.batch_shape).reshape(-1).numpy()
    return array
