"""Confidence regions on a grid of parameters of interest: p-values, intervals, and what made them."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from motherlode.core.types import Array, Bools, Integers
from motherlode.inference.frequentist.grids import Box, Grid

__all__ = ["BANDS", "GridWarning", "Region"]


Numbers: TypeAlias = float | Array | Integers
"""What a method tells beside a region."""

_FEWEST = 5
_HUGE = 1e150

BANDS = (0.02275, 0.15866, 0.5, 0.84134, 0.97725)
"""Quantiles at -2, -1, 0, 1 and 2 standard deviations, where expected results are quoted."""


class GridWarning(UserWarning):
    """A grid is too coarse or too short for the interval or the limit that is read off it."""


@dataclass(frozen=True)
class Region:
    """Which parameters the data allow.

    Attributes
    ----------
    grid
        The parameters of interest.
    p_value
        Probability of data at least as far from each point as the observed, or one minus the credibility at which
        it enters, with shape ``(G,)``.
    statistic
        The test statistic of the observation at each point with shape ``(G,)``.
    method
        ``"wilks"``, ``"neyman"``, ``"cls"``, ``"credible"`` …
    best
        The point of the highest likelihood with shape ``(d,)``.
    info
        Numbers of the method: toys at each point, the ``band`` ``(5, G)`` of expected p-values …
    profile
        The statistic at any value of a single parameter, where it is known between the points too (Wilks).
    """

    grid: Grid
    p_value: Array
    statistic: Array
    method: str
    best: Array
    info: Mapping[str, Numbers] = field(default_factory=dict)
    profile: Callable[[float], float] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def credible(cls, grid: Grid, log_density: Array, method: str = "credible") -> "Region":
        """Rank grid points by their posterior log-density ``(G,)`` up to a constant: regions of highest density."""
        density = np.exp(log_density - log_density.max())
        mass = density * grid.cells
        order = np.argsort(-density, kind="stable")
        above = np.empty(len(mass))
        above[order] = (np.cumsum(mass[order]) - mass[order]) / mass.sum()
        statistic = 2.0 * (log_density.max() - log_density)
        return cls(grid, 1.0 - above, statistic, method, grid.points[int(density.argmax())])

    def contains(self, level: float) -> Bools:
        """Return which grid points belong to the region of that confidence level, with shape ``(G,)``."""
        return np.asarray(self.p_value > 1.0 - level)

    def intervals(self, level: float) -> list[tuple[float, float]]:
        r"""Return the stretches of a single parameter where the p-value exceeds ``1 - level``.

        Their ends are roots of :attr:`profile` where the method has one. Elsewhere :math:`\sqrt{F^{-1}_{χ^2_1}(1 - p)}`
        is interpolated, which is linear in the parameter if the likelihood is Gaussian; it is 0 at the best fit.

        Raises
        ------
        ValueError
            If the region has more than one parameter: then see :meth:`contains`.

        Warns
        -----
        GridWarning
            If fewer than five points of the grid lie inside and the ends are interpolated.
        """
        if len(self.grid.axes) != 1:
            raise ValueError(f"the region has parameters {self.grid.names}; intervals exist for one. Use .contains.")
        at, root = self._roots()
        wanted = float(np.sqrt(chi2.isf(1.0 - level, 1)))
        if self.profile is None and (root < wanted).any():
            self._warn_of_few_points(level)
        return _stretches(at, root, wanted, self.profile)

    def hull(self, level: float, margin: int = 0) -> Box:
        """Return the smallest box of grid points that holds the region of that level, by name.

        Parameters
        ----------
        level
            Confidence level.
        margin
            Grid steps to go further on each side, to the ends of the grid at most: between its points a region may
            reach one step beyond the last point that belongs to it.

        Raises
        ------
        ValueError
            If no grid point belongs to the region.
        """
        inside = self.contains(level).reshape(self.grid.shape)
        if not inside.any():
            raise ValueError(f"no grid point belongs to the {level:.0%} region: there is nothing to put a box around.")
        box = {}
        for number, (name, axis) in enumerate(self.grid.axes.items()):
            others = tuple(other for other in range(inside.ndim) if other != number)
            members = np.flatnonzero(inside.any(axis=others))
            first, last = max(0, members[0] - margin), min(len(axis) - 1, members[-1] + margin)
            box[name] = (float(axis[first]), float(axis[last]))
        return box

    def interval(self, level: float) -> tuple[float, float]:
        """Return the hull of :meth:`intervals`, with its warning; NaN where it is empty."""
        stretches = self.intervals(level)
        return (stretches[0][0], stretches[-1][1]) if stretches else (float("nan"), float("nan"))

    def _roots(self) -> tuple[Array, Array]:
        """Return the points of the one parameter, the best fit among them, and the root of the statistic at each."""
        (axis,) = self.grid.axes.values()
        root = np.sqrt(self.statistic) if self.profile is not None else _root(self.p_value, self.statistic)
        root, best = np.minimum(root, _HUGE), float(self.best[0])
        if not axis[0] < best < axis[-1] or (np.abs(axis - best) < 1e-12 * (axis[-1] - axis[0])).any():
            return axis, root
        place = int(np.searchsorted(axis, best))
        return np.insert(axis, place, best), np.insert(root, place, 0.0)

    def _warn_of_few_points(self, level: float) -> None:
        inside = int(self.contains(level).sum())
        if inside < min(_FEWEST, len(self.grid)):
            warnings.warn(
                f"{inside} of {len(self.grid)} grid points lie inside the {100.0 * level:.6g}% {self.method} region of "
                f"{self.grid.names[0]!r}. Its ends are interpolated over steps as wide as itself, and its width may be "
                "wrong by a good part of a step. Use more points=, or narrower bounds around this region.",
                GridWarning,
                stacklevel=3,
            )


def _root(p_value: Array, statistic: Array) -> Array:
    """Return the standard deviations that p-values stand for; where they round to 0, those of the statistic."""
    beyond = np.sqrt(np.maximum(statistic, chi2.isf(np.finfo(np.float64).tiny, 1)))
    return np.where(p_value > 0.0, np.sqrt(chi2.isf(np.clip(p_value, 0.0, 1.0), 1)), beyond)


def _stretches(
    axis: Array, root: Array, wanted: float, profile: Callable[[float], float] | None
) -> list[tuple[float, float]]:
    """Return where a root lies below the wanted one; it is known between the points, or else linear there."""
    inside = root < wanted
    steps = np.flatnonzero(inside[1:] != inside[:-1])
    edges = [_crossing(axis[i : i + 2], root[i : i + 2], wanted, profile) for i in steps]
    if inside[0]:
        edges.insert(0, float(axis[0]))
    if inside[-1]:
        edges.append(float(axis[-1]))
    return list(zip(edges[::2], edges[1::2], strict=True))


def _crossing(ends: Array, roots: Array, wanted: float, profile: Callable[[float], float] | None) -> float:
    """Return where the root takes the wanted value between two points on either side of it."""
    (low, high), known = ends.tolist(), dict(zip(ends.tolist(), roots.tolist(), strict=True))
    if profile is None:
        return float(low + (wanted - roots[0]) / (roots[1] - roots[0]) * (high - low))

    def excess(value: float) -> float:
        root = known[value] if value in known else np.sqrt(profile(value))
        return float(min(root, _HUGE)) - wanted

    return float(brentq(excess, low, high, xtol=1e-10 * (high - low), maxiter=500))
