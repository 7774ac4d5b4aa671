"""Show a simulator NumPy's Generator, and show every draw to the handlers.

The methods take NumPy's arguments, consume the stream as NumPy's own do (so the bare function run on the same
stream gives the same x) and return what NumPy returns, but for scalar uniforms, which stay lazy.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.random import Generator

from motherlode.families import FAMILIES
from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.uniform import LazyUniform
from motherlode.tracing import caller_site, draw

__all__ = ["TracedGenerator"]

Size = int | tuple[int, ...] | None

_LARGEST_RANGE = 4096


class TracedGenerator:
    """Pass draws through the handlers.

    Parameters
    ----------
    generator
        The stream that answers draws nobody else answers.
    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def _draw(self, family: str, parameters: tuple[Any, ...], sampler: Callable[..., Any], *arguments: Any) -> Any:
        return draw(caller_site(2), FAMILIES[family], parameters, sampler=sampler, arguments=arguments)

    def random(self, size: Size = None) -> Any:
        """Draw uniforms on [0, 1): one lazy number, or an array of settled ones."""
        if size is None:
            return LazyUniform(self._generator.random())
        return self._draw("Uniform", (0.0, 1.0), self._generator.random, size)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw uniforms on [low, high): one lazy number, or an array of settled ones."""
        if size is None and np.ndim(low) == 0 and np.ndim(high) == 0:
            return LazyUniform(self._generator.uniform(low, high), low, high)
        return self._draw("Uniform", (low, high), self._generator.uniform, low, high, size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Normal(loc, scale)."""
        return self._draw("Normal", (loc, scale), self._generator.normal, loc, scale, size)

    def standard_normal(self, size: Size = None) -> Any:
        """Draw from Normal(0, 1)."""
        return self._draw("Normal", (0.0, 1.0), self._generator.standard_normal, size)

    def poisson(self, lam: Any = 1.0, size: Size = None) -> Any:
        """Draw from Poisson(lam)."""
        return self._draw("Poisson", (lam,), self._generator.poisson, lam, size)

    def binomial(self, n: Any, p: Any, size: Size = None) -> Any:
        """Draw from Binomial(n, p)."""
        return self._draw("Binomial", (n, p), self._generator.binomial, n, p, size)

    def exponential(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Exponential(rate = 1/scale)."""
        return self._draw("Exponential", (_inverse(scale),), self._generator.exponential, scale, size)

    def standard_exponential(self, size: Size = None) -> Any:
        """Draw from Exponential(1)."""
        return self._draw("Exponential", (1.0,), self._generator.standard_exponential, size)

    def gamma(self, shape: Any, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Gamma(concentration = shape, rate = 1/scale)."""
        return self._draw("Gamma", (shape, _inverse(scale)), self._generator.gamma, shape, scale, size)

    def standard_gamma(self, shape: Any, size: Size = None) -> Any:
        """Draw from Gamma(shape, 1)."""
        return self._draw("Gamma", (shape, 1.0), self._generator.standard_gamma, shape, size)

    def beta(self, a: Any, b: Any, size: Size = None) -> Any:
        """Draw from Beta(a, b)."""
        return self._draw("Beta", (a, b), self._generator.beta, a, b, size)

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Size = None) -> Any:
        """Draw from LogNormal(mean, sigma)."""
        return self._draw("LogNormal", (mean, sigma), self._generator.lognormal, mean, sigma, size)

    def weibull(self, a: Any, size: Size = None) -> Any:
        """Draw from Weibull(scale = 1, concentration = a)."""
        return self._draw("Weibull", (1.0, a), self._generator.weibull, a, size)

    def integers(self, low: int, high: int | None = None, size: Size = None) -> Any:
        """Draw integers uniformly from [low, high), or [0, low): low plus a Categorical of equal weights."""
        low, high = (0, low) if high is None else (low, high)
        if high - low > _LARGEST_RANGE:
            raise NotInstrumented("integers", f"a range of {high - low} values is recorded one weight a value")
        return low + self._draw("Categorical", (np.ones(high - low),), self._generator.integers, high - low, size)

    def choice(self, a: int | Sequence[Any], size: Size = None, replace: bool = True, p: Any = None) -> Any:
        """Choose from `a`, or from range(a), with probabilities `p`: a Categorical index."""
        if size is not None and not replace:
            raise NotInstrumented("choice", "draws without replacement are not independent Categoricals")
        options = range(a) if isinstance(a, (int, np.integer)) else a
        probs = np.full(len(options), 1.0 / len(options)) if p is None else np.asarray(p, dtype=np.float64)
        sample = FAMILIES["Categorical"].sample
        index = self._draw("Categorical", (probs,), lambda: sample(self._generator, probs, size=size))
        if size is None:
            return options[int(index)]
        return np.asarray(options)[np.asarray(index, dtype=np.int64)]

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInstrumented(name, "motherlode does not know its density")


def _inverse(scale: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.divide(1.0, scale) if np.ndim(scale) else (1.0 / scale if scale else np.inf)
