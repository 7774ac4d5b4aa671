"""Draw by the names of NumPy's Generator: each method is a row of the table of families.

The arguments are NumPy's, and the stream is consumed as NumPy does.
"""

import numpy as np

from motherlode.core.types import Size, UserFunction, UserValue
from motherlode.families import FAMILIES, Family
from motherlode.families.calls import Call, Drawn
from motherlode.frontends.python.generator.drawing import Drawing, Methods

__all__ = ["NUMPY_METHODS", "integers"]

_DEFAULTS: dict[str, tuple[float, ...]] = {
    "normal": (0.0, 1.0),
    "lognormal": (0.0, 1.0),
    "exponential": (1.0,),
    "gamma": (1.0,),
    "rayleigh": (1.0,),
    "laplace": (0.0, 1.0),
    "logistic": (0.0, 1.0),
    "gumbel": (0.0, 1.0),
    "poisson": (1.0,),
}
"""What NumPy takes for the last arguments where they are left away."""

_WRITTEN_OUT = {"random", "uniform", "integers", "triangular", "permutation", "dirichlet"}
"""Methods that take or return something else than the others: they are written out."""


def _method(family: Family, call: Call) -> UserFunction:
    """Return the method of a call: it takes the drawing of the run and NumPy's arguments, by NumPy's names.

    The names are put into the code of a function that has as many, so that the interpreter binds the arguments: that
    is several times faster than to sort them out in each call.
    """
    name, law = call.name, call.to_parameters

    def none(drawing: Drawing, size: Size = None) -> Drawn:
        return drawing.draw(family, getattr(drawing.stream, name), (), size, law)

    def one(drawing: Drawing, first: UserValue, size: Size = None) -> Drawn:
        return drawing.draw(family, getattr(drawing.stream, name), (first,), size, law)

    def two(drawing: Drawing, first: UserValue, second: UserValue, size: Size = None) -> Drawn:
        return drawing.draw(family, getattr(drawing.stream, name), (first, second), size, law)

    def three(drawing: Drawing, first: UserValue, second: UserValue, third: UserValue, size: Size = None) -> Drawn:
        return drawing.draw(family, getattr(drawing.stream, name), (first, second, third), size, law)

    functions: tuple[UserFunction, ...] = (none, one, two, three)
    method = functions[len(call.arguments)]
    method.__code__ = method.__code__.replace(co_name=name, co_varnames=("drawing", *call.arguments, "size"))
    method.__defaults__ = (*_DEFAULTS.get(name, ()), None)
    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Draw from {family.name}({', '.join(family.parameters)}), with NumPy's arguments."
    return method


def integers(
    drawing: Drawing,
    low: UserValue,
    high: UserValue = None,
    size: Size = None,
    dtype: UserValue = np.int64,
    endpoint: bool = False,
) -> Drawn:
    """Draw integers uniformly from [low, high), or [0, low); `endpoint` includes high."""
    first, last = (0, low) if high is None else (low, high)

    def sampler(start: UserValue, stop: UserValue, count: Size) -> Drawn:
        return drawing.stream.integers(start, stop, count, dtype, endpoint)

    family = FAMILIES["DiscreteUniform"]
    return drawing.draw(family, sampler, (first, last), size, lambda a, b: (a, b - (not endpoint)))


NUMPY_METHODS: Methods = {
    "integers": integers,
    **{
        call.name: _method(family, call)
        for family in FAMILIES.values()
        for call in family.numpy
        if call.name not in _WRITTEN_OUT
    },
}
"""Distributions by NumPy's names."""
