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
from motherlode.frontends.lazy import settled
from motherlode.frontends.uniform import LazyUniform
from motherlode.tracing import caller_site, draw
from motherlode.tracing.shortcut import channel

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
        self._take, replayed = channel()
        self._uniform: Callable[[], float] = _unasked if replayed else generator.random

    def _draw(
        self,
        family: str,
        sampler: Callable[..., Any],
        arguments: tuple[Any, ...],
        size: Size,
        parameters: Callable[..., tuple[Any, ...]] | None = None,
    ) -> Any:
        """Draw at the simulator's line; `parameters` turns NumPy's arguments into the family's where they differ."""
        site = caller_site(2)
        given = tuple([_number(argument, site) for argument in arguments])
        asked = given if parameters is None else parameters(*given)
        return draw(site, FAMILIES[family], asked, sampler=sampler, arguments=(*given, size), size=size)

    def random(self, size: Size = None) -> Any:
        """Draw uniforms on [0, 1): one lazy number, or an array of settled ones."""
        if size is None:
            return LazyUniform(self._take, self._uniform())
        return self._draw("Uniform", self._generator.random, (), size, lambda: (0.0, 1.0))

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw uniforms on [low, high): one lazy number, or an array of settled ones."""
        site = caller_site(1)
        low, high = _number(low, site), _number(high, site)
        if size is None and np.ndim(low) == 0 and np.ndim(high) == 0 and low < high:
            return LazyUniform(self._take, self._generator.uniform(low, high), float(low), float(high))
        return self._draw("Uniform", self._generator.uniform, (low, high), size)

    def normal(self, loc: Any = 0.0, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Normal(loc, scale)."""
        return self._draw("Normal", self._generator.normal, (loc, scale), size)

    def standard_normal(self, size: Size = None) -> Any:
        """Draw from Normal(0, 1)."""
        return self._draw("Normal", self._generator.standard_normal, (), size, lambda: (0.0, 1.0))

    def poisson(self, lam: Any = 1.0, size: Size = None) -> Any:
        """Draw from Poisson(lam)."""
        return self._draw("Poisson", self._generator.poisson, (lam,), size)

    def binomial(self, n: Any, p: Any, size: Size = None) -> Any:
        """Draw from Binomial(n, p)."""
        return self._draw("Binomial", self._generator.binomial, (n, p), size)

    def exponential(self, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Exponential(rate = 1/scale)."""
        return self._draw("Exponential", self._generator.exponential, (scale,), size, lambda s: (_inverse(s),))

    def standard_exponential(self, size: Size = None) -> Any:
        """Draw from Exponential(1)."""
        return self._draw("Exponential", self._generator.standard_exponential, (), size, lambda: (1.0,))

    def gamma(self, shape: Any, scale: Any = 1.0, size: Size = None) -> Any:
        """Draw from Gamma(concentration = shape, rate = 1/scale)."""
        return self._draw("Gamma", self._generator.gamma, (shape, scale), size, lambda a, s: (a, _inverse(s)))

    def standard_gamma(self, shape: Any, size: Size = None) -> Any:
        """Draw from Gamma(shape, 1)."""
        return self._draw("Gamma", self._generator.standard_gamma, (shape,), size, lambda a: (a, 1.0))

    def beta(self, a: Any, b: Any, size: Size = None) -> Any:
        """Draw from Beta(a, b)."""
        return self._draw("Beta", self._generator.beta, (a, b), size)

    def lognormal(self, mean: Any = 0.0, sigma: Any = 1.0, size: Size = None) -> Any:
        """Draw from LogNormal(mean, sigma)."""
        return self._draw("LogNormal", self._generator.lognormal, (mean, sigma), size)

    def weibull(self, a: Any, size: Size = None) -> Any:
        """Draw from Weibull(scale = 1, concentration = a)."""
        return self._draw("Weibull", self._generator.weibull, (a,), size, lambda a: (1.0, a))

    def integers(self, low: int, high: int | None = None, size: Size = None, *, endpoint: bool = False) -> Any:
        """Draw integers uniformly from [low, high), or [0, low): low plus a Categorical of equal weights."""
        if np.ndim(low) or (high is not None and np.ndim(high)):
            raise NotInstrumented("integers", "its bounds are arrays")
        low, high = (0, low) if high is None else (low, high)
        count = high - low + endpoint
        if count > _LARGEST_RANGE:
            raise NotInstrumented("integers", f"a range of {count} values is recorded one weight a value")
        return low + self._draw("Categorical", self._generator.integers, (0, count), size, _equal_weights)

    def choice(self, a: int | Sequence[Any], size: Size = None, replace: bool = True, p: Any = None) -> Any:
        """Choose from `a`, or from range(a), with probabilities `p`: a Categorical index."""
        if size is not None and not replace:
            raise NotInstrumented("choice", "draws without replacement are not independent Categoricals")
        options = np.arange(a) if isinstance(a, (int, np.integer)) else np.asarray(a)
        if p is None:
            index = self._draw("Categorical", self._generator.integers, (0, len(options)), size, _equal_weights)
        else:
            index = self._draw("Categorical", self._choose, (np.array(p, dtype=np.float64),), size, lambda p: (p,))
        return options[np.asarray(index, dtype=np.int64)]

    def _choose(self, probs: Any, size: Size) -> Any:
        return self._generator.choice(len(probs), size=size, p=probs)

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInstrumented(name, "motherlode does not know its density")


def _unasked() -> float:
    """Stand in for the number behind a lazy uniform where every comparison is answered from a record."""
    return 0.5


def _number(argument: Any, site: int) -> Any:
    """Return an argument with lazy uniforms settled and lists turned into arrays."""
    return np.asarray(argument) if isinstance(argument, (list, tuple)) else settled(argument, site)


def _equal_weights(low: int, count: int) -> tuple[Any]:
    return (np.full(count - low, 1.0 / (count - low)),)


def _inverse(scale: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.divide(1.0, scale) if np.ndim(scale) else (1.0 / scale if scale else np.inf)
