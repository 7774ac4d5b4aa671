"""Trace the methods of ``random.Random``: each is its family and how its arguments become parameters."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from motherlode.frontends.python.generator.bare import repeated, triangle, weighted
from motherlode.frontends.python.generator.drawing import Traced, inverse

__all__ = ["PythonDraws"]


class PythonDraws(Traced):
    """Draw by the names of ``random.Random``, from the stream that NumPy's names use."""

    def gauss(self, mu: Any = 0.0, sigma: Any = 1.0) -> Any:
        """Draw from Normal(mu, sigma)."""
        return self._draw("Normal", self._generator.normal, (mu, sigma))

    def normalvariate(self, mu: Any = 0.0, sigma: Any = 1.0) -> Any:
        """Draw from Normal(mu, sigma)."""
        return self._draw("Normal", self._generator.normal, (mu, sigma))

    def lognormvariate(self, mu: Any = 0.0, sigma: Any = 1.0) -> Any:
        """Draw from LogNormal(mu, sigma)."""
        return self._draw("LogNormal", self._generator.lognormal, (mu, sigma))

    def expovariate(self, lambd: Any = 1.0) -> Any:
        """Draw from Exponential(lambd)."""

        def sampler(rate: Any, size: None) -> Any:
            return self._generator.exponential(1.0 / rate, size)

        return self._draw("Exponential", sampler, (lambd,))

    def gammavariate(self, alpha: Any, beta: Any) -> Any:
        """Draw from Gamma(concentration = alpha, rate = 1/beta)."""
        return self._draw("Gamma", self._generator.gamma, (alpha, beta), None, lambda a, s: (a, inverse(s)))

    def betavariate(self, alpha: Any, beta: Any) -> Any:
        """Draw from Beta(alpha, beta)."""
        return self._draw("Beta", self._generator.beta, (alpha, beta))

    def paretovariate(self, alpha: Any) -> Any:
        """Draw 1 plus a Lomax(alpha)."""
        return 1.0 + self._draw("Lomax", self._generator.pareto, (alpha,))

    def weibullvariate(self, alpha: Any, beta: Any) -> Any:
        """Draw from Weibull(scale = alpha, concentration = beta)."""

        def sampler(scale: Any, shape: Any, size: None) -> Any:
            return scale * self._generator.weibull(shape, size)

        return self._draw("Weibull", sampler, (alpha, beta))

    def vonmisesvariate(self, mu: Any, kappa: Any) -> Any:
        """Draw an angle in [0, 2π) from VonMises(mu, kappa)."""

        def sampler(loc: Any, concentration: Any, size: None) -> Any:
            return self._generator.vonmises(loc, concentration, size) % (2 * np.pi)

        return self._draw("VonMises", sampler, (mu, kappa))

    def binomialvariate(self, n: Any = 1, p: Any = 0.5) -> int:
        """Draw from Binomial(n, p)."""
        return int(self._draw("Binomial", self._generator.binomial, (n, p)))

    def triangular(self, *arguments: Any, size: Any = None, **named: Any) -> Any:
        """Draw from the triangle: NumPy's (left, mode, right) or Python's (low=0, high=1, mode=middle)."""
        left, mode, right = triangle(arguments, named)
        return self._draw("Triangular", self._generator.triangular, (left, mode, right), size)

    def randint(self, a: int, b: int) -> int:
        """Draw an integer of [a, b], both ends included."""

        def sampler(low: int, high: int, size: None) -> Any:
            return self._generator.integers(low, high, size, endpoint=True)

        return int(self._draw("DiscreteUniform", sampler, (a, b)))

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Draw an element of ``range(start, stop, step)``."""
        options = range(start) if stop is None else range(start, stop, step)
        law = ("DiscreteUniform", self._generator.integers, (0, len(options)), None, lambda a, b: (a, b - 1))
        return options[int(self._draw(*law))]

    def choices(
        self, population: Sequence[Any], weights: Any = None, *, cum_weights: Any = None, k: int = 1
    ) -> list[Any]:
        """Choose k elements with replacement."""
        given = np.asarray(weighted(len(population), weights, cum_weights), dtype=np.float64)

        def sampler(probs: Any, size: int) -> Any:
            return self._generator.choice(len(population), size=size, p=probs / probs.sum())

        return [population[int(i)] for i in self._draw("Categorical", sampler, (given,), k)]

    def sample(self, population: Sequence[Any], k: int, *, counts: Sequence[int] | None = None) -> list[Any]:
        """Choose k elements without replacement."""
        options = population if counts is None else repeated(population, counts)
        count = len(options)

        def sampler() -> Any:
            return self._generator.choice(count, size=k, replace=False)

        return [options[int(i)] for i in self._draw_joint("Arrangement", sampler, (k,), lambda value: (count,))]

    def randbytes(self, n: int) -> bytes:
        """Draw n bytes."""
        return self._byte_values(n).tobytes()

    def getrandbits(self, k: int) -> int:
        """Draw a k-bit integer."""
        return int.from_bytes(self._byte_values((k + 7) // 8).tobytes(), "big") >> (-k % 8)

    def bytes(self, length: int) -> bytes:
        """Draw bytes, NumPy's name for it."""
        return self._byte_values(length).tobytes()

    def _byte_values(self, length: int) -> Any:
        def sampler(size: int) -> Any:
            return np.frombuffer(self._generator.bytes(size), dtype=np.uint8).copy()

        drawn = self._draw("DiscreteUniform", sampler, (), length, lambda: (0, 255), depth=3)
        return np.asarray(drawn).astype(np.uint8)
