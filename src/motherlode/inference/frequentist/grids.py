r"""Product grids over a box of parameters, even or of Chebyshev points, and the polynomials through the latter.

.. math:: f(θ) \approx \sum_g \ell_g(θ) f(θ_g), \qquad θ_g = \tfrac12 (a + b) - \tfrac12 (b - a) \cos \frac{π g}{n - 1}

A smooth function of θ is known everywhere from its values at a few θ: Trefethen, "Approximation theory and
approximation practice" (2013).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor

from motherlode.core.types import Array, Bools, LawLike
from motherlode.inference.errors import InferenceError
from motherlode.laws import Law, LawError

__all__ = ["Box", "Chebyshev", "Grid", "Points", "box_of", "chebyshev_values"]


Box: TypeAlias = Mapping[str, tuple[float, float]]
"""``(low, high)`` of each parameter by name."""

Points = int | Mapping[str, int | Array]
"""How fine a grid is: points of each parameter, or by name their number or values."""


def box_of(law: LawLike) -> Box:
    """Return the ends of the support of a law by name: a scan goes from one to the other.

    Raises
    ------
    InferenceError
        If it cannot be read as a law, or a parameter has not two ends.
    """
    try:
        found = Law.of(law)
    except LawError as error:
        raise InferenceError(f"the bounds cannot be read as low < high for each parameter. {error}") from error
    low, high = found.support.low, found.support.high
    endless = [name for name, width in zip(found.names, high - low, strict=True) if not 0.0 < width < np.inf]
    if endless:
        raise InferenceError(
            f"the law of {', '.join(endless)} has not two ends, and a scan goes from one to the other. Give low < high "
            "for each parameter."
        )
    return dict(zip(found.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))


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
    def over(cls, bounds: Box, points: Points) -> "Grid":
        """Spread that many points evenly from bound to bound of each parameter, or take the values that are given."""
        asked = points if isinstance(points, Mapping) else dict.fromkeys(bounds, points)
        return cls({name: _axis(asked[name], *bounds[name]) for name in bounds})

    def within(self, box: Box) -> Bools:
        """Return which points lie in a box over some of the parameters, edges included, with shape ``(G,)``."""
        low, high = np.array([box.get(name, (-np.inf, np.inf)) for name in self.axes]).T
        return np.asarray(((self.points >= low) & (self.points <= high)).all(axis=1))

    def cut(self, box: Box) -> "Grid":
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

    @property
    def cells(self) -> Array:
        """Volume around each point, halfway to its neighbours, with shape ``(G,)``: weights of the trapezoidal rule."""
        volume = np.ones(1)
        for axis in self.axes.values():
            volume = np.outer(volume, _widths(axis)).ravel()
        return volume

    def __len__(self) -> int:
        return int(np.prod(self.shape))


class Chebyshev:
    """Interpolation inside a box from a product grid of Chebyshev points, ends included.

    Parameters
    ----------
    bounds
        ``(low, high)`` of each parameter by name.
    nodes
        Points along each axis, at least 2.

    Attributes
    ----------
    grid
        The G points.
    """

    def __init__(self, bounds: Box, nodes: int) -> None:
        unit = chebyshev.chebpts2(nodes)
        self.grid = Grid({n: low + 0.5 * (1.0 + unit) * (high - low) for n, (low, high) in bounds.items()})
        self._low, self._high = torch.tensor(list(bounds.values()), dtype=torch.float64).T
        self._to_nodes = torch.from_numpy(np.linalg.inv(chebyshev.chebvander(unit, nodes - 1)))

    def weights(self, theta: Tensor) -> Tensor:
        r"""Return the cardinal functions :math:`\ell_g(θ)` with shape ``(n, G)`` for theta ``(n, D)``.

        They are 1 at their own point and 0 at the others, and differentiable; θ outside the box is moved to its edge.
        """
        scaled = (2.0 * (theta - self._low) / (self._high - self._low) - 1.0).clamp(-1.0, 1.0)
        weights = torch.ones(len(theta), 1, dtype=torch.float64)
        for column in scaled.T:
            cardinal = chebyshev_values(column, len(self._to_nodes)) @ self._to_nodes
            weights = (weights.unsqueeze(2) * cardinal.unsqueeze(1)).flatten(1)
        return weights


def chebyshev_values(t: Tensor, count: int) -> Tensor:
    """Return Chebyshev's T_0 … T_{count-1} at t ``(*B)``, shape ``(*B, count)``, with gradients.

    Ours because ``numpy.polynomial`` takes no tensors and torch's own ``chebyshev_polynomial_t`` has no derivative.
    """
    values = [torch.ones_like(t), t]
    for _ in range(2, count):
        values.append(2.0 * t * values[-1] - values[-2])
    return torch.stack(values[:count], dim=-1)


def _widths(axis: Array) -> Array:
    """Return half the distance between the neighbours of each value; 1 where there is one value."""
    steps = np.diff(axis)
    return 0.5 * (np.append(steps, 0.0) + np.append(0.0, steps)) if len(axis) > 1 else np.ones(1)


def _axis(asked: int | Array, low: float, high: float) -> Array:
    return np.linspace(low, high, asked) if isinstance(asked, int) else np.asarray(asked, dtype=np.float64)
