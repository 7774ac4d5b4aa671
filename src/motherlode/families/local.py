"""List the families that stay in the process: NumPy's other distributions, which PPX 1.0.0 has no number for.

They have number 0. Parameters are NumPy's. A law of a whole vector (Dirichlet, Arrangement) gives the density of each
vector along the last axis in its first element, and 0 in the others.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from motherlode.families.family import Family

__all__ = ["LOCAL"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def _inside(condition: Any, density: Any) -> Array:
    return np.where(condition, density, -np.inf)


def _count(value: Array, least: int = 0) -> Mask:
    return (value >= least) & (value == np.floor(value))


def _choose(n: Array, k: Array) -> Array:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)


def _first(total: Array, like: Array) -> Array:
    spread = np.zeros(np.broadcast_shapes((*total.shape, 1), like.shape))
    spread[..., 0] = total
    return spread


def _discrete_uniform(value: Array, low: Array, high: Array) -> Array:
    """-log(high-low+1) on the integers of [low, high]."""
    return _inside((value >= low) & (value <= high) & (value == np.floor(value)), -np.log(high - low + 1))


def _geometric(value: Array, probs: Array) -> Array:
    """log(p) + (value-1)·log(1-p) on value ≥ 1."""
    return _inside(_count(value, 1), np.log(probs) + special.xlog1py(value - 1, -probs))


def _negative_binomial(value: Array, total_count: Array, probs: Array) -> Array:
    """Log Γ(value+n)/(value! Γ(n)) + n·log(p) + value·log(1-p)."""
    choose = special.gammaln(value + total_count) - special.gammaln(value + 1) - special.gammaln(total_count)
    return _inside(_count(value), choose + total_count * np.log(probs) + special.xlog1py(value, -probs))


def _hypergeometric(value: Array, good: Array, bad: Array, draws: Array) -> Array:
    """Log C(good, value) + log C(bad, draws-value) - log C(good+bad, draws)."""
    inside = _count(value) & (value <= good) & (draws - value >= 0) & (draws - value <= bad)
    return _inside(inside, _choose(good, value) + _choose(bad, draws - value) - _choose(good + bad, draws))


def _log_series(value: Array, probs: Array) -> Array:
    """value·log(p) - log(value) - log(-log(1-p)) on value ≥ 1."""
    return _inside(_count(value, 1), value * np.log(probs) - np.log(value) - np.log(-np.log1p(-probs)))


def _zipf(value: Array, exponent: Array) -> Array:
    """-a·log(value) - log ζ(a) on value ≥ 1."""
    return _inside(_count(value, 1), -exponent * np.log(value) - np.log(special.zeta(exponent)))


def _gumbel(value: Array, loc: Array, scale: Array) -> Array:
    """-z - exp(-z) - log(scale), z = (value-loc)/scale."""
    z = (value - loc) / scale
    return -z - np.exp(-z) - np.log(scale)


def _laplace(value: Array, loc: Array, scale: Array) -> Array:
    """-|value-loc|/scale - log(2·scale)."""
    return -np.abs(value - loc) / scale - np.log(2 * scale)


def _logistic(value: Array, loc: Array, scale: Array) -> Array:
    """-|z| - 2·log(1+exp(-|z|)) - log(scale), z = (value-loc)/scale."""
    z = np.abs((value - loc) / scale)
    return -z - 2 * np.log1p(np.exp(-z)) - np.log(scale)


def _log1p_square(z: Array) -> Array:
    """log(1+z²), also where z² overflows: heavy tails reach there."""
    return np.where(np.abs(z) < 1e100, np.log1p(z**2), 2 * np.log(np.abs(z)))


def _cauchy(value: Array, loc: Array, scale: Array) -> Array:
    """-log(π·scale·(1+z²)), z = (value-loc)/scale."""
    return -np.log(np.pi * scale) - _log1p_square((value - loc) / scale)


def _student(value: Array, df: Array) -> Array:
    """-(df+1)/2·log(1+value²/df) - log B(1/2, df/2) - log(df)/2."""
    return -(df + 1) / 2 * _log1p_square(value / np.sqrt(df)) - special.betaln(0.5, df / 2) - np.log(df) / 2


def _f(value: Array, dfnum: Array, dfden: Array) -> Array:
    """Density of the ratio of two χ² over their degrees of freedom."""
    ratio = dfnum / dfden
    density = special.xlogy(dfnum / 2 - 1, value) - (dfnum + dfden) / 2 * np.log1p(ratio * value)
    return _inside(value >= 0, density + dfnum / 2 * np.log(ratio) - special.betaln(dfnum / 2, dfden / 2))


def _noncentral_chisquare(value: Array, df: Array, nonc: Array) -> Array:
    """SciPy's ``ncx2.logpdf``."""
    from scipy.stats import ncx2

    return np.asarray(ncx2.logpdf(value, df, nonc))


def _noncentral_f(value: Array, dfnum: Array, dfden: Array, nonc: Array) -> Array:
    """SciPy's ``ncf.logpdf``."""
    from scipy.stats import ncf

    return np.asarray(ncf.logpdf(value, dfnum, dfden, nonc))


def _lomax(value: Array, concentration: Array) -> Array:
    """log(a) - (a+1)·log(1+value) on value ≥ 0."""
    return _inside(value >= 0, np.log(concentration) - (concentration + 1) * np.log1p(value))


def _power(value: Array, concentration: Array) -> Array:
    """log(a) + (a-1)·log(value) on [0, 1]."""
    inside = (value >= 0) & (value <= 1)
    return _inside(inside, np.log(concentration) + special.xlogy(concentration - 1, value))


def _rayleigh(value: Array, scale: Array) -> Array:
    """log(value) - 2·log(scale) - value²/(2·scale²) on value ≥ 0."""
    return _inside(value >= 0, np.log(value) - 2 * np.log(scale) - (value / scale) ** 2 / 2)


def _triangular(value: Array, left: Array, mode: Array, right: Array) -> Array:
    """Log of 2·(value-left)/((right-left)(mode-left)) left of the mode, mirrored right of it."""
    rising = np.where(value < mode, (value - left) / (mode - left), 1.0)
    falling = np.where(value > mode, (right - value) / (right - mode), 1.0)
    inside = (value >= left) & (value <= right)
    return _inside(inside, np.log(2 / (right - left)) + np.log(np.where(inside, rising * falling, 1.0)))


def _von_mises(value: Array, loc: Array, concentration: Array) -> Array:
    """κ·(cos(value-loc) - 1) - log(2π·I₀(κ)·exp(-κ))."""
    return concentration * (np.cos(value - loc) - 1) - np.log(2 * np.pi * special.i0e(concentration))


def _wald(value: Array, mean: Array, scale: Array) -> Array:
    """log(λ/(2π·value³))/2 - λ·(value-μ)²/(2μ²·value) on value > 0."""
    density = np.log(scale / (2 * np.pi * value**3)) / 2 - scale * (value - mean) ** 2 / (2 * mean**2 * value)
    return _inside(value > 0, density)


def _dirichlet(value: Array, concentration: Array) -> Array:
    """Σ (aᵢ-1)·log(valueᵢ) + log Γ(Σ aᵢ) - Σ log Γ(aᵢ), a vector along the last axis."""
    terms = special.xlogy(concentration - 1, value) - special.gammaln(concentration)
    shape = np.broadcast_shapes(concentration.shape, value.shape)
    total = np.broadcast_to(concentration, shape).sum(-1) if shape else concentration
    return _first(terms.sum(-1) + special.gammaln(total), value)


def _arrangement(value: Array, count: Array) -> Array:
    """-log(n!/(n-k)!) for k distinct of n things in order, along the last axis."""
    n = np.broadcast_to(count, np.broadcast_shapes(count.shape, value.shape))[..., 0]
    k = value.shape[-1]
    inside = (value >= 0).all(-1) & (value < count).all(-1)
    return _first(_inside(inside, special.gammaln(n - k + 1) - special.gammaln(n + 1)), value)


def _finite(value: Array) -> Mask:
    return np.isfinite(value)


def _positive(value: Array) -> Mask:
    return np.isfinite(value) & (value > 0)


def _natural(value: Array) -> Mask:
    return np.isfinite(value) & _count(value)


def _probability(value: Array) -> Mask:
    return (value > 0) & (value <= 1)


def _below_one(value: Array) -> Mask:
    return (value > 0) & (value < 1)


def _above_one(value: Array) -> Mask:
    return value > 1


def _at_least_zero(value: Array) -> Mask:
    return np.isfinite(value) & (value >= 0)


_WORDS = {
    _finite: "finite",
    _positive: "> 0, finite",
    _natural: "a count",
    _probability: "in (0, 1]",
    _below_one: "in (0, 1)",
    _above_one: "> 1",
    _at_least_zero: "≥ 0, finite",
}


def _family(
    name: str,
    method: str,
    density: Callable[..., Array],
    discrete: bool = False,
    moving: tuple[str, ...] = (),
    **checks: Any,
) -> Family:
    def valid(*parameters: Array) -> Mask:
        masks = [check(parameter) for check, parameter in zip(checks.values(), parameters, strict=True)]
        return np.logical_and.reduce(np.broadcast_arrays(*masks))

    def draw(generator: np.random.Generator, size: Any, *parameters: Any) -> Any:
        return getattr(generator, method)(*parameters, size)

    domain = tuple(_WORDS[check] for check in checks.values())
    return Family(name, 0, tuple(checks), domain, density, valid, draw, discrete, moving)


_ENTRIES = (
    _family(
        "DiscreteUniform", "integers", _discrete_uniform, True, ("low", "high"), low=_finite, high=_finite
    ),
    _family("Geometric", "geometric", _geometric, True, probs=_probability),
    _family(
        "NegativeBinomial", "negative_binomial", _negative_binomial, True, total_count=_positive, probs=_probability
    ),
    _family(
        "Hypergeometric", "hypergeometric", _hypergeometric, True, ("good", "bad", "draws"),
        good=_natural, bad=_natural, draws=_natural,
    ),
    _family("LogSeries", "logseries", _log_series, True, probs=_below_one),
    _family("Zipf", "zipf", _zipf, True, exponent=_above_one),
    _family("Gumbel", "gumbel", _gumbel, loc=_finite, scale=_positive),
    _family("Laplace", "laplace", _laplace, loc=_finite, scale=_positive),
    _family("Logistic", "logistic", _logistic, loc=_finite, scale=_positive),
    _family("Cauchy", "standard_cauchy", _cauchy, loc=_finite, scale=_positive),
    _family("StudentT", "standard_t", _student, df=_positive),
    _family("F", "f", _f, dfnum=_positive, dfden=_positive),
    _family("NoncentralChiSquare", "noncentral_chisquare", _noncentral_chisquare, df=_positive, nonc=_at_least_zero),
    _family("NoncentralF", "noncentral_f", _noncentral_f, dfnum=_positive, dfden=_positive, nonc=_at_least_zero),
    _family("Lomax", "pareto", _lomax, concentration=_positive),
    _family("Power", "power", _power, concentration=_positive),
    _family("Rayleigh", "rayleigh", _rayleigh, scale=_positive),
    _family(
        "Triangular", "triangular", _triangular, False, ("left", "right"), left=_finite, mode=_finite, right=_finite
    ),
    _family("VonMises", "vonmises", _von_mises, loc=_finite, concentration=_at_least_zero),
    _family("Wald", "wald", _wald, mean=_positive, scale=_positive),
    _family("Dirichlet", "dirichlet", _dirichlet, concentration=_positive),
    _family("Arrangement", "permutation", _arrangement, True, ("count",), count=_natural),
)  # fmt: skip

LOCAL: dict[str, Family] = {family.name: family for family in _ENTRIES}
"""Every local family by its name."""
