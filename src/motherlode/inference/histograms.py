r"""The likelihood of a binned statistic: the baseline every learned likelihood is compared with.

.. math:: \log p(b(s(x))|θ), \qquad s(x) = \text{a summary}, \quad \hat t(x) \text{ (SALLY)} \quad\text{or}\quad
          \hat t(x) \cdot (θ - θ_{ref}) / |θ - θ_{ref}| \text{ (SALLINO)}
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.regions import Grid
from motherlode.inference.frequentist.toys import Simulates

__all__ = ["HistogramLikelihood"]

Array = NDArray[np.float64]


class HistogramLikelihood:
    """p(bin of s(x)|θ) from simulations on a grid of θ, interpolated linearly between grid points.

    It has ``log_prob(x, theta)``, so :func:`motherlode.limits` and :func:`motherlode.posterior` take it as they take a
    network.

    Parameters
    ----------
    statistic
        From x ``(N, *L)`` to ``(N,)`` or ``(N, k)``.
    simulator
        Has ``simulate(theta, seed, first)``.
    bounds
        ``(low, high)`` of each parameter by name.
    points
        Grid points of each parameter.
    bins
        Bins of each component of the statistic, of equal content over the whole grid.
    events
        Simulations at each grid point.
    seed
        Seed of the simulator.

    Raises
    ------
    InferenceError
        If the statistic is constant or not finite.
    """

    def __init__(
        self,
        statistic: Callable[[Array], Array],
        simulator: Simulates,
        bounds: Mapping[str, tuple[float, float]],
        points: int = 13,
        bins: int = 20,
        events: int = 5000,
        seed: int = 0,
    ) -> None:
        self._statistic = statistic
        grid = Grid.over(bounds, points)
        theta = np.repeat(grid.points, events, axis=0)
        values = self._values(np.asarray(simulator.simulate(theta, seed, 0), dtype=np.float64))
        shares = np.linspace(0.0, 1.0, bins + 1)[1:-1]
        self._edges = [np.unique(np.quantile(column, shares)) for column in values.T]
        self._size = int(np.prod([len(edges) + 1 for edges in self._edges]))
        counts = np.zeros((len(grid), self._size))
        np.add.at(counts, (np.repeat(np.arange(len(grid)), events), self._bin(values)), 1.0)
        p = (counts + 0.5) / (events + 0.5 * self._size)
        self._table = torch.from_numpy(np.log(p)).reshape(*grid.shape, self._size)
        self._axes = [torch.from_numpy(axis) for axis in grid.axes.values()]

    def log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log p(bin|θ) with shape ``(*B,)`` for x ``(*B, *L)`` and theta ``(*B, D)``."""
        batch = theta.shape[:-1]
        points = theta.reshape(-1, theta.shape[-1]).to(torch.float64)
        outcomes = x.reshape(len(points), *x.shape[len(batch) :]).detach().numpy()
        bins = torch.from_numpy(self._bin(self._values(outcomes)))
        corners = [(torch.zeros(len(points), 0, dtype=torch.int64), torch.ones(len(points), dtype=torch.float64))]
        for axis, column in zip(self._axes, points.T, strict=True):
            left = (torch.searchsorted(axis, column.detach().contiguous()) - 1).clamp(0, len(axis) - 2)
            share = ((column - axis[left]) / (axis[left + 1] - axis[left])).clamp(0.0, 1.0)
            corners = [
                (torch.cat([index, (left + step).unsqueeze(1)], dim=1), weight * (share if step else 1.0 - share))
                for index, weight in corners
                for step in (0, 1)
            ]
        places = [tuple(torch.cat([index, bins.unsqueeze(1)], dim=1).T) for index, _ in corners]
        total = torch.stack([c[1] * self._table[place] for c, place in zip(corners, places, strict=True)]).sum(dim=0)
        return total.reshape(batch)

    def _values(self, x: Array) -> Array:
        values = np.asarray(self._statistic(x), dtype=np.float64).reshape(len(x), -1)
        if not np.isfinite(values).all() or (len(values) > 1000 and (np.ptp(values, axis=0) == 0.0).any()):
            raise InferenceError(
                "the statistic is constant or not finite on simulated events. Its histogram says nothing about θ. "
                "Check it on simulator.simulate(theta, seed=0)."
            )
        return values

    def _bin(self, values: Array) -> NDArray[np.int64]:
        index = np.zeros(len(values), dtype=np.int64)
        for edges, column in zip(self._edges, values.T, strict=True):
            index = index * (len(edges) + 1) + np.searchsorted(edges, column, side="right")
        return index
