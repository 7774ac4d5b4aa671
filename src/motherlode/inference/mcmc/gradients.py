r"""Values and gradients of a potential as NumPy arrays, with as few tensor operations between network calls as can be.

.. math:: \nabla_u = (∂θ/∂u)^T \sum_j c_j \nabla_θ \log \hat r(x_j|θ) + \nabla_u \log π(u)

Uniform and normal factors, the usual priors, have closed forms; with any other prior the whole density is recorded.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyro.distributions
import torch
from torch import Tensor
from torch.distributions import Distribution, Independent

from motherlode.core.types import Array
from motherlode.inference.errors import InferenceError
from motherlode.inference.mcmc.recording import Tensors, recorded
from motherlode.inference.potential import Potential
from motherlode.inference.prior import Prior

__all__ = ["gradient_of", "recorded_gradient"]


_UNIFORM = (torch.distributions.Uniform, pyro.distributions.Uniform)
_NORMAL = (torch.distributions.Normal, pyro.distributions.Normal)


class _Point(NamedTuple):
    """θ(u) ``(C, D)``, log π(u) ``(C,)``, and what turns a gradient in θ into one in u, prior included."""

    theta: Array
    log_prior: Array
    pull: Callable[[Array], Array]


def gradient_of(potential: Potential) -> Callable[[Array], tuple[Array, Array]]:
    """Return the function from u ``(C, d)`` to log-densities ``(C,)`` and their gradients ``(C, d)``."""
    through_prior = _closed_form(potential.prior)
    if through_prior is None:
        return recorded_gradient(potential.log_prob_free)
    likelihood = recorded_gradient(potential.log_likelihood)

    def value_and_gradient(u: Array) -> tuple[Array, Array]:
        point = through_prior(u)
        value, in_theta = likelihood(point.theta)
        return point.log_prior + value, point.pull(in_theta)

    return value_and_gradient


def recorded_gradient(density: Callable[[Tensor], Tensor]) -> Callable[[Array], tuple[Array, Array]]:
    """Return values ``(C,)`` and gradients ``(C, d)`` of a density as a function of points ``(C, d)``, recorded.

    Parameters
    ----------
    density
        From a tensor ``(C, d)`` to log-densities ``(C,)``, each row by itself; differentiable by autograd.

    Raises
    ------
    InferenceError
        When called, if the density has no gradient.
    """
    by_shape: dict[tuple[int, ...], Callable[[Tensor], Tensors]] = {}

    def both(points: Tensor) -> Tensors:
        with torch.enable_grad():
            leaf = points.detach().requires_grad_(True)
            value = density(leaf)
            if not value.requires_grad:
                raise InferenceError(
                    "the log-likelihood has no gradient in θ, which these chains follow. Compute it from θ with torch "
                    "operations, without detach() or no_grad(), or use .sample or method='pyro-random-walk'."
                )
            (gradient,) = torch.autograd.grad(value, leaf, torch.ones(value.shape, dtype=value.dtype))
        return value.detach(), gradient

    def value_and_gradient(points: Array) -> tuple[Array, Array]:
        tensor = torch.from_numpy(points)
        if points.shape not in by_shape:
            by_shape[points.shape] = recorded(both, tensor)
        value, gradient = by_shape[points.shape](tensor)
        return value.numpy(), gradient.numpy()

    return value_and_gradient


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
