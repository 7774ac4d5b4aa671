r"""The likelihood of a whole experiment: shapes of events, their number, and measurements of nuisance parameters.

.. math:: \log L(θ) = \sum_i \log \hat r(x_i|θ) + n \log[\mathcal L σ(θ)] - \mathcal L σ(θ)
          - \sum_k \frac{(a_k - ν_k)^2}{2 s_k^2}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from scipy.special import xlogy
from torch import Tensor

from motherlode.core.types import Array
from motherlode.estimators.protocols import LogLikelihood, LogRatio
from motherlode.inference.errors import InferenceError
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.frequentist.grids import Box
from motherlode.inference.frequentist.rate import Rate
from motherlode.inference.potential import Observation

__all__ = ["Constraint", "Experiment", "Mode", "Shift"]

Mode = Literal["full", "kinematics", "rate"]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Constraint:
    """An auxiliary measurement of one parameter, ``measured ± sd``, normal."""

    measured: float
    sd: float


@dataclass(frozen=True)
class Shift(Constraint):
    """A constrained nuisance outside the simulator: it moves the simulator's parameters, the rate, or both.

    Attributes
    ----------
    measured, sd
        Its auxiliary measurement; scans reach five sd to either side. Leave room for what it moves inside the bounds
        that the simulator declares.
    moves
        What one unit of it adds to each of the simulator's parameters, by name.
    log_rate
        What one unit of it adds to the logarithm of the expected number of events: 0.03 for a luminosity known to 3 %.
    """

    measured: float = 0.0
    sd: float = 1.0
    moves: Mapping[str, float] = field(default_factory=dict)
    log_rate: float = 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval that fits and constructions scan."""
        return (self.measured - 5.0 * self.sd, self.measured + 5.0 * self.sd)


class Experiment:
    """What was measured, and how likely that is at θ = (the simulator's parameters, shifts).

    Parameters
    ----------
    estimator
        A ratio or a density of one event.
    bounds
        Bounds ``(low, high)`` of each of the simulator's parameters by name, in the estimator's order.
    rate
        The expected number of events, where it depends on θ.
    mode
        ``"full"``, ``"kinematics"`` (shapes of events only) or ``"rate"`` (their number only).
    nuisances
        Auxiliary measurements by name: a :class:`Constraint` of one of the parameters, or a :class:`Shift`, which adds
        a parameter of its own.

    Raises
    ------
    InferenceError
        If a constraint names no parameter, a shift moves none or is one already, bounds are not increasing, or a rate
        mode has no rate.
    """

    def __init__(
        self,
        estimator: LogRatio | LogLikelihood,
        bounds: Box,
        rate: Rate | None = None,
        mode: Mode = "full",
        nuisances: Mapping[str, Constraint] | None = None,
    ) -> None:
        self.constraints = dict(nuisances or {})
        self.inner = tuple(bounds)
        shifts = {name: law for name, law in self.constraints.items() if isinstance(law, Shift)}
        self.rate, self.mode = rate, mode
        self._check(dict(bounds), shifts)
        self.names = (*self.inner, *shifts)
        self.bounds = np.array([*bounds.values(), *(law.bounds for law in shifts.values())], dtype=np.float64)
        moves = [[law.moves.get(name, 0.0) for name in self.inner] for law in shifts.values()]
        self._moves = torch.tensor(moves, dtype=torch.float64).reshape(len(shifts), len(bounds))
        self._log_rates = torch.tensor([law.log_rate for law in shifts.values()], dtype=torch.float64)
        self._event = log_likelihood_of(estimator) if mode != "rate" else None

    @property
    def box(self) -> Box:
        """The bounds of all parameters by name, shifts included."""
        return {name: (float(low), float(high)) for name, (low, high) in zip(self.names, self.bounds, strict=True)}

    @property
    def counted(self) -> bool:
        """Whether the number of events is part of the measurement."""
        return self.rate is not None and self.mode != "kinematics"

    def of_simulator(self, theta: Tensor) -> Tensor:
        """Return the simulator's parameters ``(*B, D)`` for theta ``(*B, D + shifts)``."""
        inside, shifts = theta[..., : len(self.inner)], theta[..., len(self.inner) :]
        return inside + shifts @ self._moves if len(self._moves) else inside

    def expected(self, theta: Tensor) -> Tensor:
        """Return the expected number of events with shape ``(*B,)``, where there is a rate.

        Raises
        ------
        InferenceError
            If there is no rate, or it is negative or not finite somewhere.
        """
        if self.rate is None:
            raise InferenceError("the experiment has no rate. No number of events is expected. Pass rate=Rate(...).")
        mean = self.rate.expected(self.of_simulator(theta))
        if len(self._moves):
            mean = mean * torch.exp(theta[..., len(self.inner) :] @ self._log_rates)
        self._check_rate(theta.detach(), mean.detach())
        return mean.clamp(min=0.0)

    def table(self, x: Array, theta: Array, rows: int = 1 << 12) -> Array:
        """Return log r̂(x_i|θ_g) with shape ``(N, G)`` for x ``(N, *L)`` and theta ``(G, D)``; zeros in rate mode."""
        if self._event is None or len(x) == 0:
            return np.zeros((len(x), len(theta)))
        points, events = self.of_simulator(torch.from_numpy(theta)), torch.from_numpy(x)
        step, parts = max(rows // len(theta), 1), []
        with torch.no_grad():
            for part in torch.split(events, step):
                wide = part.unsqueeze(1).expand(len(part), len(theta), *part.shape[1:])
                parts.append(self._event(points.expand(len(part), *points.shape), wide))
        table: Array = torch.cat(parts).numpy()
        return table

    def scores(self, x: Array, theta: Array, rows: int = 1 << 12) -> Array:
        """Return the gradients of log r̂(x_i|θ) with shape ``(N, D)`` for x ``(N, *L)`` at one theta ``(D,)``."""
        if self._event is None or len(x) == 0:
            return np.zeros((len(x), len(theta)))
        parts = []
        for part in torch.split(torch.from_numpy(x), rows):
            point = torch.from_numpy(theta).expand(len(part), -1).clone().requires_grad_(True)
            parts.append(torch.autograd.grad(self._event(self.of_simulator(point), part).sum(), point)[0].numpy())
        return np.concatenate(parts)

    def counts(self, n: Array, theta: Array) -> Array:
        """Return the Poisson term with shape ``(T, G)`` for counts n ``(T,)`` and theta ``(G, D)``."""
        if not self.counted:
            return np.zeros((len(n), len(theta)))
        with torch.no_grad():
            mean = self.expected(torch.from_numpy(theta)).numpy()
        term: Array = xlogy(n[:, None], mean) - mean
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
        total = 0.0 * theta.sum(dim=-1)
        if self._event is not None and len(observation) > 0:
            x, counts, inner = observation.distinct, observation.counts, self.of_simulator(theta)
            rows = inner.unsqueeze(-2).expand(*inner.shape[:-1], len(x), inner.shape[-1])
            total = total + self._event(rows, x.expand(*theta.shape[:-1], *x.shape)) @ counts
        if self.counted:
            mean = self.expected(theta)
            total = total - mean + (len(observation) * torch.log(mean) if len(observation) > 0 else 0.0)
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

    def _check_rate(self, theta: Tensor, mean: Tensor) -> None:
        wrong = ~(torch.isfinite(mean) & (mean >= -_ROUNDING))
        if wrong.any():
            at = theta.expand(*mean.shape, theta.shape[-1])[wrong].reshape(-1, theta.shape[-1])[0]
            raise InferenceError(
                f"the rate expects {float(mean[wrong].reshape(-1)[0])} events at "
                f"{dict(zip(self.names, at.tolist(), strict=True))}. No number of events has that mean, so fits and "
                "toys there mean nothing. Narrow the bounds to where σ is positive, or correct Rate(...)."
            )

    def _check(self, bounds: dict[str, tuple[float, float]], shifts: Mapping[str, Shift]) -> None:
        unknown = set(self.constraints) - set(shifts) - set(bounds)
        unknown |= {name for law in shifts.values() for name in law.moves if name not in bounds}
        if unknown:
            raise InferenceError(
                f"constraints or shifts on {sorted(unknown)} name no parameter of {list(bounds)}. They would be "
                "ignored. Give each parameter of the simulator its bounds."
            )
        if set(shifts) & set(bounds):
            raise InferenceError(
                f"the shifts {sorted(set(shifts) & set(bounds))} are parameters of the simulator too. They would be "
                "counted twice. Use Constraint for what the simulator knows, and another name for a shift."
            )
        box = np.array(list(bounds.values()), dtype=np.float64)
        if not np.isfinite(box).all() or (box[:, 0] >= box[:, 1]).any():
            raise InferenceError(
                f"the bounds {box.tolist()} of {list(bounds)} are not finite and increasing. Fits and "
                "constructions scan this box. Give low < high for each parameter."
            )
        if self.mode == "rate" and self.rate is None:
            raise InferenceError(
                "mode 'rate' was asked for without a rate. There is nothing to infer from. Pass rate=Rate(...)."
            )
