"""Draw by the names of NumPy's Generator: each method is a row of the table of families.

The arguments are NumPy's, and the stream is consumed as NumPy does.
"""

from collections.abc import Sequence

import numpy as np

from motherlode.core.types import Size, UserFunction, UserValue
from motherlode.families import FAMILIES, Family
from motherlode.families.calls import Call, Drawn
from motherlode.frontends.python.generator.drawing import Drawing, Methods

__all__ = ["NUMPY_METHODS", "integers"]

_DEFAULTS: dict[str, dict[str, float]] = {
    "normal": {"loc": 0.0, "scale": 1.0},
    "lognormal": {"mean": 0.0, "sigma": 1.0},
    "exponential": {"scale": 1.0},
    "gamma": {"scale": 1.0},
    "rayleigh": {"scale": 1.0},
    "laplace": {"loc": 0.0, "scale": 1.0},
    "logistic": {"loc": 0.0, "scale": 1.0},
    "gumbel": {"loc": 0.0, "scale": 1.0},
    "poisson": {"lam": 1.0},
}
"""Arguments that NumPy lets one leave away."""

_WRITTEN_OUT = {"random", "uniform", "integers", "triangular", "permutation", "dirichlet"}
"""Methods that take or return something else than the others: they are written out."""


def _method(family: Family, call: Call) -> UserFunction:
    name, count, law = call.name, len(call.arguments), call.to_parameters
    defaults = _DEFAULTS.get(name, {})

    def method(drawing: Drawing, *given: UserValue, **named: UserValue) -> Drawn:
        size = None
        if named or len(given) != count:
            given, size = _bound(call, defaults, given, named)
        return drawing.draw(family, getattr(drawing.stream, name), given, size, law)

    method.__name__ = name
    method.__doc__ = f"Draw from {family.name}({', '.join(family.parameters)}), with NumPy's arguments."
    return method


def _bound(
    call: Call, defaults: dict[str, float], given: Sequence[UserValue], named: dict[str, UserValue]
) -> tuple[tuple[UserValue, ...], Size]:
    """Return the arguments of a call in order, and its size.

    Raises
    ------
    TypeError
        If the call has too many arguments, or too few.
    """
    count = len(call.arguments)
    rest = call.arguments[len(given) :]
    missing = [name for name in rest if name not in named and name not in defaults]
    values = (*given[:count], *[named.pop(name) if name in named else defaults.get(name) for name in rest])
    sizes = (*given[count:], *([named.pop("size")] if "size" in named else ()))
    if missing or named or len(sizes) > 1:
        raise TypeError(
            f"rng.{call.name}() takes {', '.join((*call.arguments, 'size'))}. "
            f"The call {'lacks ' + ', '.join(missing) if missing else 'has more than that'}."
        )
    return values, sizes[0] if sizes else None


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
