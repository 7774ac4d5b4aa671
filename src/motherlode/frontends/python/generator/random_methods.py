"""Draw by the names of ``random.Random``, from the stream that NumPy's names use."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from motherlode.core.types import Size, UserValue
from motherlode.families import FAMILIES
from motherlode.families.calls import Drawn
from motherlode.frontends.python.generator.bare import repeated, triangle, weighted
from motherlode.frontends.python.generator.drawing import Drawing, Methods
from motherlode.frontends.python.generator.numpy_methods import NUMPY_METHODS, integers

__all__ = ["RANDOM_METHODS"]

Item = TypeVar("Item")


def gauss(drawing: Drawing, mu: UserValue = 0.0, sigma: UserValue = 1.0) -> Drawn:
    """Draw from Normal(mu, sigma)."""
    return drawing.draw(FAMILIES["Normal"], drawing.stream.normal, (mu, sigma))


def lognormvariate(drawing: Drawing, mu: UserValue = 0.0, sigma: UserValue = 1.0) -> Drawn:
    """Draw from LogNormal(mu, sigma)."""
    return drawing.draw(FAMILIES["LogNormal"], drawing.stream.lognormal, (mu, sigma))


def expovariate(drawing: Drawing, lambd: UserValue = 1.0) -> Drawn:
    """Draw from Exponential(lambd)."""

    def sampler(rate: UserValue, size: None) -> Drawn:
        return drawing.stream.exponential(1.0 / rate, size)

    return drawing.draw(FAMILIES["Exponential"], sampler, (lambd,))


def gammavariate(drawing: Drawing, alpha: UserValue, beta: UserValue) -> Drawn:
    """Draw from Gamma(concentration = alpha, rate = 1/beta)."""
    return NUMPY_METHODS["gamma"](drawing, alpha, beta)


def betavariate(drawing: Drawing, alpha: UserValue, beta: UserValue) -> Drawn:
    """Draw from Beta(alpha, beta)."""
    return drawing.draw(FAMILIES["Beta"], drawing.stream.beta, (alpha, beta))


def paretovariate(drawing: Drawing, alpha: UserValue) -> Drawn:
    """Draw 1 plus a Lomax(alpha)."""
    return 1.0 + drawing.draw(FAMILIES["Lomax"], drawing.stream.pareto, (alpha,))


def weibullvariate(drawing: Drawing, alpha: UserValue, beta: UserValue) -> Drawn:
    """Draw from Weibull(scale = alpha, concentration = beta)."""

    def sampler(scale: UserValue, shape: UserValue, size: None) -> Drawn:
        return scale * drawing.stream.weibull(shape, size)

    return drawing.draw(FAMILIES["Weibull"], sampler, (alpha, beta))


def vonmisesvariate(drawing: Drawing, mu: UserValue, kappa: UserValue) -> Drawn:
    """Draw an angle in [0, 2π) from VonMises(mu, kappa)."""

    def sampler(loc: UserValue, concentration: UserValue, size: None) -> Drawn:
        return drawing.stream.vonmises(loc, concentration, size) % (2 * np.pi)

    return drawing.draw(FAMILIES["VonMises"], sampler, (mu, kappa))


def binomialvariate(drawing: Drawing, n: UserValue = 1, p: UserValue = 0.5) -> int:
    """Draw from Binomial(n, p)."""
    return int(drawing.draw(FAMILIES["Binomial"], drawing.stream.binomial, (n, p)))


def triangular(drawing: Drawing, *arguments: UserValue, size: Size = None, **named: UserValue) -> Drawn:
    """Draw from the triangle: NumPy's (left, mode, right) or Python's (low=0, high=1, mode=middle)."""
    left, mode, right = triangle(arguments, named)
    return drawing.draw(FAMILIES["Triangular"], drawing.stream.triangular, (left, mode, right), size)


def randint(drawing: Drawing, a: int, b: int) -> int:
    """Draw an integer of [a, b], both ends included."""
    return int(integers(drawing, a, b, endpoint=True))


def randrange(drawing: Drawing, start: int, stop: int | None = None, step: int = 1) -> int:
    """Draw an element of ``range(start, stop, step)``."""
    options = range(start) if stop is None else range(start, stop, step)
    return options.start + options.step * int(integers(drawing, len(options)))


def choices(
    drawing: Drawing,
    population: Sequence[Item],
    weights: Sequence[float] | None = None,
    *,
    cum_weights: Sequence[float] | None = None,
    k: int = 1,
) -> list[Item]:
    """Choose k elements with replacement."""
    given = weighted(len(population), weights, cum_weights)

    def sampler(probs: np.ndarray, size: int) -> np.ndarray:
        return drawing.stream.choice(len(population), size=size, p=probs / probs.sum())

    index = np.asarray(drawing.draw(FAMILIES["Categorical"], sampler, (given,), k))
    return [population[int(i)] for i in index]


def sample(drawing: Drawing, population: Sequence[Item], k: int, *, counts: Sequence[int] | None = None) -> list[Item]:
    """Choose k elements without replacement."""
    options = population if counts is None else repeated(population, counts)
    count = len(options)

    def sampler() -> np.ndarray:
        return drawing.stream.choice(count, size=k, replace=False)

    index = drawing.draw_jointly(FAMILIES["Arrangement"], sampler, (k,), lambda value: (count,))
    return [options[int(i)] for i in index]


def randbytes(drawing: Drawing, n: int) -> bytes:
    """Draw n bytes."""

    def sampler(size: int) -> np.ndarray:
        return np.frombuffer(drawing.stream.bytes(size), dtype=np.uint8).copy()

    drawn = drawing.draw(FAMILIES["DiscreteUniform"], sampler, (), n, lambda: (0, 255))
    return np.asarray(drawn).astype(np.uint8).tobytes()


def draw_bytes(drawing: Drawing, length: int) -> bytes:
    """Draw bytes, NumPy's name for it."""
    return randbytes(drawing, length)


def getrandbits(drawing: Drawing, k: int) -> int:
    """Draw a k-bit integer."""
    return int.from_bytes(randbytes(drawing, (k + 7) // 8), "big") >> (-k % 8)


RANDOM_METHODS: Methods = {
    "normalvariate": gauss,
    "bytes": draw_bytes,
    **{
        function.__name__: function
        for function in (
            gauss,
            lognormvariate,
            expovariate,
            gammavariate,
            betavariate,
            paretovariate,
            weibullvariate,
            vonmisesvariate,
            binomialvariate,
            triangular,
            randint,
            randrange,
            choices,
            sample,
            randbytes,
            getrandbits,
        )
    },
}
"""Methods of ``random.Random`` by name, and NumPy's ``bytes``."""
