r"""The likelihood of a binned statistic: the baseline every learned likelihood is compared with.

.. math:: \log p(b(s(x))|θ), \qquad s(x) = \text{a summary, or } \hat t(x) \text{ (SALLY)}; \qquad
          \log \frac{p(b(s_θ(x))|θ)}{p(b(s_θ(x))|θ_{ref})}, \quad
          s_θ(x) = \hat t(x) \cdot \frac{θ - θ_{ref}}{|θ - θ_{ref}|} \text{ (SALLINO)}

Histograms are filled at Chebyshev points of θ and log p is interpolated between them by a polynomial, smooth in θ. Both
have the call of a network, so :func:`motherlode.limits` and :func:`motherlode.posterior` take them.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core.types import Array
from motherlode.estimators import HistogramRatio
from motherlode.events.simulator import Simulates
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.grids import Box, Chebyshev

__all__ = ["HistogramLikelihood", "SallinoRatio"]

Statistic = Callable[[Array], Array]


class HistogramLikelihood:
    """p(bin of s(x)|θ) from simulations at a few θ, with ``log_prob(x, theta)``.

    Parameters
    ----------
    statistic
        From x ``(N, *L)`` to ``(N,)`` or ``(N, k)``; ``score.score`` of a ScoreEstimator makes it SALLY.
    simulator
        Has ``simulate(theta, seed, first)``.
    bounds
        ``(low, high)`` of each parameter by name.
    points
        Chebyshev points of each parameter.
    bins
        Bins of each component of the statistic, of equal content over all points together.
    events
        Simulations at each point.
    seed
        Seed of the simulator.

    Raises
    ------
    InferenceError
        If the statistic is constant or not finite.
    """

    def __init__(
        self,
        statistic: Statistic,
        simulator: Simulates,
        bounds: Box,
        points: int = 9,
        bins: int = 20,
        events: int = 5000,
        seed: int = 0,
    ) -> None:
        self._between = Chebyshev(bounds, points)
        grid = self._between.grid
        values = _varied(_values(statistic, _simulate(simulator, grid.points, events, seed)))
        self._histogram = HistogramRatio(grid.points, list(values.reshape(len(grid), events, -1)), bins=bins)
        self._table = torch.from_numpy(self._histogram.log_p)
        self._statistic = statistic

    def log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log p(bin|θ) with shape ``(*B,)`` for x ``(*B, *L)`` and theta ``(*B, D)``."""
        points, outcomes = _rows(x, theta)
        cell = torch.from_numpy(self._histogram.cell(_values(self._statistic, outcomes)))
        return (self._between.weights(points) * self._table[:, cell].T).sum(dim=1).reshape(theta.shape[:-1])


class SallinoRatio:
    """The ratio of histograms of one optimal observable, which points from θ_ref to each θ, with ``log_ratio``.

    Parameters
    ----------
    score
        From x ``(N, *L)`` to t̂(x) at θ_ref, shape ``(N, D)``.
    reference
        θ_ref with shape ``(D,)``.
    simulator, bounds, points, bins, events, seed
        As in :class:`HistogramLikelihood`.

    Raises
    ------
    InferenceError
        If the score is constant or not finite.
    """

    def __init__(
        self,
        score: Statistic,
        reference: ArrayLike,
        simulator: Simulates,
        bounds: Box,
        points: int = 9,
        bins: int = 20,
        events: int = 5000,
        seed: int = 0,
    ) -> None:
        self._between, self._score = Chebyshev(bounds, points), score
        grid, centre = self._between.grid, np.asarray(reference, dtype=np.float64)
        step = grid.points - centre
        length = np.linalg.norm(step, axis=1, keepdims=True)
        directions = np.divide(step, length, out=np.zeros_like(step), where=length > 1e-9)
        truths = np.concatenate([grid.points, centre[None]])
        t = _varied(_values(score, _simulate(simulator, truths, events, seed))).reshape(len(truths), events, -1)
        made = [
            HistogramRatio([point, centre], [t[g] @ directions[g], t[-1] @ directions[g]], bins=bins)
            for g, point in enumerate(grid.points)
        ]
        edges = [np.append(one.edges[0], np.full(bins - 1 - len(one.edges[0]), np.inf)) for one in made]
        tables = [np.pad(one.log_p[0] - one.log_p[1], (0, bins - one.log_p.shape[1])) for one in made]
        self._directions, self._edges, self._table = (
            torch.from_numpy(np.stack(part)) for part in (directions, edges, tables)
        )

    def log_ratio(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the log-ratio of bins with shape ``(*B,)`` for theta ``(*B, D)`` and x ``(*B, *L)``."""
        points, outcomes = _rows(x, theta)
        t = torch.from_numpy(_values(self._score, outcomes))
        projected = self._directions @ t.T
        cells = torch.searchsorted(self._edges, projected.contiguous(), right=True)
        return (self._between.weights(points) * self._table.gather(1, cells).T).sum(dim=1).reshape(theta.shape[:-1])


def _simulate(simulator: Simulates, points: Array, events: int, seed: int) -> Array:
    return np.asarray(simulator.simulate(np.repeat(points, events, axis=0), seed, 0), dtype=np.float64)


def _values(statistic: Statistic, x: Array) -> Array:
    return np.asarray(statistic(x), dtype=np.float64).reshape(len(x), -1)


def _varied(values: Array) -> Array:
    """Return the values of simulated events after a look at them."""
    if not np.isfinite(values).all() or (np.ptp(values, axis=0) == 0.0).any():
        raise InferenceError(
            "the statistic is constant or not finite on simulated events. Its histogram says nothing about θ. "
            "Check it on simulator.simulate(theta, seed=0)."
        )
    return values


def _rows(x: Tensor, theta: Tensor) -> tuple[Tensor, Array]:
    """Lay the batch out in rows: theta ``(n, D)`` and x ``(n, *L)``."""
    points = theta.reshape(-1, theta.shape[-1]).to(torch.float64)
    return points, x.reshape(len(points), *x.shape[theta.dim() - 1 :]).detach().numpy()
