"""Confidence regions on a grid of parameters of interest: p-values, intervals, and what made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BANDS", "Grid", "Points", "Region"]

Array = NDArray[np.float64]

Points = int | Mapping[str, int | NDArray[np.float64]]
"""How fine a grid is: points of each parameter, or by name their number or values."""

BANDS = (0.02275, 0.15866, 0.5, 0.84134, 0.97725)
"""Quantiles at -2, -1, 0, 1 and 2 standard deviations, where expected results are quoted."""


@dataclass(frozen=True)
class Grid:
    """A product grid over named parameters.

    Attributes
    ----------
    axes
        Increasing values of each parameter by name.
    """

    axes: Mapping[str, Array]

    @classmethod
    def over(cls, bounds: Mapping[str, tuple[float, float]], points: Points) -> "Grid":
        """Spread that many points evenly from bound to bound of each parameter, or take the values that are given."""
        asked = points if isinstance(points, Mapping) else dict.fromkeys(bounds, points)
        return cls({name: _axis(asked[name], *bounds[name]) for name in bounds})

    def within(self, box: Mapping[str, tuple[float, float]]) -> NDArray[np.bool_]:
        """Return which points lie in a box over some of the parameters, edges included, with shape ``(G,)``."""
        low, high = np.array([box.get(name, (-np.inf, np.inf)) for name in self.axes]).T
        return np.asarray(((self.points >= low) & (self.points <= high)).all(axis=1))

    def cut(self, box: Mapping[str, tuple[float, float]]) -> "Grid":
        """Return the grid of the points within a box over some of the parameters."""
        sides = {name: box.get(name, (-np.inf, np.inf)) for name in self.axes}
        return Grid({n: axis[(axis >= sides[n][0]) & (axis <= sides[n][1])] for n, axis in self.axes.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names."""
        return tuple(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along each axis."""
        return tuple(len(axis) for axis in self.axes.values())

    @property
    def points(self) -> Array:
        """All points with shape ``(G, d)``, the last axis running fastest."""
        return np.stack([part.ravel() for part in np.meshgrid(*self.axes.values(), indexing="ij")], axis=1)

    def __len__(self) -> int:
        return int(np.prod(self.shape))


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
    """

    grid: Grid
    p_value: Array
    statistic: Array
    method: str
    best: Array
    info: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def credible(cls, grid: Grid, log_mass: Array, method: str = "credible") -> "Region":
        """Rank grid points by their posterior log-mass ``(G,)``: regions of highest density."""
        mass = np.exp(log_mass - log_mass.max())
        order = np.argsort(-mass, kind="stable")
        above = np.empty(len(mass))
        above[order] = (np.cumsum(mass[order]) - mass[order]) / mass.sum()
        statistic = 2.0 * (log_mass.max() - log_mass)
        return cls(grid, 1.0 - above, statistic, method, grid.points[int(mass.argmax())])

    def contains(self, level: float) -> NDArray[np.bool_]:
        """Return which grid points belong to the region of that confidence level, with shape ``(G,)``."""
        return np.asarray(self.p_value > 1.0 - level)

    def intervals(self, level: float) -> list[tuple[float, float]]:
        """Return the stretches of a single parameter where the interpolated p-value exceeds ``1 - level``.

        Raises
        ------
        ValueError
            If the region has more than one parameter: then see :meth:`contains`.
        """
        if len(self.grid.axes) != 1:
            raise ValueError(f"the region has parameters {self.grid.names}; intervals exist for one. Use .contains.")
        (axis,) = self.grid.axes.values()
        return _stretches(axis, self.p_value - (1.0 - level))

    def hull(self, level: float, margin: int = 0) -> dict[str, tuple[float, float]]:
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
        """Return the hull of :meth:`intervals`; NaN where it is empty."""
        stretches = self.intervals(level)
        return (stretches[0][0], stretches[-1][1]) if stretches else (float("nan"), float("nan"))


def _axis(asked: int | Array, low: float, high: float) -> Array:
    return np.linspace(low, high, asked) if isinstance(asked, int) else np.asarray(asked, dtype=np.float64)


def _stretches(axis: Array, height: Array) -> list[tuple[float, float]]:
    """Return where a piecewise linear function is positive."""
    inside = height > 0.0
    crossings = np.flatnonzero(inside[1:] != inside[:-1])
    step = height[crossings] / (height[crossings] - height[crossings + 1])
    edges = list(axis[crossings] + step * (axis[crossings + 1] - axis[crossings]))
    if inside[0]:
        edges.insert(0, axis[0])
    if inside[-1]:
        edges.append(axis[-1])
    return [(float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
