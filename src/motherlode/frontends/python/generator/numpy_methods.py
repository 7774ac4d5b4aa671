"""Trace the distributions of NumPy's Generator: each method is its family and how its arguments become parameters."""

from typing import Any

import numpy as np

from motherlode.frontends.python.generator.drawing import Size, Traced, inverse

__all__ = ["NumpyDraws"]


class NumpyDraws(Traced):
    """Draw by NumPy's names, with NumPy's arguments, and consume the stream as NumPy does."""

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Normal(loc, scale)."""
        return self._draw("Normal", self._generator.normal, (loc, scale), size)

    def standard_normal(self, size: Size = None) -> Any:
        """Draw from Normal(0, 1)."""
        return self._draw("Normal", self._generator.standard_normal, (), size, lambda: (0.0, 1.0))

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Size = None) -> Any:
        """Draw from LogNormal(mean, sigma)."""
        return self._draw("LogNormal", self._generator.lognormal, (mean, sigma), size)

    def exponential(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Exponential(rate = 1/scale)."""
        return self._draw("Exponential", self._generator.exponential, (scale,), size, lambda s: (inverse(s),))

    def standard_exponential(self, size: Size = None) -> Any:
        """Draw from Exponential(1)."""
        return self._draw("Exponential", self._generator.standard_exponential, (), size, lambda: (1.0,))

    def gamma(self, shape: Any, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Gamma(concentration = shape, rate = 1/scale)."""
        return self._draw("Gamma", self._generator.gamma, (shape, scale), size, lambda a, s: (a, inverse(s)))

    def standard_gamma(self, shape: Any, size: Size = None) -> Any:
        """Draw from Gamma(shape, 1)."""
        return self._draw("Gamma", self._generator.standard_gamma, (shape,), size, lambda a: (a, 1.0))

    def chisquare(self, df: Any, size: Size = None) -> Any:
        """Draw from Gamma(df/2, rate = 1/2)."""
        return self._draw("Gamma", self._generator.chisquare, (df,), size, lambda n: (n / 2, 0.5))

    def noncentral_chisquare(self, df: Any, nonc: Any, size: Size = None) -> Any:
        """Draw from the noncentral χ²."""
        return self._draw("NoncentralChiSquare", self._generator.noncentral_chisquare, (df, nonc), size)

    def f(self, dfnum: Any, dfden: Any, size: Size = None) -> Any:
        """Draw from F(dfnum, dfden)."""
        return self._draw("F", self._generator.f, (dfnum, dfden), size)

    def noncentral_f(self, dfnum: Any, dfden: Any, nonc: Any, size: Size = None) -> Any:
        """Draw from the noncentral F."""
        return self._draw("NoncentralF", self._generator.noncentral_f, (dfnum, dfden, nonc), size)

    def beta(self, a: Any, b: Any, size: Size = None) -> Any:
        """Draw from Beta(a, b)."""
        return self._draw("Beta", self._generator.beta, (a, b), size)

    def weibull(self, a: Any, size: Size = None) -> Any:
        """Draw from Weibull(scale = 1, concentration = a)."""
        return self._draw("Weibull", self._generator.weibull, (a,), size, lambda k: (1.0, k))

    def rayleigh(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Rayleigh(scale)."""
        return self._draw("Rayleigh", self._generator.rayleigh, (scale,), size)

    def pareto(self, a: Any, size: Size = None) -> Any:
        """Draw from Lomax(a), which NumPy calls Pareto."""
        return self._draw("Lomax", self._generator.pareto, (a,), size)

    def power(self, a: Any, size: Size = None) -> Any:
        """Draw from the power law a·x^(a-1) on [0, 1]."""
        return self._draw("Power", self._generator.power, (a,), size)

    def laplace(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Laplace(loc, scale)."""
        return self._draw("Laplace", self._generator.laplace, (loc, scale), size)

    def logistic(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Logistic(loc, scale)."""
        return self._draw("Logistic", self._generator.logistic, (loc, scale), size)

    def gumbel(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Gumbel(loc, scale)."""
        return self._draw("Gumbel", self._generator.gumbel, (loc, scale), size)

    def standard_cauchy(self, size: Size = None) -> Any:
        """Draw from Cauchy(0, 1)."""
        return self._draw("Cauchy", self._generator.standard_cauchy, (), size, lambda: (0.0, 1.0))

    def standard_t(self, df: Any, size: Size = None) -> Any:
        """Draw from Student's t."""
        return self._draw("StudentT", self._generator.standard_t, (df,), size)

    def vonmises(self, mu: Any, kappa: Any, size: Size = None) -> Any:
        """Draw from VonMises(mu, kappa)."""
        return self._draw("VonMises", self._generator.vonmises, (mu, kappa), size)

    def wald(self, mean: Any, scale: Any, size: Size = None) -> Any:
        """Draw from the inverse Gaussian."""
        return self._draw("Wald", self._generator.wald, (mean, scale), size)

    def poisson(self, lam: Any = 1.0, size: Size = None) -> Any:
        """Draw from Poisson(lam)."""
        return self._draw("Poisson", self._generator.poisson, (lam,), size)

    def binomial(self, n: Any, p: Any, size: Size = None) -> Any:
        """Draw from Binomial(n, p)."""
        return self._draw("Binomial", self._generator.binomial, (n, p), size)

    def negative_binomial(self, n: Any, p: Any, size: Size = None) -> Any:
        """Draw failures before n successes."""
        return self._draw("NegativeBinomial", self._generator.negative_binomial, (n, p), size)

    def geometric(self, p: Any, size: Size = None) -> Any:
        """Draw trials up to the first success."""
        return self._draw("Geometric", self._generator.geometric, (p,), size)

    def hypergeometric(self, ngood: Any, nbad: Any, nsample: Any, size: Size = None) -> Any:
        """Draw good ones among `nsample`."""
        return self._draw("Hypergeometric", self._generator.hypergeometric, (ngood, nbad, nsample), size)

    def logseries(self, p: Any, size: Size = None) -> Any:
        """Draw from the logarithmic series."""
        return self._draw("LogSeries", self._generator.logseries, (p,), size)

    def zipf(self, a: Any, size: Size = None) -> Any:
        """Draw from Zipf(a)."""
        return self._draw("Zipf", self._generator.zipf, (a,), size)

    def integers(
        self, low: Any, high: Any = None, size: Size = None, dtype: Any = np.int64, endpoint: bool = False
    ) -> Any:
        """Draw integers uniformly from [low, high), or [0, low); `endpoint` includes high."""
        first, last = (0, low) if high is None else (low, high)

        def sampler(start: Any, stop: Any, count: Size) -> Any:
            return self._generator.integers(start, stop, count, dtype, endpoint)

        return self._draw("DiscreteUniform", sampler, (first, last), size, lambda a, b: (a, b - (not endpoint)))
