"""Turn uniforms into draws of torch distributions, a fixed number of uniforms a draw.

torch's own samplers consume their generator as the values of all rows demand (rejection, vector widths), so a row
would depend on its neighbours. Inversion does not. Bernoulli (``u < p``), Categorical (first cumulative sum above
``u``) and Uniform follow the rules of :mod:`motherlode.families`; gamma, beta, binomial and Poisson use SciPy's
inverse distribution functions.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyro.distributions as dist
import torch
from scipy import special
from torch import Tensor

__all__ = ["Uniform", "draw", "has_sampler"]

Uniform = Callable[[torch.Size], Tensor]
"""Give fresh uniforms of a shape."""

Sampler = Callable[[Any, Uniform, torch.Size], Tensor]

_TINY = 2.0**-54
_TABLE: dict[type, Sampler] = {}


def _samples(*kinds: type) -> Callable[[Sampler], Sampler]:
    def register(sampler: Sampler) -> Sampler:
        _TABLE.update(dict.fromkeys(kinds, sampler))
        return sampler

    return register


def has_sampler(fn: Any) -> bool:
    """Return whether `fn` can be drawn at a fixed cost in uniforms."""
    if _sampler(fn) is None:
        return False
    return not hasattr(fn, "base_dist") or has_sampler(fn.base_dist)


def draw(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    """Return a draw from `fn` with shape batch + event_shape.

    Parameters
    ----------
    fn
        A torch or Pyro distribution for which :func:`has_sampler` holds.
    uniform
        Source of uniforms.
    batch
        Shape that `fn`'s batch shape broadcasts to.
    """
    sampler = _sampler(fn)
    if sampler is None:
        raise KeyError(type(fn).__name__)
    return sampler(fn, uniform, batch)


def _sampler(fn: Any) -> Sampler | None:
    kind = type(fn)
    owner = next(base for base in kind.__mro__ if "log_prob" in vars(base))
    if not owner.__module__.startswith(("torch.distributions", "pyro.distributions")):
        return None
    return next((_TABLE[base] for base in kind.__mro__ if base in _TABLE), None)


def _normal(u: Tensor) -> Tensor:
    return torch.special.ndtri(u.clamp_(min=_TINY))


def _invert(function: Callable[..., Any], *arguments: Tensor) -> Tensor:
    return torch.as_tensor(np.asarray(function(*(argument.numpy() for argument in arguments)), dtype=np.float64))


def _gamma(concentration: Tensor, u: Tensor) -> Tensor:
    return _invert(special.gammaincinv, concentration, u.clamp_(min=_TINY)).clamp_(min=5e-324)


def _smallest(quantile: Tensor, below: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    guess = quantile.ceil().clamp_(min=0)
    lower = (guess - 1).clamp_(min=0)
    return torch.where(below(lower) >= u, lower, guess)


def _poisson(rate: Tensor, u: Tensor) -> Tensor:
    rate, u = torch.broadcast_tensors(rate, u)
    drawn = _smallest(_invert(special.pdtrik, u, rate), lambda k: _invert(special.pdtr, k, rate), u)
    return torch.where(rate == 0, 0.0, drawn)


@_samples(torch.distributions.Bernoulli)
def _draw_bernoulli(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return (uniform(batch) < fn.probs).to(fn.probs.dtype)


@_samples(torch.distributions.Categorical)
def _draw_categorical(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    cumulative = fn.probs.cumsum(-1)
    threshold = uniform(batch)[..., None] * cumulative[..., -1:]
    return (cumulative <= threshold).sum(-1).clamp_(max=cumulative.shape[-1] - 1)


@_samples(torch.distributions.OneHotCategorical)
def _draw_one_hot(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    index = _draw_categorical(fn._categorical, uniform, batch)
    return torch.nn.functional.one_hot(index, fn.event_shape[0]).to(fn.probs.dtype)


@_samples(torch.distributions.Uniform)
def _draw_uniform(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.low + (fn.high - fn.low) * uniform(batch))


@_samples(torch.distributions.Normal)
def _draw_normal(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.loc + fn.scale * _normal(uniform(batch)))


@_samples(torch.distributions.MultivariateNormal)
def _draw_multivariate_normal(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    noise = _normal(uniform(batch + fn.event_shape))
    return torch.as_tensor(fn.loc + (fn._unbroadcasted_scale_tril @ noise[..., None])[..., 0])


@_samples(torch.distributions.Exponential)
def _draw_exponential(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return -torch.log1p(-uniform(batch)) / fn.rate


@_samples(torch.distributions.Laplace, torch.distributions.Cauchy)
def _draw_by_icdf(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.icdf(uniform(batch).clamp_(min=_TINY)))


@_samples(torch.distributions.Gamma)
def _draw_gamma(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return _gamma(fn.concentration, uniform(batch)) / fn.rate


@_samples(torch.distributions.Beta)
def _draw_beta(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return _invert(special.betaincinv, fn.concentration1, fn.concentration0, uniform(batch).clamp_(min=_TINY))


@_samples(torch.distributions.Dirichlet)
def _draw_dirichlet(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    parts = _gamma(fn.concentration, uniform(batch + fn.event_shape))
    return parts / parts.sum(-1, keepdim=True)


@_samples(torch.distributions.Poisson)
def _draw_poisson(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return _poisson(fn.rate, uniform(batch))


@_samples(torch.distributions.Binomial)
def _draw_binomial(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    probs, count = fn.probs.expand(batch), fn.total_count.expand(batch)
    u = uniform(batch)
    quantile = _invert(special.bdtrik, u, count, probs)
    drawn = _smallest(quantile, lambda k: _invert(special.bdtr, k, count.long(), probs), u)
    return torch.where(probs == 0, 0.0, torch.where(probs == 1, count, drawn))


@_samples(torch.distributions.NegativeBinomial)
def _draw_negative_binomial(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    rate = _gamma(fn.total_count, uniform(batch)) * fn.logits.exp()
    return _poisson(rate, uniform(batch))


@_samples(torch.distributions.Geometric)
def _draw_geometric(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.floor(torch.log1p(-uniform(batch)) / torch.log1p(-fn.probs))


@_samples(torch.distributions.StudentT)
def _draw_student(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.loc + fn.scale * _invert(special.stdtrit, fn.df, uniform(batch).clamp_(min=_TINY)))


@_samples(dist.Delta)
def _draw_delta(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.v).expand(batch + fn.event_shape)


@_samples(torch.distributions.Independent)
def _draw_independent(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return draw(fn.base_dist, uniform, batch + fn.event_shape[: fn.reinterpreted_batch_ndims])


@_samples(dist.torch_distribution.MaskedDistribution, dist.torch_distribution.ExpandedDistribution)
def _draw_base(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    return draw(fn.base_dist, uniform, batch)


@_samples(torch.distributions.TransformedDistribution)
def _draw_transformed(fn: Any, uniform: Uniform, batch: torch.Size) -> Tensor:
    expanded = fn if fn.batch_shape == batch else fn.expand(batch)
    value = draw(expanded.base_dist, uniform, expanded.base_dist.batch_shape)
    for transform in expanded.transforms:
        value = transform(value)
    return value
