"""Draw by the names of NumPy's Generator: each method is its family and how its arguments become parameters.

The arguments are NumPy's, and the stream is consumed as NumPy does.
"""

import numpy as np

from motherlode.core.types import Size, UserValue
from motherlode.frontends.python.generator.drawing import Drawing, Methods, inverse

__all__ = ["NUMPY_METHODS"]


def normal(drawing: Drawing, loc: UserValue = 0.0, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Normal(loc, scale)."""
    return drawing.draw("Normal", drawing.stream.normal, (loc, scale), size)


def standard_normal(drawing: Drawing, size: Size = None) -> UserValue:
    """Draw from Normal(0, 1)."""
    return drawing.draw("Normal", drawing.stream.standard_normal, (), size, lambda: (0.0, 1.0))


def lognormal(drawing: Drawing, mean: UserValue = 0.0, sigma: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from LogNormal(mean, sigma)."""
    return drawing.draw("LogNormal", drawing.stream.lognormal, (mean, sigma), size)


def exponential(drawing: Drawing, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Exponential(rate = 1/scale)."""
    return drawing.draw("Exponential", drawing.stream.exponential, (scale,), size, lambda s: (inverse(s),))


def standard_exponential(drawing: Drawing, size: Size = None) -> UserValue:
    """Draw from Exponential(1)."""
    return drawing.draw("Exponential", drawing.stream.standard_exponential, (), size, lambda: (1.0,))


def gamma(drawing: Drawing, shape: UserValue, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Gamma(concentration = shape, rate = 1/scale)."""
    return drawing.draw("Gamma", drawing.stream.gamma, (shape, scale), size, lambda a, s: (a, inverse(s)))


def standard_gamma(drawing: Drawing, shape: UserValue, size: Size = None) -> UserValue:
    """Draw from Gamma(shape, 1)."""
    return drawing.draw("Gamma", drawing.stream.standard_gamma, (shape,), size, lambda a: (a, 1.0))


def chisquare(drawing: Drawing, df: UserValue, size: Size = None) -> UserValue:
    """Draw from Gamma(df/2, rate = 1/2)."""
    return drawing.draw("Gamma", drawing.stream.chisquare, (df,), size, lambda n: (n / 2, 0.5))


def noncentral_chisquare(drawing: Drawing, df: UserValue, nonc: UserValue, size: Size = None) -> UserValue:
    """Draw from the noncentral χ²."""
    return drawing.draw("NoncentralChiSquare", drawing.stream.noncentral_chisquare, (df, nonc), size)


def f(drawing: Drawing, dfnum: UserValue, dfden: UserValue, size: Size = None) -> UserValue:
    """Draw from F(dfnum, dfden)."""
    return drawing.draw("F", drawing.stream.f, (dfnum, dfden), size)


def noncentral_f(drawing: Drawing, dfnum: UserValue, dfden: UserValue, nonc: UserValue, size: Size = None) -> UserValue:
    """Draw from the noncentral F."""
    return drawing.draw("NoncentralF", drawing.stream.noncentral_f, (dfnum, dfden, nonc), size)


def beta(drawing: Drawing, a: UserValue, b: UserValue, size: Size = None) -> UserValue:
    """Draw from Beta(a, b)."""
    return drawing.draw("Beta", drawing.stream.beta, (a, b), size)


def weibull(drawing: Drawing, a: UserValue, size: Size = None) -> UserValue:
    """Draw from Weibull(scale = 1, concentration = a)."""
    return drawing.draw("Weibull", drawing.stream.weibull, (a,), size, lambda k: (1.0, k))


def rayleigh(drawing: Drawing, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Rayleigh(scale)."""
    return drawing.draw("Rayleigh", drawing.stream.rayleigh, (scale,), size)


def pareto(drawing: Drawing, a: UserValue, size: Size = None) -> UserValue:
    """Draw from Lomax(a), which NumPy calls Pareto."""
    return drawing.draw("Lomax", drawing.stream.pareto, (a,), size)


def power(drawing: Drawing, a: UserValue, size: Size = None) -> UserValue:
    """Draw from the power law a·x^(a-1) on [0, 1]."""
    return drawing.draw("Power", drawing.stream.power, (a,), size)


def laplace(drawing: Drawing, loc: UserValue = 0.0, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Laplace(loc, scale)."""
    return drawing.draw("Laplace", drawing.stream.laplace, (loc, scale), size)


def logistic(drawing: Drawing, loc: UserValue = 0.0, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Logistic(loc, scale)."""
    return drawing.draw("Logistic", drawing.stream.logistic, (loc, scale), size)


def gumbel(drawing: Drawing, loc: UserValue = 0.0, scale: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Gumbel(loc, scale)."""
    return drawing.draw("Gumbel", drawing.stream.gumbel, (loc, scale), size)


def standard_cauchy(drawing: Drawing, size: Size = None) -> UserValue:
    """Draw from Cauchy(0, 1)."""
    return drawing.draw("Cauchy", drawing.stream.standard_cauchy, (), size, lambda: (0.0, 1.0))


def standard_t(drawing: Drawing, df: UserValue, size: Size = None) -> UserValue:
    """Draw from Student's t."""
    return drawing.draw("StudentT", drawing.stream.standard_t, (df,), size)


def vonmises(drawing: Drawing, mu: UserValue, kappa: UserValue, size: Size = None) -> UserValue:
    """Draw from VonMises(mu, kappa)."""
    return drawing.draw("VonMises", drawing.stream.vonmises, (mu, kappa), size)


def wald(drawing: Drawing, mean: UserValue, scale: UserValue, size: Size = None) -> UserValue:
    """Draw from the inverse Gaussian."""
    return drawing.draw("Wald", drawing.stream.wald, (mean, scale), size)


def poisson(drawing: Drawing, lam: UserValue = 1.0, size: Size = None) -> UserValue:
    """Draw from Poisson(lam)."""
    return drawing.draw("Poisson", drawing.stream.poisson, (lam,), size)


def binomial(drawing: Drawing, n: UserValue, p: UserValue, size: Size = None) -> UserValue:
    """Draw from Binomial(n, p)."""
    return drawing.draw("Binomial", drawing.stream.binomial, (n, p), size)


def negative_binomial(drawing: Drawing, n: UserValue, p: UserValue, size: Size = None) -> UserValue:
    """Draw failures before n successes."""
    return drawing.draw("NegativeBinomial", drawing.stream.negative_binomial, (n, p), size)


def geometric(drawing: Drawing, p: UserValue, size: Size = None) -> UserValue:
    """Draw trials up to the first success."""
    return drawing.draw("Geometric", drawing.stream.geometric, (p,), size)


def hypergeometric(
    drawing: Drawing, ngood: UserValue, nbad: UserValue, nsample: UserValue, size: Size = None
) -> UserValue:
    """Draw good ones among `nsample`."""
    return drawing.draw("Hypergeometric", drawing.stream.hypergeometric, (ngood, nbad, nsample), size)


def logseries(drawing: Drawing, p: UserValue, size: Size = None) -> UserValue:
    """Draw from the logarithmic series."""
    return drawing.draw("LogSeries", drawing.stream.logseries, (p,), size)


def zipf(drawing: Drawing, a: UserValue, size: Size = None) -> UserValue:
    """Draw from Zipf(a)."""
    return drawing.draw("Zipf", drawing.stream.zipf, (a,), size)


def integers(
    drawing: Drawing,
    low: UserValue,
    high: UserValue = None,
    size: Size = None,
    dtype: UserValue = np.int64,
    endpoint: bool = False,
) -> UserValue:
    """Draw integers uniformly from [low, high), or [0, low); `endpoint` includes high."""
    first, last = (0, low) if high is None else (low, high)

    def sampler(start: UserValue, stop: UserValue, count: Size) -> UserValue:
        return drawing.stream.integers(start, stop, count, dtype, endpoint)

    return drawing.draw("DiscreteUniform", sampler, (first, last), size, lambda a, b: (a, b - (not endpoint)))


NUMPY_METHODS: Methods = {
    function.__name__: function
    for function in (
        normal,
        standard_normal,
        lognormal,
        exponential,
        standard_exponential,
        gamma,
        standard_gamma,
        chisquare,
        noncentral_chisquare,
        f,
        noncentral_f,
        beta,
        weibull,
        rayleigh,
        pareto,
        power,
        laplace,
        logistic,
        gumbel,
        standard_cauchy,
        standard_t,
        vonmises,
        wald,
        poisson,
        binomial,
        negative_binomial,
        geometric,
        hypergeometric,
        logseries,
        zipf,
        integers,
    )
}
"""Distributions by NumPy's names."""
