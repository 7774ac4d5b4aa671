r"""How often do confidence regions hold the truth, at a known θ.

.. math:: \mathrm{coverage}(θ) = P(θ \in C(x) | θ)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm

from motherlode.core.types import Array, Integers
from motherlode.events.simulator import Simulates
from motherlode.inference.frequentist import Limits, Scan, Toys, rank_p_value

__all__ = ["Coverage", "coverage"]


@dataclass(frozen=True)
class Coverage:
    """Coverage of regions at one true θ.

    Attributes
    ----------
    theta
        The truth, moved to the nearest grid point, shape ``(D,)``.
    levels
        Confidence levels asked for, shape ``(n,)``.
    observed
        Share of experiments whose region holds the truth, by method, each with shape ``(n,)``.
    errors
        Standard errors of these shares, toys of the construction included, by method.
    p_values
        p-value of the truth in each experiment, by method.
    experiments
        Number of experiments.
    alpha
        Error probability of the verdict over all levels and methods together.
    """

    theta: Array
    levels: Array
    observed: dict[str, Array]
    errors: dict[str, Array]
    p_values: dict[str, Array]
    experiments: int
    alpha: float = 0.01

    @property
    def ok(self) -> bool:
        """Whether no method undercovers at any level."""
        return all((self.z(method) > -self._allowed).all() for method in self.observed)

    @property
    def _allowed(self) -> float:
        """Standard errors that one of the numbers may lie off by chance, Bonferroni, two-sided."""
        return float(norm.isf(self.alpha / (2 * len(self.levels) * len(self.observed))))

    def z(self, method: str) -> Array:
        """Return (observed - level) in standard errors at the nominal level, with shape ``(n,)``."""
        return np.asarray((self.observed[method] - self.levels) / self.errors[method])

    def verdict(self) -> str:
        """Say in words which methods keep their promise, and in a table by how much."""
        bad = [method for method in self.observed if (self.z(method) <= -self._allowed).any()]
        found = f"{' and '.join(bad)} undercovers" if bad else "as promised or more"
        lines = [f"coverage at θ = {self.theta.tolist()}, {self.experiments} experiments: {found}"]
        for method in self.observed:
            rows = zip(self.levels, self.observed[method], self.errors[method], self.z(method), strict=True)
            lines += [f"{method:>8} {level:7.3%} {seen:8.3%} ± {e:.3%}  {self._word(z)}" for level, seen, e, z in rows]
        return "\n".join(lines)

    def _word(self, z: float) -> str:
        if z <= -self._allowed:
            return f"UNDERCOVERS (z = {z:.1f})"
        return f"overcovers (z = +{z:.1f})" if z > self._allowed else f"as promised (z = {z:+.1f})"


def coverage(
    limits: Limits,
    simulator: Simulates,
    theta: ArrayLike,
    levels: ArrayLike = (0.6827, 0.9545, 0.9973),
    experiments: int = 10_000,
    points: int = 25,
    seed: int = 0,
    nodes: int | None = None,
) -> Coverage:
    """Repeat the experiment at a known θ and count how often Wilks' and Neyman's regions hold it.

    Parameters
    ----------
    limits
        Estimator, bounds, nuisances, and the number of events in an experiment.
    simulator
        Has ``simulate(theta, seed, first)``.
    theta
        True parameters with shape ``(D,)``.
    levels
        Confidence levels.
    experiments
        Number of experiments, and of toys that calibrate the construction at each nuisance value that comes up.
    points
        Grid points of each parameter.
    seed
        Seed of all randomness.
    nodes
        As in :meth:`motherlode.inference.Limits.neyman`.
    """
    made = limits.toys(simulator, points, seed, nodes=nodes)
    scan, wanted = made.scan, np.atleast_1d(np.asarray(levels, dtype=np.float64))
    full = scan.grid.points
    spacing = np.ptp(full, axis=0) / (np.array(scan.grid.shape) - 1)
    index = int((((full - np.asarray(theta)) / spacing) ** 2).sum(axis=1).argmin())
    point = int(scan.fold(np.arange(len(full)) == np.array([[index]])).any(axis=2).argmax())
    data = made.log_likelihoods(full[index], experiments, len(full))
    observed = scan.statistic(data)[:, point]
    p_values = {"wilks": chi2.sf(observed, len(scan.interest)), "neyman": _by_toys(made, data, observed, point)}
    share = {name: np.array([(p > 1.0 - level).mean() for level in wanted]) for name, p in p_values.items()}
    binomial = np.sqrt(wanted * (1.0 - wanted) / experiments)
    errors = {"wilks": binomial, "neyman": binomial * np.sqrt(2.0)}
    return Coverage(full[index], wanted, share, errors, p_values, experiments)


def _by_toys(made: Toys, data: Array, observed: Array, point: int) -> Array:
    """Return Neyman p-values of the truth; experiments whose nuisances fit best at the same values share their toys."""
    nuisance = _fitted_nuisance(made.scan, data, point)
    p_value = np.empty(len(data))
    for chosen in np.unique(nuisance):
        rows = nuisance == chosen
        toys = made.log_likelihoods(made.scan.grid.points[chosen], len(data), int(chosen))
        p_value[rows] = rank_p_value(made.scan.statistic(toys)[:, point], observed[rows])
    return p_value


def _fitted_nuisance(scan: Scan, data: Array, point: int) -> Integers:
    """Return for each experiment the full grid point whose nuisances fit it best, with shape ``(T,)``."""
    places = scan.fold(np.arange(len(scan.grid), dtype=np.float64)[None])[0, point].astype(np.int64)
    return np.asarray(places[scan.fold(data)[:, point].argmax(axis=1)])
