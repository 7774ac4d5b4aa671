r"""How many events are expected: the cross section as a function of θ, given, fitted, or summed from event weights.

.. math:: n \sim \mathrm{Pois}(\mathcal L\, σ(θ))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

__all__ = ["Rate"]


@dataclass(frozen=True)
class Rate:
    """How many events are expected.

    Attributes
    ----------
    cross_section
        σ(θ) for theta ``(*B, D)``, shape ``(*B,)``, differentiable.
    luminosity
        Events per unit of σ.
    """

    cross_section: Callable[[Tensor], Tensor]
    luminosity: float

    @classmethod
    def fit(
        cls,
        theta: ArrayLike,
        cross_section: ArrayLike,
        luminosity: float,
        degree: int = 2,
        error: ArrayLike | None = None,
    ) -> "Rate":
        """Fit a polynomial to cross sections ``(N,)`` known at theta ``(N, D)``; exact for morphing of that degree.

        Parameters
        ----------
        theta, cross_section
            Points and values.
        luminosity
            Events per unit of σ.
        degree
            Total degree of the polynomial.
        error
            Standard errors ``(N,)`` of the cross sections, to weigh them by.
        """
        points = torch.as_tensor(np.asarray(theta, dtype=np.float64))
        values = torch.as_tensor(np.asarray(cross_section, dtype=np.float64))
        weight = 1.0 / torch.as_tensor(np.ones(len(points)) if error is None else np.asarray(error, dtype=np.float64))
        powers = _powers(points.shape[1], degree)
        design = weight.unsqueeze(1) * _monomials(points, powers)
        coefficients = torch.linalg.lstsq(design, (weight * values).unsqueeze(1)).solution.squeeze(1)
        return cls(lambda at: _monomials(at, powers) @ coefficients, luminosity)

    @classmethod
    def from_weights(cls, theta: ArrayLike, weights: ArrayLike, luminosity: float, degree: int = 2) -> "Rate":
        r"""Fit σ(θ) to sums of event weights, :math:`σ(θ_k) = \sum_i w_{ik}`, each weighed by its error.

        Parameters
        ----------
        theta
            The K benchmark points with shape ``(K, D)``.
        weights
            Weights of N generated events at each benchmark with shape ``(N, K)``, in units of σ.
        luminosity
            Events per unit of σ.
        degree
            Total degree of the polynomial in θ.
        """
        rows = np.asarray(weights, dtype=np.float64)
        return cls.fit(theta, rows.sum(axis=0), luminosity, degree, np.sqrt((rows**2).sum(axis=0)))

    def expected(self, theta: Tensor) -> Tensor:
        """Return the expected number of events with shape ``(*B,)``."""
        return self.luminosity * self.cross_section(theta)


def _powers(dimension: int, degree: int) -> list[tuple[int, ...]]:
    grids = np.indices((degree + 1,) * dimension).reshape(dimension, -1).T
    return [tuple(int(p) for p in powers) for powers in grids if powers.sum() <= degree]


def _monomials(theta: Tensor, powers: Sequence[tuple[int, ...]]) -> Tensor:
    columns = [torch.stack([theta[..., i] ** p for i, p in enumerate(power)]).prod(dim=0) for power in powers]
    return torch.stack(columns, dim=-1)
