r"""The No-U-Turn Sampler for many chains that share every gradient call and never wait for each other.

Each tick moves every chain by one leapfrog step inside its own tree; a chain whose tree is complete records its draw
and starts the next one in the same tick. So no gradient is spent on a chain that only waits for the deepest tree.
Trees are built iteratively with checkpoints (Phan, Pradhan, Jankowiak, "Composable effects for flexible and accelerated
probabilistic programming in NumPyro" (2019), arXiv:1912.11554), draws are multinomial with the generalized criterion of
Betancourt, "A conceptual introduction to Hamiltonian Monte Carlo" (2017), arXiv:1701.02434:

.. math:: p_- \cdot (\rho - (p_- + p_+)/2) \le 0 \quad\text{or}\quad p_+ \cdot (\rho - (p_- + p_+)/2) \le 0
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motherlode.core.types import Array, Bools
from motherlode.inference.mcmc.adaptation import Target

__all__ = ["Finished", "Nuts"]

Rows = NDArray[np.intp]

Q, P, G = 0, 1, 2


class Finished(NamedTuple):
    """Transitions that a tick completed: which chains, and what they drew."""

    chains: Rows
    positions: Array
    log_density: Array
    acceptance: Array
    diverged: Bools


class Nuts:
    """C chains, each in the middle of its own tree.

    Parameters
    ----------
    target
        Log-density and gradient in whitened coordinates, for all chains at once.
    positions
        Starting points with shape ``(C, d)``.
    step
        Step size of trees begun from now on; may be reassigned at any time.
    generator
        Source of all randomness.
    max_depth
        A tree holds at most ``2**max_depth`` steps.
    """

    def __init__(
        self, target: Target, positions: Array, step: float, generator: np.random.Generator, max_depth: int = 10
    ) -> None:
        self.step = step
        self._target, self._generator, self._max_depth = target, generator, max_depth
        chains, dimension = positions.shape
        self._checks = _checkpoint_table(max_depth)
        self._levels = np.array([(n >> 1).bit_count() for n in range(2**max_depth)])
        value, gradient = target(positions)
        self._draw, self._draw_value = np.stack([positions, gradient], axis=1), value.copy()
        self._tip, self._tip_value = self._draw.copy(), value.copy()
        self._here = np.zeros((chains, 3, dimension))
        self._ends = np.zeros((chains, 2, 3, dimension))
        self._saved = np.zeros((2, chains, max_depth, dimension))
        self._sum, self._subsum = np.zeros((2, chains, dimension))
        self._weight, self._subweight, self._energy, self._signed, self._accepted = np.zeros((5, chains))
        self._side, self._depth, self._leaf, self._leaves, self._steps = np.zeros((5, chains), dtype=np.int64)
        self._nobody = np.zeros(chains, dtype=bool)
        self._begin(np.arange(chains))
        self._grow(np.arange(chains))

    def tick(self) -> Finished:
        """Move every chain by one leapfrog step and return the transitions that ended with it."""
        value = self._leapfrog()
        momentum = self._here[:, P]
        error = value - 0.5 * np.einsum("cd,cd->c", momentum, momentum) - self._energy
        error = np.where(np.isfinite(error), error, -np.inf)
        diverged = error < -1000.0
        self._weigh(error, value)
        stopped = self._turned_inside() | diverged
        self._leaf += 1
        rows = np.flatnonzero(stopped | (self._leaf == self._leaves))
        done = self._close(rows, stopped[rows]) if len(rows) else rows
        finished = self._finish(done, diverged[done])
        if len(rows):
            self._grow(rows)
        return finished

    def _leapfrog(self) -> Array:
        here, size = self._here, self._signed[:, None]
        here[:, P] += 0.5 * size * here[:, G]
        here[:, Q] += size * here[:, P]
        value, here[:, G] = self._target(here[:, Q])
        here[:, P] += 0.5 * size * here[:, G]
        return value

    def _weigh(self, error: Array, value: Array) -> None:
        """Add the new leaf to its subtree and let it be the subtree's draw with its share of the weight."""
        total = np.logaddexp(self._subweight, error)
        take = -self._generator.standard_exponential(len(error)) < error - total
        self._subweight = total
        np.copyto(self._tip, self._here[:, ::2], where=take[:, None, None])
        np.copyto(self._tip_value, value, where=take)
        self._subsum += self._here[:, P]
        self._accepted += np.exp(np.minimum(error, 0.0))
        self._steps += 1

    def _turned_inside(self) -> Bools:
        """Check every complete subtree that ends at the new leaf; save the leaf where a later one will need it."""
        momentum, levels = self._here[:, P], self._levels[self._leaf]
        saved, saved_sum = self._saved[:, :, : int(levels.max()) + 1]
        even = np.flatnonzero(self._leaf % 2 == 0)
        level = levels[even]
        saved[even, level], saved_sum[even, level] = momentum[even], self._subsum[even]
        if len(even) == len(momentum):
            return self._nobody
        inner = self._subsum[:, None] - saved_sum + 0.5 * (saved - momentum[:, None])
        turned = (np.einsum("cld,cld->cl", inner, saved) <= 0.0) | (np.einsum("cld,cd->cl", inner, momentum) <= 0.0)
        found: Bools = (turned & self._checks[self._leaf, : saved.shape[1]]).any(axis=1)
        return found

    def _close(self, rows: Rows, stopped: Bools) -> Rows:
        """Join complete subtrees to their trees; return the chains whose tree has ended."""
        joined = rows[~stopped]
        gain = self._subweight[joined] - self._weight[joined]
        moved = joined[-self._generator.standard_exponential(len(joined)) < gain]
        self._draw[moved], self._draw_value[moved] = self._tip[moved], self._tip_value[moved]
        self._weight[joined] = np.logaddexp(self._weight[joined], self._subweight[joined])
        self._sum[joined] += self._subsum[joined]
        self._ends[joined, self._side[joined]] = self._here[joined]
        self._depth[joined] += 1
        ended = self._turned_whole(joined) | (self._depth[joined] == self._max_depth)
        return np.concatenate([rows[stopped], joined[ended]])

    def _turned_whole(self, rows: Rows) -> Bools:
        ends = self._ends[rows, :, P]
        inner = self._sum[rows] - 0.5 * ends.sum(axis=1)
        turned: Bools = (np.einsum("rsd,rd->rs", ends, inner) <= 0.0).any(axis=1)
        return turned

    def _finish(self, done: Rows, diverged: Bools) -> Finished:
        acceptance = self._accepted[done] / np.maximum(self._steps[done], 1)
        finished = Finished(done, self._draw[done, 0], self._draw_value[done], acceptance, diverged)
        if len(done):
            self._begin(done)
        return finished

    def _begin(self, rows: Rows) -> None:
        """Start a new tree at the last draw with a fresh momentum."""
        momentum = self._generator.standard_normal((len(rows), self._here.shape[2]))
        start = np.stack([self._draw[rows, 0], momentum, self._draw[rows, 1]], axis=1)
        self._ends[rows] = start[:, None]
        self._energy[rows] = self._draw_value[rows] - 0.5 * np.einsum("rd,rd->r", momentum, momentum)
        self._sum[rows] = momentum
        self._weight[rows], self._accepted[rows], self._steps[rows], self._depth[rows] = 0.0, 0.0, 0, 0

    def _grow(self, rows: Rows) -> None:
        """Start a subtree as large as the tree, at its left or its right end."""
        side = self._generator.integers(0, 2, len(rows))
        self._side[rows] = side
        self._signed[rows] = (2 * side - 1) * self.step
        self._here[rows] = self._ends[rows, side]
        self._subweight[rows], self._subsum[rows] = -np.inf, 0.0
        self._leaf[rows], self._leaves[rows] = 0, 1 << self._depth[rows]


def _checkpoint_table(max_depth: int) -> Bools:
    """Return which saved levels start a complete subtree ending at leaf n: ``(2**max_depth, max_depth)``."""
    table = np.zeros((2**max_depth, max_depth), dtype=bool)
    for leaf in range(1, 2**max_depth, 2):
        top = (leaf >> 1).bit_count()
        trailing = (leaf ^ (leaf + 1)).bit_length() - 1
        table[leaf, top - trailing + 1 : top + 1] = True
    return table
