"""Draw a site: turn uniforms into draws of torch distributions, a fixed number of uniforms a draw.

torch's own samplers consume their generator as the values of all rows demand (rejection, vector widths), so a row
would depend on its neighbours. Inversion does not. Bernoulli (``u < p``), Categorical (first cumulative sum above
``u``) and Uniform follow the rules of :mod:`motherlode.families`; gamma, beta, binomial and Poisson use SciPy's
inverse distribution functions. A draw is never NaN and has a finite density: values that round to the open end of a
support are moved to the next number inside it, as torch does.
"""

from collections.abc import Callable
from functools import singledispatch

import numpy as np
import pyro.distributions as dist
import torch
from numpy.typing import ArrayLike
from pyro.distributions.torch_distribution import ExpandedDistribution, MaskedDistribution
from scipy import special, stats
from torch import Tensor
from torch.distributions import Distribution, constraints

from motherlode.frontends.pyro.errors import NotBatched
from motherlode.frontends.pyro.sites.density import log_density
from motherlode.frontends.pyro.sites.precision import dtype_of, in_double
from motherlode.frontends.pyro.sites.streams import UniformSource

__all__ = ["Uniforms", "draw_from_uniforms", "has_sampler", "sample_site"]

Uniforms = Callable[[torch.Size], Tensor]
"""Give fresh uniforms of a shape."""

_TINY = 2.0**-54
_SMALLEST, _LARGEST = torch.finfo(torch.float64).tiny, torch.finfo(torch.float64).max
_BELOW_ONE = 1 - 2.0**-53


def sample_site(fn: Distribution, source: UniformSource, position: int | None) -> Tensor:
    """Return a detached draw from a site's distribution, with the type of float that torch would give it.

    Families without a sampler of fixed cost are drawn event by event with torch's own.

    Parameters
    ----------
    fn
        The distribution.
    source
        Uniforms of the events.
    position
        Event axis of the batch shape, from the left; None where there is one event.

    Raises
    ------
    NotBatched
        If the family has no sampler of fixed cost and there are many events.
    """
    if not has_sampler(fn):
        return _sample_with_torch(fn, source)
    twin = in_double(fn)
    value = draw_from_uniforms(twin, lambda shape: _uniforms(source, shape, position), fn.batch_shape)
    return _rounded(value, twin, dtype_of(fn)) if value.is_floating_point() else value


def _rounded(value: Tensor, fn: Distribution, dtype: torch.dtype) -> Tensor:
    """Return values in another type of float; those that rounding took out of the support go to their neighbour."""
    rounded = value.to(dtype)
    if dtype is torch.float64 or value.shape != fn.batch_shape:
        return rounded
    lost = ~log_density(fn, rounded).isfinite()
    inwards = torch.where(rounded.double() > value, -torch.inf, torch.inf).to(dtype)
    return torch.where(lost, torch.nextafter(rounded, inwards), rounded)


def has_sampler(fn: Distribution) -> bool:
    """Return whether `fn` can be drawn at a fixed cost in uniforms."""
    if not _has_library_density(type(fn)) or draw_from_uniforms.dispatch(type(fn)) is draw_from_uniforms.dispatch(
        Distribution
    ):
        return False
    return not hasattr(fn, "base_dist") or has_sampler(fn.base_dist)


def _has_library_density(kind: type[Distribution]) -> bool:
    """Return whether torch or Pyro wrote the density of a class; a user's may be another one than its base's."""
    owner = next(base for base in kind.__mro__ if "log_prob" in vars(base))
    return owner.__module__.startswith(("torch.distributions", "pyro.distributions"))


def _uniforms(source: UniformSource, shape: torch.Size, position: int | None) -> Tensor:
    if position is None:
        return torch.from_numpy(source.take(shape.numel())).reshape(shape)
    events = shape[position]
    rest = shape[:position] + shape[position + 1 :]
    numbers = torch.from_numpy(source.take(rest.numel()))
    return numbers.reshape(events, *rest).movedim(0, position)


def _sample_with_torch(fn: Distribution, source: UniformSource) -> Tensor:
    seed = source.torch_seed()
    if seed is None:
        raise NotBatched(f"{type(fn).__name__} has no sampler of fixed cost, so rows would depend on each other")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.as_tensor(fn.sample())


@singledispatch
def draw_from_uniforms(fn: Distribution, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    """Return a draw from `fn` with shape batch + event_shape.

    Parameters
    ----------
    fn
        A torch or Pyro distribution for which :func:`has_sampler` holds.
    uniforms
        Gives uniforms of a shape.
    batch
        Shape that `fn`'s batch shape broadcasts to.
    """
    raise KeyError(type(fn).__name__)


def _normal(u: Tensor) -> Tensor:
    return torch.special.ndtri(u.clamp_(min=_TINY))


def _invert(function: Callable[..., ArrayLike], *arguments: Tensor) -> Tensor:
    return torch.as_tensor(np.asarray(function(*(argument.numpy() for argument in arguments)), dtype=np.float64))


def _gamma(concentration: Tensor, u: Tensor) -> Tensor:
    return _invert(special.gammaincinv, concentration, u.clamp_(min=_TINY)).clamp_(min=_SMALLEST)


def _smallest(quantile: Tensor, below: Callable[[Tensor], Tensor], u: Tensor) -> Tensor:
    guess = quantile.ceil().clamp_(min=0)
    lower = (guess - 1).clamp_(min=0)
    return torch.where(below(lower) >= u, lower, guess)


def _poisson(rate: Tensor, u: Tensor) -> Tensor:
    rate, u = torch.broadcast_tensors(rate, u)
    drawn = _smallest(_invert(special.pdtrik, u, rate), lambda k: _invert(special.pdtr, k, rate), u)
    drawn = torch.where(drawn.isnan(), _poisson_at_large_rates(rate, u), drawn)
    return torch.where(rate == 0, 0.0, drawn)


def _poisson_at_large_rates(rate: Tensor, u: Tensor) -> Tensor:
    """Return quantiles by the Cornish-Fisher expansion, right to a part in 1e6 of a count from rates of 1e11 on."""
    z = torch.special.ndtri(u.clamp(min=_TINY))
    return torch.floor(rate + rate.sqrt() * z + (z * z - 1) / 6 + 0.5).clamp_(min=0)


def _binomial(count: Tensor, probs: Tensor, u: Tensor) -> Tensor:
    quantile = _invert(special.bdtrik, u, count, probs)
    drawn = _smallest(quantile, lambda k: _invert(special.bdtr, k, count.long(), probs), u)
    lost = drawn.isnan()
    if bool(lost.any()):
        drawn[lost] = _invert(stats.binom.ppf, u[lost], count[lost], probs[lost]).clamp_(min=0)
    return drawn


@draw_from_uniforms.register
def _draw_bernoulli(fn: torch.distributions.Bernoulli, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return (uniforms(batch) < fn.probs).to(fn.probs.dtype)


@draw_from_uniforms.register
def _draw_categorical(fn: torch.distributions.Categorical, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    cumulative = fn.probs.cumsum(-1)
    threshold = uniforms(batch)[..., None] * cumulative[..., -1:]
    return (cumulative <= threshold).sum(-1).clamp_(max=cumulative.shape[-1] - 1)


@draw_from_uniforms.register
def _draw_one_hot(fn: torch.distributions.OneHotCategorical, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    index = _draw_categorical(fn._categorical, uniforms, batch)
    return torch.nn.functional.one_hot(index, fn.event_shape[0]).to(fn.probs.dtype)


@draw_from_uniforms.register
def _draw_uniform(fn: torch.distributions.Uniform, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.low + (fn.high - fn.low) * uniforms(batch))


@draw_from_uniforms.register
def _draw_normal(fn: torch.distributions.Normal, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.loc + fn.scale * _normal(uniforms(batch)))


@draw_from_uniforms.register
def _draw_multivariate_normal(
    fn: torch.distributions.MultivariateNormal, uniforms: Uniforms, batch: torch.Size
) -> Tensor:
    noise = _normal(uniforms(batch + fn.event_shape))
    return torch.as_tensor(fn.loc + (fn._unbroadcasted_scale_tril @ noise[..., None])[..., 0])


@draw_from_uniforms.register
def _draw_exponential(fn: torch.distributions.Exponential, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return -torch.log1p(-uniforms(batch).clamp_(min=_TINY)) / fn.rate


@draw_from_uniforms.register(torch.distributions.Laplace)
@draw_from_uniforms.register(torch.distributions.Cauchy)
def _draw_by_icdf(fn: Distribution, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.icdf(uniforms(batch).clamp_(min=_TINY)))


@draw_from_uniforms.register
def _draw_gamma(fn: torch.distributions.Gamma, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return (_gamma(fn.concentration, uniforms(batch)) / fn.rate).clamp_(min=_SMALLEST, max=_LARGEST)


@draw_from_uniforms.register
def _draw_beta(fn: torch.distributions.Beta, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    drawn = _invert(special.betaincinv, fn.concentration1, fn.concentration0, uniforms(batch).clamp_(min=_TINY))
    return drawn.clamp_(min=_SMALLEST, max=_BELOW_ONE)


@draw_from_uniforms.register
def _draw_dirichlet(fn: torch.distributions.Dirichlet, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    parts = _gamma(fn.concentration, uniforms(batch + fn.event_shape))
    return (parts / parts.sum(-1, keepdim=True)).clamp_(min=_SMALLEST)


@draw_from_uniforms.register
def _draw_correlation(fn: torch.distributions.LKJCholesky, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    """Draw row by row (Lewandowski, Kurowicka, Joe 2009); torch's sampler leaves its density from 3 rows on."""
    row = torch.arange(1, fn.dim, dtype=torch.float64)
    concentration = fn.concentration.expand(batch)[..., None] + (fn.dim - 1 - row) / 2
    u = uniforms(torch.Size((*batch, fn.dim - 1))).clamp_(min=_TINY)
    square = _invert(special.betaincinv, row / 2, concentration, u).clamp_(min=_SMALLEST, max=_BELOW_ONE)
    direction = _normal(uniforms(torch.Size((*batch, fn.dim - 1, fn.dim)))).tril()
    direction = direction / direction.norm(dim=-1, keepdim=True)
    below = square.sqrt()[..., None] * direction + torch.diag_embed((1 - square).sqrt(), 1)[..., :-1, :]
    first = torch.eye(1, fn.dim, dtype=torch.float64).expand(*batch, 1, fn.dim)
    return torch.cat([first, below], -2)


@draw_from_uniforms.register
def _draw_poisson(fn: torch.distributions.Poisson, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return _poisson(fn.rate, uniforms(batch))


@draw_from_uniforms.register
def _draw_binomial(fn: torch.distributions.Binomial, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    probs, count = fn.probs.expand(batch), fn.total_count.expand(batch)
    u = uniforms(batch)
    return torch.where(probs == 0, 0.0, torch.where(probs == 1, count, _binomial(count, probs, u)))


@draw_from_uniforms.register
def _draw_negative_binomial(fn: torch.distributions.NegativeBinomial, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    odds = fn.probs / (1 - fn.probs) if "probs" in vars(fn) else fn.logits.exp()
    rate = _gamma(fn.total_count, uniforms(batch)) * odds
    return _poisson(rate, uniforms(batch))


@draw_from_uniforms.register
def _draw_geometric(fn: torch.distributions.Geometric, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.floor(torch.log1p(-uniforms(batch)) / torch.log1p(-fn.probs))


@draw_from_uniforms.register
def _draw_student(fn: torch.distributions.StudentT, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.loc + fn.scale * _invert(special.stdtrit, fn.df, uniforms(batch).clamp_(min=_TINY)))


@draw_from_uniforms.register
def _draw_delta(fn: dist.Delta, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return torch.as_tensor(fn.v).expand(batch + fn.event_shape)


@draw_from_uniforms.register(torch.distributions.Independent)
def _draw_independent(
    fn: "torch.distributions.Independent[Distribution]", uniforms: Uniforms, batch: torch.Size
) -> Tensor:
    return draw_from_uniforms(fn.base_dist, uniforms, batch + fn.event_shape[: fn.reinterpreted_batch_ndims])


@draw_from_uniforms.register
def _draw_base(fn: MaskedDistribution | ExpandedDistribution, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    return draw_from_uniforms(fn.base_dist, uniforms, batch)


@draw_from_uniforms.register
def _draw_transformed(fn: torch.distributions.TransformedDistribution, uniforms: Uniforms, batch: torch.Size) -> Tensor:
    expanded = fn if fn.batch_shape == batch else fn.expand(batch)
    value = draw_from_uniforms(expanded.base_dist, uniforms, expanded.base_dist.batch_shape)
    for transform in expanded.transforms:
        value = transform(value)
    return _inside(value, expanded.support)


def _inside(value: Tensor, support: constraints.Constraint | None) -> Tensor:
    """Return values with those that rounded to the end of an open half-line or of the unit interval moved inside."""
    if support is constraints.positive:
        return value.clamp(min=_SMALLEST, max=_LARGEST)
    return value.clamp(min=_SMALLEST, max=_BELOW_ONE) if support is constraints.unit_interval else value
