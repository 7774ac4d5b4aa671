"""Translate NumPy's module-level functions and SciPy's distributions into methods of a generator."""

from collections.abc import Callable
from typing import TypeAlias

from motherlode.core.types import UserValue

__all__ = ["RENAMED", "SCIPY", "STATE"]

Arguments: TypeAlias = tuple[UserValue, ...]
Shift: TypeAlias = Callable[[UserValue], UserValue]
Call: TypeAlias = tuple[str, Arguments, dict[str, UserValue]]
Translated: TypeAlias = tuple[str, Arguments, Shift | None]

STATE = frozenset(("get_bit_generator", "get_state", "getstate", "seed", "set_bit_generator", "set_state", "setstate"))
"""Functions that move or copy the shared state."""

_NUMPY: dict[str, Callable[..., Call]] = {
    "rand": lambda *shape: ("random", (shape or None,), {}),
    "randn": lambda *shape: ("standard_normal", (shape or None,), {}),
    "random_sample": lambda size=None: ("random", (size,), {}),
    "ranf": lambda size=None: ("random", (size,), {}),
    "sample": lambda size=None: ("random", (size,), {}),
    "randint": lambda low, high=None, size=None, dtype=int: ("integers", (low, high, size), {}),
    "random_integers": lambda low, high=None, size=None: (
        "integers",
        (1, low, size) if high is None else (low, high, size),
        {"endpoint": True},
    ),
}

_PYTHON: dict[str, Callable[..., Call]] = {
    "triangular": lambda low=0.0, high=1.0, mode=None: (
        "triangular",
        (),
        {"low": low, "high": high, "mode": (low + high) / 2 if mode is None else mode},
    ),
}

RENAMED = {"numpy.random": _NUMPY, "random": _PYTHON}
"""Functions of a module that a generator knows by another name or order: its method, arguments and keywords."""


def _affine(loc: UserValue, scale: UserValue = 1) -> Shift:
    return lambda value: loc + scale * value


SCIPY: dict[str, Callable[..., Translated]] = {
    "norm": lambda loc=0.0, scale=1.0: ("normal", (loc, scale), None),
    "uniform": lambda loc=0.0, scale=1.0: ("uniform", (loc, loc + scale), None),
    "expon": lambda loc=0.0, scale=1.0: ("exponential", (scale,), _affine(loc)),
    "gamma": lambda a, loc=0.0, scale=1.0: ("gamma", (a, scale), _affine(loc)),
    "beta": lambda a, b, loc=0.0, scale=1.0: ("beta", (a, b), _affine(loc, scale)),
    "chi2": lambda df, loc=0.0, scale=1.0: ("chisquare", (df,), _affine(loc, scale)),
    "t": lambda df, loc=0.0, scale=1.0: ("standard_t", (df,), _affine(loc, scale)),
    "lognorm": lambda s, loc=0.0, scale=1.0: ("lognormal", (0.0, s), _affine(loc, scale)),
    "laplace": lambda loc=0.0, scale=1.0: ("laplace", (loc, scale), None),
    "logistic": lambda loc=0.0, scale=1.0: ("logistic", (loc, scale), None),
    "gumbel_r": lambda loc=0.0, scale=1.0: ("gumbel", (loc, scale), None),
    "rayleigh": lambda loc=0.0, scale=1.0: ("rayleigh", (scale,), _affine(loc)),
    "bernoulli": lambda p, loc=0: ("binomial", (1, p), _affine(loc)),
    "binom": lambda n, p, loc=0: ("binomial", (n, p), _affine(loc)),
    "poisson": lambda mu, loc=0: ("poisson", (mu,), _affine(loc)),
    "geom": lambda p, loc=0: ("geometric", (p,), _affine(loc)),
    "nbinom": lambda n, p, loc=0: ("negative_binomial", (n, p), _affine(loc)),
    "randint": lambda low, high, loc=0: ("integers", (low, high), _affine(loc)),
}
"""SciPy's distributions by the method that draws them, its arguments, and what is done to the value.

A location or scale that depends on θ is then outside the draw and found by the leak check, but for families that
have them as parameters.
"""
