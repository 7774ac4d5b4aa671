r"""The likelihood of a whole experiment: shapes of events, their number, and measurements of nuisance parameters.

.. math:: \log L(θ) = \sum_i \log \hat r(x_i|θ) + n \log[\mathcal L σ(θ)] - \mathcal L σ(θ)
          - \sum_k \frac{(a_k - ν_k)^2}{2 s_k^2}
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from motherlode.inference.errors import InferenceError
from motherlode.inference.potential import Observation
from motherlode.inference.protocols import log_likelihood_of

__all__ = ["Constraint", "Experiment", "Mode", "Rate"]

Array = NDArray[np.float64]
Mode = Literal["full", "kinematics", "rate"]


@dataclass(frozen=True)
class Constraint:
    """An auxiliary measurement of one parameter, ``measured ± sd``, normal."""

    measured: float
    sd: float


@dataclass(frozen=True)
class Rate:
    """How many events are expected.

    Attributes
    ----------
    cross_section
        σ(θ) for theta ``(*B, D)``, shape ``(*B,)``, differentiable.
    luminosity
        Events per unit of σ.
    """

    cross_section: Callable[[Tensor], Tensor]
    luminosity: float

    @classmethod
    def fit(cls, theta: ArrayLike, cross_section: ArrayLike, luminosity: float, degree: int = 2) -> "Rate":
        """Fit a polynomial to cross sections ``(N,)`` known at theta ``(N, D)``; exact for morphing of that degree."""
        points = torch.as_tensor(np.asarray(theta, dtype=np.float64))
        values = torch.as_tensor(np.asarray(cross_section, dtype=np.float64))
        powers = _powers(points.shape[1], degree)
        coefficients = torch.linalg.lstsq(_monomials(points, powers), values.unsqueeze(1)).solution.squeeze(1)
        return cls(lambda at: _monomials(at, powers) @ coefficients, luminosity)

    def expected(self, theta: Tensor) -> Tensor:
        """Return the expected number of events with shape ``(*B,)``."""
        return self.luminosity * self.cross_section(theta)


class Experiment:
    """What was measured, and how likely that is at θ.

    Parameters
    ----------
    estimator
        A ratio or a density of one event.
    bounds
        Bounds ``(low, high)`` of each parameter by name, in the estimator's order.
    rate
        The expected number of events, where it depends on θ.
    mode
        ``"full"``, ``"kinematics"`` (shapes of events only) or ``"rate"`` (their number only).
    constraints
        Auxiliary measurements of nuisance parameters by name.

    Raises
    ------
    InferenceError
        If a constraint names no parameter, bounds are not increasing, or a rate mode has no rate.
    """

    def __init__(
        self,
        estimator: object,
        bounds: Mapping[str, tuple[float, float]],
        rate: Rate | None = None,
        mode: Mode = "full",
        constraints: Mapping[str, Constraint] | None = None,
    ) -> None:
        self.names = tuple(bounds)
        self.bounds = np.array([bounds[name] for name in self.names], dtype=np.float64)
        self.rate, self.mode, self.constraints = rate, mode, dict(constraints or {})
        self._check()
        self._event = log_likelihood_of(estimator) if mode != "rate" else None

    def table(self, x: Array, theta: Array, rows: int = 1 << 12) -> Array:
        """Return log r̂(x_i|θ_g) with shape ``(N, G)`` for x ``(N, *L)`` and theta ``(G, D)``; zeros in rate mode."""
        if self._event is None:
            return np.zeros((len(x), len(theta)))
        points, events = torch.from_numpy(theta), torch.from_numpy(x)
        step, parts = max(rows // len(theta), 1), []
        with torch.no_grad():
            for part in torch.split(events, step):
                wide = part.unsqueeze(1).expand(len(part), len(theta), *part.shape[1:])
                parts.append(self._event(points.expand(len(part), *points.shape), wide))
        table: Array = torch.cat(parts).numpy()
        return table

    def counts(self, n: Array, theta: Array) -> Array:
        """Return the Poisson term with shape ``(T, G)`` for counts n ``(T,)`` and theta ``(G, D)``."""
        if self.rate is None or self.mode == "kinematics":
            return np.zeros((len(n), len(theta)))
        with torch.no_grad():
            mean = self.rate.expected(torch.from_numpy(theta)).numpy()
        term: Array = n[:, None] * np.log(mean) - mean
        return term

    def auxiliary(self, measured: Array, theta: Array) -> Array:
        """Return the constraint terms with shape ``(T, G)`` for auxiliary measurements ``(T, k)`` in order of name."""
        total = np.zeros((len(measured), len(theta)))
        for k, (name, constraint) in enumerate(self.constraints.items()):
            pull = (measured[:, k, None] - theta[:, self.names.index(name)]) / constraint.sd
            total -= 0.5 * pull**2
        return total

    def log_likelihood(self, theta: Tensor, observation: Observation) -> Tensor:
        """Return log L of the observation with shape ``(*B,)`` for theta ``(*B, D)``, differentiable."""
        total = torch.zeros(theta.shape[:-1], dtype=torch.float64)
        if self._event is not None:
            x, counts = observation.distinct, observation.counts
            rows = theta.unsqueeze(-2).expand(*theta.shape[:-1], len(x), theta.shape[-1])
            total = total + self._event(rows, x.expand(*theta.shape[:-1], *x.shape)) @ counts
        if self.rate is not None and self.mode != "kinematics":
            mean = self.rate.expected(theta)
            total = total + len(observation) * torch.log(mean) - mean
        for name, constraint in self.constraints.items():
            total = total - 0.5 * ((constraint.measured - theta[..., self.names.index(name)]) / constraint.sd) ** 2
        return total

    def measured(self) -> Array:
        """Return the auxiliary measurements with shape ``(1, k)``."""
        return np.array([[constraint.measured for constraint in self.constraints.values()]])

    def fluctuate(self, theta: Array, toys: int, generator: np.random.Generator) -> Array:
        """Draw auxiliary measurements of toys at one θ ``(D,)``, shape ``(toys, k)``."""
        means = [theta[self.names.index(name)] for name in self.constraints]
        sds = [constraint.sd for constraint in self.constraints.values()]
        return generator.normal(means, sds, (toys, len(means)))

    def _check(self) -> None:
        unknown = set(self.constraints) - set(self.names)
        if unknown:
            raise InferenceError(
                f"constraints on {sorted(unknown)} name no parameter of {list(self.names)}. They would be ignored. "
                "Give each nuisance parameter its bounds too."
            )
        if not np.isfinite(self.bounds).all() or (self.bounds[:, 0] >= self.bounds[:, 1]).any():
            raise InferenceError(
                f"the bounds {self.bounds.tolist()} of {list(self.names)} are not finite and increasing. Fits and "
                "constructions scan this box. Give low < high for each parameter."
            )
        if self.mode == "rate" and self.rate is None:
            raise InferenceError(
                "mode 'rate' was asked for without a rate. There is nothing to infer from. Pass rate=Rate(...)."
            )


def _powers(dimension: int, degree: int) -> list[tuple[int, ...]]:
    grids = np.indices((degree + 1,) * dimension).reshape(dimension, -1).T
    return [tuple(int(p) for p in powers) for powers in grids if powers.sum() <= degree]


def _monomials(theta: Tensor, powers: Sequence[tuple[int, ...]]) -> Tensor:
    columns = [torch.stack([theta[..., i] ** p for i, p in enumerate(power)]).prod(dim=0) for power in powers]
    return torch.stack(columns, dim=-1)
