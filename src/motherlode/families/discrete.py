"""List the families whose values are whole numbers, a row each."""

from motherlode.families import densities, samplers
from motherlode.families.calls import Call
from motherlode.families.domains import (
    ABOVE_ONE,
    BELOW_ONE,
    COUNT,
    FINITE,
    POSITIVE,
    PROBABILITY,
    RATE,
    SUCCESS,
    WEIGHTS,
)
from motherlode.families.family import Family

__all__ = ["DISCRETE"]

DISCRETE: tuple[Family, ...] = (
    Family(
        "Categorical", 3, {"probs": WEIGHTS}, densities.categorical, samplers.categorical, discrete=True, vector=True,
        pyro=Call("Categorical", ("probs",)), pyprob=True,
    ),
    Family(
        "Poisson", 4, {"rate": RATE}, densities.poisson, discrete=True,
        numpy=(Call("poisson", ("lam",)),),
        scipy=Call("poisson", ("mu",)),
        pyro=Call("Poisson", ("rate",)), pyprob=True,
    ),
    Family(
        "Bernoulli", 5, {"probs": PROBABILITY}, densities.bernoulli, samplers.bernoulli, discrete=True,
        scipy=Call("bernoulli", ("p",)),
        pyro=Call("Bernoulli", ("probs",)), pyprob=True,
    ),
    Family(
        "Binomial", 10, {"total_count": COUNT, "probs": PROBABILITY}, densities.binomial,
        discrete=True, moving=("total_count",),
        numpy=(Call("binomial", ("n", "p")),),
        python=(Call("binomialvariate", ("n", "p")),),
        scipy=Call("binom", ("n", "p")),
        pyro=Call("Binomial", ("total_count", "probs")), pyprob=True,
    ),
    Family(
        "Geometric", 12, {"probs": SUCCESS}, densities.geometric, discrete=True,
        numpy=(Call("geometric", ("p",)),),
        scipy=Call("geom", ("p",)),
        pyro=Call("Geometric", ("probs",), offset=1.0),
    ),
    Family(
        "NegativeBinomial", None, {"total_count": POSITIVE, "probs": SUCCESS}, discrete=True,
        numpy=(Call("negative_binomial", ("n", "p")),),
        scipy=Call("nbinom", ("n", "p")),
        pyro=Call("NegativeBinomial", ("total_count", "probs"), lambda n, q: (n, 1 - q), lambda n, p: (n, 1 - p)),
    ),
    Family(
        "Hypergeometric", None, {"good": COUNT, "bad": COUNT, "draws": COUNT}, discrete=True,
        numpy=(Call("hypergeometric", ("ngood", "nbad", "nsample")),),
        scipy=Call(
            "hypergeom", ("M", "n", "N"), lambda total, good, draws: (good, total - good, draws),
            lambda good, bad, draws: (good + bad, good, draws),
        ),
    ),
    Family(
        "LogSeries", None, {"probs": BELOW_ONE}, discrete=True,
        numpy=(Call("logseries", ("p",)),),
        scipy=Call("logser", ("p",)),
    ),
    Family(
        "Zipf", None, {"exponent": ABOVE_ONE}, discrete=True,
        numpy=(Call("zipf", ("a",)),),
        scipy=Call("zipf", ("a",)),
    ),
    Family(
        "DiscreteUniform", None, {"low": FINITE, "high": FINITE}, discrete=True, moving=("low", "high"),
        numpy=(Call("integers", ("low", "high"), lambda a, b: (a, b - 1), lambda a, b: (a, b + 1)),),
        python=(Call("randint", ("a", "b")),),
        scipy=Call("randint", ("low", "high"), lambda a, b: (a, b - 1), lambda a, b: (a, b + 1)),
    ),
)  # fmt: skip
"""The rows, those of the wire first."""
