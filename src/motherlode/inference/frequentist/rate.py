r"""How many events are expected: the cross section as a function of θ, given, fitted, or summed from event weights.

.. math:: n \sim \mathrm{Pois}(\mathcal L\, σ(θ))
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core.types import Integers
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.grids import chebyshev_values

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

        Raises
        ------
        InferenceError
            If the points do not determine a polynomial of that degree.
        """
        points = torch.as_tensor(np.asarray(theta, dtype=np.float64))
        values = torch.as_tensor(np.asarray(cross_section, dtype=np.float64))
        weight = 1.0 / torch.as_tensor(np.ones(len(points)) if error is None else np.asarray(error, dtype=np.float64))
        low, high = points.amin(dim=0), points.amax(dim=0)
        centre, width = 0.5 * (low + high), torch.where(high > low, 0.5 * (high - low), 1.0)
        powers = _powers(points.shape[1], degree)
        terms = _terms((points - centre) / width, powers)
        _check(terms, degree)
        design = weight.unsqueeze(1) * terms
        coefficients = torch.linalg.lstsq(design, (weight * values).unsqueeze(1)).solution.squeeze(1)
        return cls(_Polynomial(centre, width, powers, coefficients), luminosity)

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

        Raises
        ------
        InferenceError
            If the benchmarks do not determine a polynomial of that degree.
        """
        rows = np.asarray(weights, dtype=np.float64)
        return cls.fit(theta, rows.sum(axis=0), luminosity, degree, np.sqrt((rows**2).sum(axis=0)))

    def expected(self, theta: Tensor) -> Tensor:
        """Return the expected number of events with shape ``(*B,)``."""
        return self.luminosity * self.cross_section(theta)


@dataclass(frozen=True)
class _Polynomial:
    """A polynomial of θ, scaled by centre and width ``(D,)``, from powers ``(D, K)`` and coefficients ``(K,)``."""

    centre: Tensor
    width: Tensor
    powers: Integers
    coefficients: Tensor

    def __call__(self, theta: Tensor) -> Tensor:
        return _terms((theta - self.centre) / self.width, self.powers) @ self.coefficients


def _check(terms: Tensor, degree: int) -> None:
    """Refuse points, by their terms ``(N, K)``, that leave coefficients free."""
    needed, rank = terms.shape[1], int(torch.linalg.matrix_rank(terms))
    if rank < needed:
        raise InferenceError(
            f"{len(terms)} cross sections determine {rank} of the {needed} coefficients of a polynomial of degree "
            f"{degree}. Between and beyond these points the rate would be arbitrary. Give at least {needed} "
            "points that differ in every direction, or a smaller degree."
        )


def _powers(dimension: int, degree: int) -> Integers:
    """Return the powers of each parameter in the K terms of a polynomial of that total degree, shape ``(D, K)``."""
    powers = np.indices((degree + 1,) * dimension).reshape(dimension, -1)
    kept: Integers = powers[:, powers.sum(axis=0) <= degree]
    return kept


def _terms(theta: Tensor, powers: Integers) -> Tensor:
    """Return products of Chebyshev polynomials with shape ``(*B, K)`` for theta ``(*B, D)`` and powers ``(D, K)``.

    Ours because ``numpy.polynomial`` takes no tensors, and knows no total degree.
    """
    columns = chebyshev_values(theta, int(powers.max()) + 1)
    return torch.stack([columns[..., i, power] for i, power in enumerate(powers)]).prod(dim=0)
