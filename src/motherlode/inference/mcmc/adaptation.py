r"""Step size and mass matrix learned during warm-up, from all chains together.

Windows double as in Stan. Pooling C chains makes a window C times as informative, and the samplers see whitened
coordinates, so neither of them knows about the mass matrix.

.. math:: u = L w, \qquad L L^T = \hat\Sigma, \qquad \nabla_w = L^T \nabla_u
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from motherlode.core.types import Array

__all__ = ["StepSize", "Target", "Whitening", "reasonable_step", "windows"]

Target = Callable[[Array], tuple[Array, Array]]
"""Positions ``(C, d)`` to log-densities ``(C,)`` and gradients ``(C, d)``."""


@dataclass
class StepSize:
    """Steer the mean acceptance of a round of trajectories to a target by the logarithm of the step size.

    Robbins and Monro's steps with an averaged iterate. A round is one trajectory of every chain, so its mean has little
    noise and a dozen rounds are enough; the gains of single-chain dual averaging would overshoot.

    Attributes
    ----------
    target
        Acceptance aimed at.
    log_step
        Logarithm of the step size to try next.
    """

    target: float
    log_step: float
    _mean_log_step: float = 0.0
    _count: int = 0

    def update(self, acceptance: float) -> None:
        """Take in the mean acceptance of one round."""
        self._count += 1
        self.log_step += 2.0 * self._count**-0.6 * (acceptance - self.target)
        share = self._count**-0.75
        self._mean_log_step = share * self.log_step + (1.0 - share) * self._mean_log_step

    @property
    def step(self) -> float:
        """Step size to try next."""
        return float(np.exp(self.log_step))

    @property
    def mean_step(self) -> float:
        """Step size to keep once adaptation ends."""
        return float(np.exp(self._mean_log_step if self._count else self.log_step))


@dataclass(frozen=True)
class Whitening:
    """The linear map from whitened coordinates to u, shape ``(d, d)``, lower triangular."""

    factor: Array

    @classmethod
    def estimate(cls, draws: Array, dense: bool) -> "Whitening":
        """Fit to draws ``(n, d)``, shrunk towards a diagonal while there are few."""
        count, dimension = draws.shape
        covariance = np.atleast_2d(np.cov(draws, rowvar=False))
        diagonal = np.diag(np.maximum(np.diag(covariance), 1e-20))
        weight = count / (count + 5.0 + dimension) if dense else 0.0
        return cls(np.linalg.cholesky(weight * covariance + (1.0 - weight) * diagonal))

    def apply(self, w: Array) -> Array:
        """Return u for whitened positions ``(C, d)``."""
        return w @ self.factor.T

    def invert(self, u: Array) -> Array:
        """Return whitened positions for u ``(C, d)``."""
        return np.ascontiguousarray(np.linalg.solve(self.factor, u.T).T)

    def pull_back(self, target: Target) -> Target:
        """Return the target as a function of whitened positions."""
        factor = self.factor

        def whitened(w: Array) -> tuple[Array, Array]:
            value, gradient = target(w @ factor.T)
            return value, gradient @ factor

        return whitened


def windows(warmup: int) -> list[int]:
    """Split warm-up into windows that double: step size alone, then mass matrices, then step size alone.

    Examples
    --------
    >>> windows(500)
    [75, 25, 50, 100, 200, 50]
    """
    first, last = max(warmup * 3 // 20, 1), max(warmup // 10, 1)
    middle, size = warmup - first - last, max(warmup // 20, 5)
    lengths: list[int] = []
    while middle > 0:
        take = size if middle - size >= 2 * size else middle
        lengths.append(take)
        middle, size = middle - take, 2 * size
    return [first, *lengths, last]


def reasonable_step(target: Target, positions: Array, generator: np.random.Generator, step: float = 0.1) -> float:
    """Double or halve a step size until the median acceptance of one leapfrog step crosses one half."""
    value, gradient = target(positions)
    momentum = generator.standard_normal(positions.shape)

    def accepts(size: float) -> bool:
        half = momentum + 0.5 * size * gradient
        moved_value, moved_gradient = target(positions + size * half)
        moved = half + 0.5 * size * moved_gradient
        change = moved_value - value + 0.5 * (momentum**2 - moved**2).sum(axis=1)
        return bool(np.median(np.where(np.isfinite(change), change, -np.inf)) > np.log(0.5))

    grows = accepts(step)
    for _ in range(60):
        step *= 2.0 if grows else 0.5
        if accepts(step) != grows:
            break
    return step if not grows else 0.5 * step
