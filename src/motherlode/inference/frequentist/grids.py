r"""Polynomials through Chebyshev points: a smooth function of θ everywhere from its values at a few θ.

.. math:: f(θ) \approx \sum_g \ell_g(θ) f(θ_g), \qquad θ_g = \tfrac12 (a + b) - \tfrac12 (b - a) \cos \frac{π g}{n - 1}

Trefethen, "Approximation theory and approximation practice" (2013).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from motherlode.inference.frequentist.regions import Grid

__all__ = ["Chebyshev"]


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

    def __init__(self, bounds: Mapping[str, tuple[float, float]], nodes: int) -> None:
        unit = -torch.cos(torch.pi * torch.arange(nodes, dtype=torch.float64) / (nodes - 1))
        box = torch.tensor(list(bounds.values()), dtype=torch.float64)
        self._low, self._high = box.T
        axes = self._low + 0.5 * (1.0 + unit.unsqueeze(1)) * (self._high - self._low)
        self.grid = Grid({name: axis.numpy() for name, axis in zip(bounds, axes.T, strict=True)})
        self._to_nodes = torch.linalg.inv(_polynomials(unit, nodes))

    def weights(self, theta: Tensor) -> Tensor:
        r"""Return the cardinal functions :math:`\ell_g(θ)` with shape ``(n, G)`` for theta ``(n, D)``.

        They are 1 at their own point and 0 at the others, and differentiable; θ outside the box is moved to its edge.
        """
        scaled = (2.0 * (theta - self._low) / (self._high - self._low) - 1.0).clamp(-1.0, 1.0)
        weights = torch.ones(len(theta), 1, dtype=torch.float64)
        for column in scaled.T:
            cardinal = _polynomials(column, len(self._to_nodes)) @ self._to_nodes
            weights = (weights.unsqueeze(2) * cardinal.unsqueeze(1)).flatten(1)
        return weights


def _polynomials(t: Tensor, count: int) -> Tensor:
    """Return Chebyshev's T_0 … T_{count-1} at t ``(n,)``, shape ``(n, count)``."""
    values = [torch.ones_like(t), t]
    for _ in range(2, count):
        values.append(2.0 * t * values[-1] - values[-2])
    return torch.stack(values[:count], dim=1)
