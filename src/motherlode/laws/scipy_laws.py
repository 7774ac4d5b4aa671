"""Read scipy's frozen distributions: of one number by their quantiles, of several by their own draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from math import log

import numpy as np
from scipy import stats

from motherlode.core.parameters import difference_steps
from motherlode.core.types import JSON, Array, Bools, Foreign
from motherlode.laws.errors import LawError
from motherlode.laws.factor import Factor, encoded
from motherlode.laws.table import NamedLaw, open_unit

__all__ = ["PREFIX", "ScipyJoint", "ScipyLaw", "differences", "from_scipy", "scipy_factor"]

PREFIX = "scipy.stats."
_CHECKED, _JOINT = 16, "_frozen"


def from_scipy(frozen: Foreign) -> Factor | None:
    """Return a frozen distribution of scipy as a factor, by its name in the table where it has one; None for others.

    Raises
    ------
    LawError
        If it is discrete, of arrays of parameters, or its density is not that of its draws.
    """
    if not type(frozen).__module__.startswith(PREFIX):
        return None
    if hasattr(frozen, "pmf") or not hasattr(frozen, "logpdf") or not hasattr(frozen, "rvs"):
        raise LawError(
            f"{type(frozen).__name__} of scipy has no draws or no density. A law of θ needs both. Use a continuous one."
        )
    if not hasattr(frozen, "ppf"):
        return ScipyJoint(frozen)
    if not hasattr(frozen, "dist") or np.shape(frozen.ppf(0.5)) != ():
        raise LawError(
            f"{type(frozen).__name__} of scipy is no law of one number. Give a frozen distribution with numbers as "
            "arguments, such as scipy.stats.norm(0, 1), and one for each parameter."
        )
    return _in_table(frozen) or ScipyLaw(frozen)


def _in_table(frozen: Foreign) -> NamedLaw | None:
    family, given = frozen.dist.name, _arguments(frozen)
    loc, scale, shapes = given.pop("loc"), given.pop("scale"), list(given.values())
    known: dict[str, tuple[str, tuple[float, ...]]] = {
        "norm": ("normal", (loc, scale)),
        "uniform": ("uniform", (loc, loc + scale)),
    }
    if family == "truncnorm":
        known["truncnorm"] = ("truncated_normal", (loc, scale, loc + shapes[0] * scale, loc + shapes[1] * scale))
    elif loc == 0.0 and scale > 0.0:
        known |= {"expon": ("exponential", (1.0 / scale,))}
        if len(shapes) == 1:
            known |= {"lognorm": ("log_normal", (log(scale), shapes[0])), "gamma": ("gamma", (shapes[0], 1.0 / scale))}
        if len(shapes) == 2:
            ends = (shapes[0] * scale, shapes[1] * scale)
            known |= {"loguniform": ("log_uniform", ends), "reciprocal": ("log_uniform", ends)}
            known |= {"beta": ("beta", (shapes[0], shapes[1]))} if scale == 1.0 else {}
    if family not in known or type(frozen.dist) is not type(getattr(stats, family, None)):
        return None
    name, arguments = known[family]
    return NamedLaw(name, arguments) if np.isfinite(arguments).all() else None


def _arguments(frozen: Foreign) -> dict[str, float]:
    """Return the arguments of a frozen distribution by name: its shapes, then loc and scale."""
    shapes = frozen.dist.shapes.split(", ") if frozen.dist.shapes else []
    given = dict(zip([*shapes, "loc", "scale"], frozen.args, strict=False)) | frozen.kwds
    return {name: float(given.get(name, float(name == "scale"))) for name in [*shapes, "loc", "scale"]}


def differences(log_prob: Callable[[Array], Array], theta: Array) -> Array:
    """Return the gradient of a log-density at theta ``(*B, n)`` by central differences."""
    steps = difference_steps(np.maximum(1e-3, np.abs(theta)))
    columns = []
    for component in range(theta.shape[-1]):
        shift = np.zeros_like(theta)
        shift[..., component] = steps[..., component]
        columns.append((log_prob(theta + shift) - log_prob(theta - shift)) / (2.0 * steps[..., component]))
    return np.stack(columns, axis=-1)


@dataclass(frozen=True)
class ScipyLaw:
    """A frozen distribution of one number that the table does not name.

    Attributes
    ----------
    frozen
        Of scipy.
    """

    frozen: Foreign

    def __eq__(self, other: Foreign) -> bool:
        return isinstance(other, ScipyLaw) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __str__(self) -> str:
        name, arguments = self._identity
        return f"{name}({', '.join(f'{key}={value:g}' for key, value in arguments)})"

    @property
    def _identity(self) -> tuple[str, tuple[tuple[str, float], ...]]:
        return self.frozen.dist.name, tuple(_arguments(self.frozen).items())

    @property
    def size(self) -> int:
        """One component."""
        return 1

    @property
    def factorizes(self) -> bool:
        """Whether it has quantiles: it has."""
        return True

    @property
    def low(self) -> Array:
        """Lower end of the support, shape ``(1,)``."""
        return np.array([self.frozen.support()[0]], dtype=np.float64)

    @property
    def high(self) -> Array:
        """Upper end of the support, shape ``(1,)``."""
        return np.array([self.frozen.support()[1]], dtype=np.float64)

    def contains(self, theta: Array) -> Bools:
        """Return whether theta ``(*B, 1)`` lies in the support, with shape ``(*B,)``."""
        value = theta[..., 0]
        return (value >= self.low[0]) & (value <= self.high[0]) & np.isfinite(value)

    def quantile(self, unit: Array) -> Array:
        """Return the quantiles at unit ``(*B, 1)``."""
        return np.asarray(self.frozen.ppf(open_unit(unit)))

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, 1)``."""
        return self.quantile(np.random.default_rng(seed).random((count, 1)))

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)``."""
        return np.asarray(self.frozen.logpdf(theta[..., 0]))

    def score(self, theta: Array) -> Array:
        """Return the derivative of the log-density by central differences; NaN outside the support."""
        with np.errstate(invalid="ignore"):
            return np.where(self.contains(theta)[..., None], differences(self.log_prob, theta), np.nan)

    def to_json(self) -> list[JSON]:
        """Return scipy's name and the arguments by name.

        Raises
        ------
        LawError
            If the distribution is not one of scipy's own.
        """
        name, arguments = self._identity
        if type(getattr(stats, name, None)) is not type(self.frozen.dist):
            raise LawError(
                f"The distribution {name} is not scipy's own, so its name does not tell its density. A manifest could "
                "not say what was drawn. Use one of scipy.stats, or write it with torch.distributions."
            )
        return [encoded(PREFIX + name, dict(arguments))]


@dataclass(frozen=True, eq=False)
class ScipyJoint:
    """A frozen distribution of several numbers, such as ``scipy.stats.multivariate_normal(mean, covariance)``.

    Attributes
    ----------
    frozen
        Of scipy.

    Raises
    ------
    LawError
        If its density is not finite at its own draws.
    """

    frozen: Foreign
    _draws: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        draws = np.asarray(self.frozen.rvs(_CHECKED, random_state=np.random.default_rng(0)), dtype=np.float64)
        object.__setattr__(self, "_draws", draws.reshape(_CHECKED, -1))
        try:
            density = np.asarray(self.frozen.logpdf(self._draws))
        except ValueError as error:
            raise self._refused(str(error).rstrip(".")) from error
        if density.shape != (_CHECKED,) or not np.isfinite(density).all():
            raise self._refused(f"at its draws with shape {self._draws.shape} it is {density}")

    def _refused(self, why: str) -> LawError:
        return LawError(
            f"{type(self.frozen).__name__} of scipy gives no density of θ with shape (N, D): {why}. Rows of θ are "
            "weighted by it. Use a law over vectors, or write it with torch.distributions."
        )

    def __str__(self) -> str:
        return type(self.frozen).__name__.removesuffix(_JOINT)

    @property
    def size(self) -> int:
        """Number of components."""
        return self._draws.shape[1]

    @property
    def factorizes(self) -> bool:
        """Whether it has quantiles: it has none."""
        return False

    @property
    def low(self) -> Array:
        """Lower ends of the support, shape ``(n,)``: scipy names none."""
        return np.full(self.size, -np.inf)

    @property
    def high(self) -> Array:
        """Upper ends of the support, shape ``(n,)``."""
        return np.full(self.size, np.inf)

    def contains(self, theta: Array) -> Bools:
        """Return whether theta ``(*B, n)`` lies in the support, with shape ``(*B,)``."""
        return np.isfinite(self.log_prob(theta))

    def quantile(self, unit: Array) -> Array:
        """Refuse: components that depend on one another have no quantiles of their own."""
        raise LawError(f"{type(self.frozen).__name__} has no quantiles: its components depend on one another.")

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, n)``."""
        draws = self.frozen.rvs(count, random_state=np.random.default_rng(seed))
        return np.asarray(draws, dtype=np.float64).reshape(count, self.size)

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)``; -inf where a component is not finite."""
        rows = theta.reshape(-1, self.size)
        finite = np.isfinite(rows).all(axis=1)
        value = np.full(len(rows), -np.inf)
        if finite.any():
            value[finite] = self.frozen.logpdf(rows[finite])
        return value.reshape(theta.shape[:-1])

    def score(self, theta: Array) -> Array:
        """Return the gradient of the log-density by central differences."""
        return differences(self.log_prob, theta)

    def to_json(self) -> list[JSON]:
        """Return scipy's name and the arguments of its constructor.

        Raises
        ------
        LawError
            If they do not rebuild it.
        """
        name = type(self.frozen).__name__.removesuffix(_JOINT)
        wanted = [each for each in signature(getattr(stats, name, type(self.frozen))).parameters if each != "seed"]
        found = {argument: getattr(self.frozen, argument, None) for argument in wanted}
        arguments = {argument: _plain(value) for argument, value in found.items() if value is not None}
        entry = encoded(PREFIX + name, arguments)
        try:
            rebuilt = scipy_factor(PREFIX + name, arguments)
            same = np.allclose(rebuilt.log_prob(self._draws), self.log_prob(self._draws), rtol=1e-12, atol=1e-12)
        except (LawError, ValueError, TypeError, AttributeError):
            same = False
        if not same:
            raise LawError(
                f"{type(self.frozen).__name__} of scipy cannot be rebuilt from {', '.join(wanted)}. A manifest could "
                "not say what was drawn. Write it with torch.distributions."
            )
        return [entry]


def scipy_factor(name: str, arguments: Mapping[str, JSON]) -> Factor:
    """Return the factor that :meth:`ScipyLaw.to_json` or :meth:`ScipyJoint.to_json` described.

    Raises
    ------
    LawError
        If scipy has no such distribution.
    """
    family: Foreign = getattr(stats, name.removeprefix(PREFIX), None)
    if family is None:
        raise LawError(f"scipy {stats.__name__} has no {name}. It was written by another version of scipy.")
    factor = from_scipy(family(**arguments))
    if factor is None:
        raise LawError(f"{name} is no distribution of scipy that can be frozen.")
    return factor


def _plain(value: Foreign) -> JSON:
    return value if isinstance(value, bool | str) else np.asarray(value, dtype=np.float64).tolist()
