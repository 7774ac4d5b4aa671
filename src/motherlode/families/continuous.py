"""List the families whose values are real numbers, a row each."""

import numpy as np

from motherlode.core.types import Array
from motherlode.families import densities, samplers
from motherlode.families.calls import Call
from motherlode.families.domains import FINITE, POSITIVE, RATE
from motherlode.families.family import Family

__all__ = ["CONTINUOUS"]


def _inverse(number: float | Array) -> tuple[float | Array]:
    """Return 1/number, infinite at 0."""
    if isinstance(number, float) and number:
        return (1.0 / number,)
    with np.errstate(divide="ignore"):
        return (np.divide(1.0, number)[()],)


def _second_inverse(shape: float, number: float | Array) -> tuple[float, float | Array]:
    return shape, *_inverse(number)


CONTINUOUS: tuple[Family, ...] = (
    Family(
        "Normal", 1, {"mean": FINITE, "stddev": POSITIVE._replace(words="> 0")}, densities.normal,
        numpy=(Call("normal", ("loc", "scale")), Call("standard_normal", (), lambda: (0.0, 1.0))),
        python=(Call("normalvariate", ("mu", "sigma")), Call("gauss", ("mu", "sigma"))),
        scipy=Call("norm", ("loc", "scale")),
        pyro=Call("Normal", ("loc", "scale")), pyprob=True,
    ),
    Family(
        "Uniform", 2, {"low": FINITE._replace(words="finite, < high"), "high": FINITE},
        densities.uniform, samplers.uniform, fit=np.less, moving=("low", "high"),
        numpy=(Call("uniform", ("low", "high")), Call("random", (), lambda: (0.0, 1.0))),
        python=(Call("uniform", ("a", "b")), Call("random", (), lambda: (0.0, 1.0))),
        scipy=Call("uniform", ("loc", "scale"), lambda a, width: (a, a + width), lambda a, b: (a, b - a)),
        pyro=Call("Uniform", ("low", "high")), pyprob=True,
    ),
    Family(
        "Beta", 6, {"concentration1": POSITIVE, "concentration0": POSITIVE}, densities.beta,
        numpy=(Call("beta", ("a", "b")),),
        python=(Call("betavariate", ("alpha", "beta")),),
        scipy=Call("beta", ("a", "b")),
        pyro=Call("Beta", ("concentration1", "concentration0")), pyprob=True,
    ),
    Family(
        "Exponential", 7, {"rate": POSITIVE}, densities.exponential,
        numpy=(
            Call("exponential", ("scale",), _inverse, _inverse),
            Call("standard_exponential", (), lambda: (1.0,)),
        ),
        python=(Call("expovariate", ("lambd",)),),
        scipy=Call("expon", ("scale",), _inverse, _inverse),
        pyro=Call("Exponential", ("rate",)), pyprob=True,
    ),
    Family(
        "Gamma", 8, {"concentration": POSITIVE, "rate": POSITIVE}, densities.gamma,
        numpy=(
            Call("gamma", ("shape", "scale"), _second_inverse, _second_inverse),
            Call("standard_gamma", ("shape",), lambda shape: (shape, 1.0)),
            Call("chisquare", ("df",), lambda df: (df / 2, 0.5)),
        ),
        python=(Call("gammavariate", ("alpha", "beta"), _second_inverse, _second_inverse),),
        scipy=Call("gamma", ("a", "scale"), _second_inverse, _second_inverse),
        pyro=Call("Gamma", ("concentration", "rate")), pyprob=True,
    ),
    Family(
        "LogNormal", 9, {"loc": FINITE, "scale": POSITIVE}, densities.lognormal,
        numpy=(Call("lognormal", ("mean", "sigma")),),
        python=(Call("lognormvariate", ("mu", "sigma")),),
        scipy=Call("lognorm", ("s", "scale"), lambda s, scale: (np.log(scale), s), lambda m, s: (s, np.exp(m))),
        pyro=Call("LogNormal", ("loc", "scale")), pyprob=True,
    ),
    Family(
        "Weibull", 11, {"scale": POSITIVE, "concentration": POSITIVE}, densities.weibull, samplers.scaled("weibull"),
        numpy=(Call("weibull", ("a",), lambda a: (1.0, a)),),
        python=(Call("weibullvariate", ("alpha", "beta")),),
        scipy=Call("weibull_min", ("c", "scale"), lambda c, scale: (scale, c), lambda scale, c: (c, scale)),
        pyro=Call("Weibull", ("scale", "concentration")), pyprob=True,
    ),
    Family(
        "Gumbel", None, {"loc": FINITE, "scale": POSITIVE},
        numpy=(Call("gumbel", ("loc", "scale")),),
        scipy=Call("gumbel_r", ("loc", "scale")),
        pyro=Call("Gumbel", ("loc", "scale")),
    ),
    Family(
        "Laplace", None, {"loc": FINITE, "scale": POSITIVE}, densities.laplace,
        numpy=(Call("laplace", ("loc", "scale")),),
        scipy=Call("laplace", ("loc", "scale")),
        pyro=Call("Laplace", ("loc", "scale")),
    ),
    Family(
        "Logistic", None, {"loc": FINITE, "scale": POSITIVE},
        numpy=(Call("logistic", ("loc", "scale")),),
        scipy=Call("logistic", ("loc", "scale")),
        pyro=Call("Logistic", ("loc", "scale")),
    ),
    Family(
        "Cauchy", None, {"loc": FINITE, "scale": POSITIVE}, densities.cauchy, samplers.located("standard_cauchy"),
        numpy=(Call("standard_cauchy", (), lambda: (0.0, 1.0)),),
        scipy=Call("cauchy", ("loc", "scale")),
        pyro=Call("Cauchy", ("loc", "scale")),
    ),
    Family(
        "StudentT", None, {"df": POSITIVE}, densities.student,
        numpy=(Call("standard_t", ("df",)),),
        scipy=Call("t", ("df",)),
    ),
    Family(
        "F", None, {"dfnum": POSITIVE, "dfden": POSITIVE},
        numpy=(Call("f", ("dfnum", "dfden")),),
        scipy=Call("f", ("dfn", "dfd")),
        pyro=Call("FisherSnedecor", ("df1", "df2")),
    ),
    Family(
        "NoncentralChiSquare", None, {"df": POSITIVE, "nonc": RATE},
        numpy=(Call("noncentral_chisquare", ("df", "nonc")),),
        scipy=Call("ncx2", ("df", "nc")),
    ),
    Family(
        "NoncentralF", None, {"dfnum": POSITIVE, "dfden": POSITIVE, "nonc": RATE},
        numpy=(Call("noncentral_f", ("dfnum", "dfden", "nonc")),),
        scipy=Call("ncf", ("dfn", "dfd", "nc")),
    ),
    Family(
        "Lomax", None, {"concentration": POSITIVE},
        numpy=(Call("pareto", ("a",)),),
        python=(Call("paretovariate", ("alpha",), offset=-1.0),),
        scipy=Call("lomax", ("c",)),
    ),
    Family(
        "Power", None, {"concentration": POSITIVE},
        numpy=(Call("power", ("a",)),),
        scipy=Call("powerlaw", ("a",)),
    ),
    Family(
        "Rayleigh", None, {"scale": POSITIVE},
        numpy=(Call("rayleigh", ("scale",)),),
        scipy=Call("rayleigh", ("scale",)),
    ),
    Family(
        "Triangular", None, {"left": FINITE, "mode": FINITE, "right": FINITE}, moving=("left", "right"),
        numpy=(Call("triangular", ("left", "mode", "right")),),
        python=(
            Call("triangular", ("low", "high", "mode"), lambda a, b, m: (a, m, b), lambda a, m, b: (a, b, m)),
        ),
        scipy=Call(
            "triang", ("c", "loc", "scale"),
            lambda c, loc, scale: (loc, loc + c * scale, loc + scale), lambda a, m, b: ((m - a) / (b - a), a, b - a),
        ),
    ),
    Family(
        "VonMises", None, {"loc": FINITE, "concentration": RATE},
        numpy=(Call("vonmises", ("mu", "kappa")),),
        python=(Call("vonmisesvariate", ("mu", "kappa")),),
        scipy=Call("vonmises", ("kappa", "loc"), lambda kappa, loc: (loc, kappa), lambda loc, kappa: (kappa, loc)),
        pyro=Call("VonMises", ("loc", "concentration")), pyprob=True,
    ),
    Family(
        "Wald", None, {"mean": POSITIVE, "scale": POSITIVE},
        numpy=(Call("wald", ("mean", "scale")),),
        scipy=Call(
            "invgauss", ("mu", "scale"),
            lambda mu, scale: (mu * scale, scale), lambda mean, scale: (mean / scale, scale),
        ),
    ),
)  # fmt: skip
"""The rows, those of the wire first."""
