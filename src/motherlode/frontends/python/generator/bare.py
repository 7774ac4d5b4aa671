"""Give NumPy's Generator the methods of ``random.Random`` as well, for bare runs of simulators written for either."""

import itertools
from collections.abc import Iterable, MutableSequence, Sequence
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from motherlode.core.types import Array, Integers, UserValue

__all__ = ["BareGenerator", "reorder", "repeated", "triangle", "weighted"]

Item = TypeVar("Item")


class BareGenerator(Generator):
    """Draw as a NumPy Generator, or by the names of ``random.Random`` from the same stream.

    Where the two disagree about a name, NumPy wins: ``triangular`` with three positional arguments is
    (left, mode, right); ``low=``, ``high=`` or fewer arguments are Python's.
    """

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Draw from Normal(mu, sigma)."""
        return self.normal(mu, sigma)

    normalvariate = gauss

    def lognormvariate(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Draw from LogNormal(mu, sigma)."""
        return self.lognormal(mu, sigma)

    def expovariate(self, lambd: float = 1.0) -> float:
        """Draw from Exponential(lambd)."""
        return self.exponential(1.0 / lambd)

    def gammavariate(self, alpha: float, beta: float) -> float:
        """Draw from Gamma with mean alpha·beta."""
        return self.gamma(alpha, beta)

    def betavariate(self, alpha: float, beta: float) -> float:
        """Draw from Beta(alpha, beta)."""
        return self.beta(alpha, beta)

    def paretovariate(self, alpha: float) -> float:
        """Draw from Pareto(alpha) on [1, ∞)."""
        return 1.0 + self.pareto(alpha)

    def weibullvariate(self, alpha: float, beta: float) -> float:
        """Draw from Weibull with scale alpha and shape beta."""
        return alpha * self.weibull(beta)

    def vonmisesvariate(self, mu: float, kappa: float) -> float:
        """Draw an angle in [0, 2π)."""
        return self.vonmises(mu, kappa) % (2 * np.pi)

    def binomialvariate(self, n: int = 1, p: float = 0.5) -> int:
        """Draw from Binomial(n, p)."""
        return int(self.binomial(n, p))

    def triangular(self, *arguments: UserValue, size: UserValue = None, **named: UserValue) -> UserValue:
        """Draw from the triangle: NumPy's (left, mode, right) or Python's (low=0, high=1, mode=middle)."""
        return super().triangular(*triangle(arguments, named), size)

    def randint(self, a: int, b: int) -> int:
        """Draw an integer of [a, b], both ends included."""
        return int(self.integers(a, b, endpoint=True))

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """Draw an element of ``range(start, stop, step)``."""
        options = range(start) if stop is None else range(start, stop, step)
        return options[int(self.integers(len(options)))]

    def choices(
        self,
        population: Sequence[Item],
        weights: Sequence[float] | None = None,
        *,
        cum_weights: Sequence[float] | None = None,
        k: int = 1,
    ) -> list[Item]:
        """Choose k elements with replacement."""
        total = weighted(len(population), weights, cum_weights)
        index = self.choice(len(population), size=k, p=total / total.sum())
        return [population[i] for i in index]

    def sample(self, population: Sequence[Item], k: int, *, counts: Sequence[int] | None = None) -> list[Item]:
        """Choose k elements without replacement."""
        options = population if counts is None else repeated(population, counts)
        return [options[i] for i in self.choice(len(options), size=k, replace=False)]

    def randbytes(self, n: int) -> bytes:
        """Draw n bytes."""
        return self.bytes(n)

    def getrandbits(self, k: int) -> int:
        """Draw a k-bit integer."""
        return int.from_bytes(self.bytes((k + 7) // 8), "big") >> (-k % 8)


def triangle(arguments: Sequence[UserValue], named: dict[str, UserValue]) -> tuple[UserValue, UserValue, UserValue]:
    """Return (left, mode, right) of a call of ``triangular`` in NumPy's or in Python's way."""
    if len(arguments) == 3 or "left" in named:
        given = {**dict(zip(("left", "mode", "right"), arguments, strict=False)), **named}
        return given["left"], given["mode"], given["right"]
    given = {"low": 0.0, "high": 1.0, **dict(zip(("low", "high", "mode"), arguments, strict=False)), **named}
    low, high = given["low"], given["high"]
    return low, given.get("mode", (low + high) / 2), high


def weighted(count: int, weights: Sequence[float] | None, cumulative: Sequence[float] | None) -> Array:
    """Return the weights that ``random.choices`` means."""
    if cumulative is not None:
        return np.diff(np.asarray(cumulative, dtype=np.float64), prepend=0.0)
    return np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)


def repeated(population: Iterable[Item], counts: Iterable[int]) -> list[Item]:
    """Return the elements of a population, each as often as counted."""
    return list(itertools.chain.from_iterable(itertools.repeat(e, n) for e, n in zip(population, counts, strict=True)))


def reorder(sequence: np.ndarray | MutableSequence[Item], order: Integers) -> None:
    """Put a sequence in another order, in place."""
    if isinstance(sequence, np.ndarray):
        sequence[:] = sequence[order]
    else:
        sequence[:] = [sequence[i] for i in order]
