"""List the laws of one parameter that have a name of their own: on the command line, in YAML and in manifests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from scipy import stats

from motherlode.core.types import JSON, Array, Bools
from motherlode.laws.errors import LawError
from motherlode.laws.factor import encoded

__all__ = ["LAWS", "Frozen", "NamedLaw", "Row", "named_law", "open_unit"]

_LEAST, _MOST = 2.0**-54, 1.0 - 2.0**-53


class Frozen(Protocol):
    """What scipy's frozen continuous distributions of one number offer."""

    def ppf(self, q: Array) -> Array:
        """Return quantiles."""

    def logpdf(self, x: Array) -> Array:
        """Return the log-density."""

    def support(self) -> tuple[float, float]:
        """Return the ends of the support."""


@dataclass(frozen=True, eq=False)
class Row:
    """A law by name.

    Attributes
    ----------
    name, arguments
        Names of the law and of its arguments, in order.
    domain
        Says in words which arguments there are.
    valid
        Whether finite arguments lie in their domain.
    frozen
        Makes scipy's distribution of the arguments.
    score
        Derivative of the log-density: ``score(theta, *arguments)``.
    support
        Ends of the support, where they are arguments.
    quantile
        ``quantile(unit, *arguments)`` where it is not scipy's.
    """

    name: str
    arguments: tuple[str, ...]
    domain: str
    valid: Callable[..., bool]
    frozen: Callable[..., Frozen]
    score: Callable[..., Array]
    support: Callable[..., tuple[float, float]] | None = None
    quantile: Callable[..., Array] | None = None


@dataclass(frozen=True)
class _Point:
    """The law of a fixed number, which has no density: what stands for it is the probability."""

    value: float

    def ppf(self, q: Array) -> Array:
        return np.full_like(q, self.value)

    def logpdf(self, x: Array) -> Array:
        return np.where(x == self.value, 0.0, -inf)

    def support(self) -> tuple[float, float]:
        return self.value, self.value


def open_unit(unit: Array) -> Array:
    """Return numbers of [0, 1] moved off the ends, where the quantiles of laws with tails are infinite."""
    return np.clip(unit, _LEAST, _MOST)


def _ends(low: float, high: float) -> tuple[float, float]:
    return low, high


def _uniform_quantile(unit: Array, low: float, high: float) -> Array:
    return np.clip(low + (high - low) * unit, low, high)


def _log_uniform_quantile(unit: Array, low: float, high: float) -> Array:
    return np.clip(low * (high / low) ** unit, low, high)


def _normal_quantile(unit: Array, mean: float, stddev: float) -> Array:
    return mean + stddev * stats.norm.ppf(open_unit(unit))


def _normal_score(theta: Array, mean: float, stddev: float, *_: float) -> Array:
    return (mean - theta) / stddev**2


def _log_normal_score(theta: Array, loc: float, scale: float) -> Array:
    return -(1.0 + (np.log(theta) - loc) / scale**2) / theta


def _truncated(mean: float, stddev: float, low: float, high: float) -> Frozen:
    return stats.truncnorm((low - mean) / stddev, (high - mean) / stddev, mean, stddev)


_ROWS = (
    Row(
        "uniform", ("low", "high"), "low < high",
        lambda low, high: low < high, lambda low, high: stats.uniform(low, high - low),
        lambda theta, *_: np.zeros_like(theta), _ends, _uniform_quantile,
    ),
    Row(
        "log_uniform", ("low", "high"), "0 < low < high",
        lambda low, high: 0 < low < high, stats.loguniform,
        lambda theta, *_: -1.0 / theta, _ends, _log_uniform_quantile,
    ),
    Row(
        "normal", ("mean", "stddev"), "mean, stddev > 0",
        lambda mean, stddev: stddev > 0, stats.norm,
        _normal_score, None, _normal_quantile,
    ),
    Row(
        "truncated_normal", ("mean", "stddev", "low", "high"), "mean, stddev > 0, low < high",
        lambda mean, stddev, low, high: stddev > 0 and low < high, _truncated,
        _normal_score, lambda mean, stddev, low, high: (low, high),
    ),
    Row(
        "log_normal", ("loc", "scale"), "loc, scale > 0",
        lambda loc, scale: scale > 0, lambda loc, scale: stats.lognorm(scale, 0.0, np.exp(loc)),
        _log_normal_score,
    ),
    Row(
        "beta", ("concentration1", "concentration0"), "both > 0",
        lambda one, zero: one > 0 and zero > 0, stats.beta,
        lambda theta, one, zero: (one - 1.0) / theta - (zero - 1.0) / (1.0 - theta),
    ),
    Row(
        "gamma", ("concentration", "rate"), "both > 0",
        lambda concentration, rate: concentration > 0 and rate > 0,
        lambda concentration, rate: stats.gamma(concentration, 0.0, 1.0 / rate),
        lambda theta, concentration, rate: (concentration - 1.0) / theta - rate,
    ),
    Row(
        "exponential", ("rate",), "rate > 0",
        lambda rate: rate > 0, lambda rate: stats.expon(0.0, 1.0 / rate),
        lambda theta, rate: np.full_like(theta, -rate),
    ),
    Row(
        "delta", ("value",), "value",
        lambda value: True, _Point,
        lambda theta, value: np.full_like(theta, np.nan),
    ),
)  # fmt: skip

LAWS: dict[str, Row] = {row.name: row for row in _ROWS}
"""Every law of the table by its name; ``delta`` fixes a parameter."""


@dataclass(frozen=True)
class NamedLaw:
    """A law of one parameter from the table.

    Attributes
    ----------
    name
        Of the law.
    arguments
        Finite numbers in the order of the table.

    Raises
    ------
    LawError
        If there is no such law.
    """

    name: str
    arguments: tuple[float, ...]

    def __post_init__(self) -> None:
        row, given = LAWS.get(self.name), self.arguments
        if row is None or len(given) != len(row.arguments) or not np.isfinite(given).all() or not row.valid(*given):
            raise LawError(
                f"The law is {self.name}({', '.join(map(str, given))}), which does not exist. Known are "
                f"{', '.join(f'{name}({known.domain})' for name, known in LAWS.items())}, with finite arguments."
            )

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{value:g}' for value in self.arguments)})"

    @property
    def size(self) -> int:
        """One component."""
        return 1

    @property
    def factorizes(self) -> bool:
        """Whether it has quantiles: every law of the table has."""
        return True

    @property
    def low(self) -> Array:
        """Lower end of the support, shape ``(1,)``."""
        return np.array([self._support()[0]])

    @property
    def high(self) -> Array:
        """Upper end of the support, shape ``(1,)``."""
        return np.array([self._support()[1]])

    def contains(self, theta: Array) -> Bools:
        """Return whether theta ``(*B, 1)`` lies in the support, with shape ``(*B,)``."""
        low, high = self._support()
        value = theta[..., 0]
        return (value >= low) & (value <= high) & np.isfinite(value)

    def quantile(self, unit: Array) -> Array:
        """Return the quantiles at unit ``(*B, 1)``."""
        quantile = LAWS[self.name].quantile
        return self._frozen().ppf(open_unit(unit)) if quantile is None else quantile(unit, *self.arguments)

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, 1)``."""
        return self.quantile(np.random.default_rng(seed).random((count, 1)))

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)``; of ``delta`` 0 at the value, which is a probability."""
        return np.asarray(self._frozen().logpdf(theta[..., 0]))

    def score(self, theta: Array) -> Array:
        """Return the derivative of the log-density; NaN outside the support, and where the parameter is fixed."""
        with np.errstate(divide="ignore", invalid="ignore"):
            score = LAWS[self.name].score(theta, *self.arguments)
        return np.where(self.contains(theta)[..., None], score, np.nan)

    def to_json(self) -> list[JSON]:
        """Return the name and the arguments by name."""
        return [encoded(self.name, dict(zip(LAWS[self.name].arguments, self.arguments, strict=True)))]

    def _frozen(self) -> Frozen:
        return LAWS[self.name].frozen(*self.arguments)

    def _support(self) -> tuple[float, float]:
        support = LAWS[self.name].support
        low, high = self._frozen().support() if support is None else support(*self.arguments)
        return float(low), float(high)


def named_law(name: str, arguments: float | Sequence[float] | Mapping[str, float]) -> NamedLaw:
    """Return a law by its name and its arguments, in order or by name.

    Raises
    ------
    LawError
        If there is no such law, or it has other arguments.
    """
    if isinstance(arguments, Mapping):
        names = LAWS[name].arguments if name in LAWS else tuple(arguments)
        if set(names) != set(arguments):
            raise LawError(
                f"{name} was given the arguments {', '.join(arguments)}. All of its own decide the law, and no other. "
                f"Give {', '.join(names)}."
            )
        values = [arguments[argument] for argument in names]
    else:
        values = list(arguments) if isinstance(arguments, Sequence) else [arguments]
    return NamedLaw(name, tuple(float(value) for value in values))
