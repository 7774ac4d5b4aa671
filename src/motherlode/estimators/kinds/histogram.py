r"""The baseline: ratios of histograms of a few summary statistics, at parameters that were simulated.

.. math:: \log \hat r(x|θ_0, θ_1) = \log \hat p_b(θ_0) - \log \hat p_b(θ_1), \qquad
   \hat p_b(θ) = \frac{n_b(θ) + ½}{n(θ) + ½B}, \qquad b = \mathrm{bin}(s(x))
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Integers
from motherlode.estimators.errors import UnsuitableEstimator

__all__ = ["HistogramRatio"]


class HistogramRatio:
    """Ratios of histograms at a list of simulated parameters; no network and no gold.

    Parameters
    ----------
    theta
        The G parameters with shape ``(G, D)``.
    x
        G samples, each with shape ``(N_g, *L)``.
    summary
        Function from ``(N, *L)`` to ``(N, S)``; None flattens x.
    bins
        Bins a statistic, with edges at quantiles of all samples together.

    Attributes
    ----------
    log_p
        Logarithm of the content of each cell at each parameter, shape ``(G, cells)``.
    """

    def __init__(
        self,
        theta: ArrayLike,
        x: Sequence[ArrayLike],
        summary: Callable[[Array], Array] | None = None,
        bins: int = 20,
    ) -> None:
        self.theta = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        if len(self.theta) != len(x):
            raise UnsuitableEstimator(
                f"{len(self.theta)} parameters and {len(x)} samples were given",
                "Each histogram belongs to one parameter.",
                "Pass one sample of x for each row of theta.",
            )
        self.summary, self.bins = summary, bins
        samples = [self._statistics(np.asarray(sample, dtype=np.float64)) for sample in x]
        levels = np.linspace(0.0, 1.0, bins + 1)[1:-1]
        self.edges = [np.unique(column) for column in np.quantile(np.concatenate(samples), levels, axis=0).T]
        cells = int(np.prod([len(edges) + 1 for edges in self.edges]))
        counts = np.stack([np.bincount(self._bin(sample), minlength=cells) for sample in samples])
        self.log_p = np.log((counts + 0.5) / (counts.sum(axis=1, keepdims=True) + 0.5 * cells))

    def log_ratio(self, theta: ArrayLike, x: ArrayLike, theta_reference: ArrayLike) -> Array:
        """Return log r̂ with shape ``(N,)`` for one theta ``(D,)``, one theta_reference ``(D,)`` and x ``(N, *L)``.

        Raises
        ------
        UnsuitableEstimator
            If one of the parameters was not simulated.
        """
        cell = self.cell(x)
        result: Array = self.log_p[self._row(theta)][cell] - self.log_p[self._row(theta_reference)][cell]
        return result

    def cell(self, x: ArrayLike) -> Integers:
        """Return the number of the cell that each x ``(N, *L)`` falls into, shape ``(N,)``."""
        return self._bin(self._statistics(np.asarray(x, dtype=np.float64)))

    def _statistics(self, x: Array) -> Array:
        values = x if self.summary is None else np.asarray(self.summary(x), dtype=np.float64)
        return values.reshape(len(values), -1)

    def _bin(self, statistics: Array) -> Integers:
        cell = np.zeros(len(statistics), dtype=np.int64)
        for edges, column in zip(self.edges, statistics.T, strict=True):
            cell = cell * (len(edges) + 1) + np.searchsorted(edges, column, side="right")
        return cell

    def _row(self, theta: ArrayLike) -> int:
        wanted = np.asarray(theta, dtype=np.float64).reshape(-1)
        match = np.flatnonzero(np.all(np.isclose(self.theta, wanted, rtol=1e-9, atol=1e-12), axis=1))
        if not len(match):
            raise UnsuitableEstimator(
                f"theta = {wanted.tolist()} was not simulated",
                f"A histogram knows only its own parameters: {self.theta.tolist()[:10]}.",
                "Simulate there, or train a RatioEstimator, which interpolates.",
            )
        return int(match[0])
