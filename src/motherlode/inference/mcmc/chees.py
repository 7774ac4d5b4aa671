r"""ChEES-HMC: all chains take trajectories of one learned length, so a transition is one batch of leapfrog steps.

The length is tuned by stochastic gradient ascent on the change in the estimator of the expected square:
Hoffman, Radul, Sountsov, "An adaptive-MCMC scheme for setting trajectory lengths in Hamiltonian Monte Carlo" (2021).

.. math:: ChEES = \tfrac14 E\big[(|q' - E q|^2 - |q - E q|^2)^2\big]
"""

import numpy as np

from motherlode.core.types import Array
from motherlode.inference.mcmc.adaptation import Target
from motherlode.inference.mcmc.nuts import Finished

__all__ = ["Chees"]


class Chees:
    """C chains that move together; at least ten make the length well learned.

    Parameters
    ----------
    target
        Log-density and gradient in whitened coordinates, for all chains at once.
    positions
        Starting points with shape ``(C, d)``.
    step
        Step size; may be reassigned at any time.
    generator
        Source of all randomness.
    length
        First trajectory length.
    max_steps
        Most leapfrog steps of one trajectory.
    """

    def __init__(
        self,
        target: Target,
        positions: Array,
        step: float,
        generator: np.random.Generator,
        length: float = 1.0,
        max_steps: int = 1000,
    ) -> None:
        self.step, self.length, self.learning = step, length, True
        self._target, self._generator, self._max_steps = target, generator, max_steps
        self._position = positions.copy()
        self._value, self._gradient = target(positions)
        self._everyone = np.arange(len(positions))
        self._count = 0
        self._first, self._second = 0.0, 0.0
        self._mean_log_length = np.log(length)
        self.steps = 0

    def tick(self) -> Finished:
        """Move every chain by one trajectory and return what they drew."""
        self._count += 1
        jitter = 2.0 * _van_der_corput(self._count)
        momentum = self._generator.standard_normal(self._position.shape)
        position, moved, value, gradient = self._trajectory(momentum, self.length * jitter)
        error = value - self._value + 0.5 * (momentum**2 - moved**2).sum(axis=1)
        error = np.where(np.isfinite(error), error, -np.inf)
        acceptance = np.exp(np.minimum(error, 0.0))
        if self.learning:
            self._learn(position, moved, acceptance, jitter)
        accept = -self._generator.standard_exponential(len(error)) < error
        self._position[accept], self._value[accept], self._gradient[accept] = (
            position[accept],
            value[accept],
            gradient[accept],
        )
        return Finished(self._everyone, self._position.copy(), self._value.copy(), acceptance, error < -1000.0)

    def settle(self) -> None:
        """End learning: keep the mean of the lengths tried."""
        self.learning = False
        self.length = float(np.exp(self._mean_log_length))

    def _trajectory(self, momentum: Array, length: float) -> tuple[Array, Array, Array, Array]:
        count = int(np.clip(np.ceil(length / self.step), 1, self._max_steps))
        self.steps += count
        position, value, gradient = self._position, self._value, self._gradient
        half = momentum + 0.5 * self.step * gradient
        for remaining in range(count, 0, -1):
            position = position + self.step * half
            value, gradient = self._target(position)
            half = half + (self.step if remaining > 1 else 0.5 * self.step) * gradient
        return position, half, value, gradient

    def _learn(self, position: Array, momentum: Array, acceptance: Array, jitter: float) -> None:
        """Climb the criterion in the logarithm of the length, by Adam."""
        usable = np.isfinite(position).all(axis=1) & np.isfinite(momentum).all(axis=1) & (acceptance > 1e-4)
        if usable.sum() < 2:
            return
        weight = acceptance[usable] / acceptance[usable].sum()
        centred = position[usable] - weight @ position[usable]
        before = self._position[usable] - self._position.mean(axis=0)
        change = (centred**2).sum(axis=1) - (before**2).sum(axis=1)
        slope = float(weight @ (change * np.einsum("cd,cd->c", centred, momentum[usable]))) * jitter * self.length
        self._first = 0.9 * self._first + 0.1 * slope
        self._second = 0.95 * self._second + 0.05 * slope**2
        move = (self._first / (1 - 0.9**self._count)) / (np.sqrt(self._second / (1 - 0.95**self._count)) + 1e-12)
        self.length = float(np.clip(self.length * np.exp(0.05 * move), self.step, self._max_steps * self.step / 2))
        share = self._count**-0.5
        self._mean_log_length += share * (np.log(self.length) - self._mean_log_length)


def _van_der_corput(index: int) -> float:
    """Return the index-th point of the base-2 low-discrepancy sequence in (0, 1)."""
    digits = f"{index:b}"[::-1]
    return sum(int(digit) / 2.0 ** (place + 1) for place, digit in enumerate(digits))
