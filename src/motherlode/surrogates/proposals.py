r"""Gradient of the proposal's density, which the score-matched posterior needs.

.. math:: \nabla_θ \log p(θ|x) = \mathbb E[t(x,z|θ)\,|\,x,θ] + \nabla_θ \log π(θ)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from motherlode.surrogates.errors import UnknownProposal

__all__ = ["bounds_of", "looks_uniform", "prior_score"]

_LEVEL = 1e-6
_EDGE = 0.02


def prior_score(theta: NDArray[np.float64], proposal: Mapping[str, Any] | None) -> NDArray[np.float64]:
    """Return ∇θ log π(θ) with shape ``(N, D)``.

    Parameters
    ----------
    theta
        Shape ``(N, D)``.
    proposal
        As a manifest records it: ``{"laws": {name: [kind, a, b]}}``; without one θ must look uniform.

    Raises
    ------
    UnknownProposal
        If the proposal is not recorded and θ is not uniform in a box.
    """
    laws = None if proposal is None else proposal.get("laws")
    if laws is None:
        if not all(looks_uniform(column) for column in theta.T):
            raise UnknownProposal()
        return np.zeros_like(theta)
    return np.stack([_law_score(theta[:, d], *law) for d, law in enumerate(laws.values())], axis=1)


def _law_score(theta: NDArray[np.float64], kind: str, a: float, b: float) -> NDArray[np.float64]:
    if kind == "log_uniform":
        return -1.0 / theta
    if kind == "normal":
        return (a - theta) / b**2
    return np.zeros_like(theta)


def looks_uniform(column: NDArray[np.float64]) -> bool:
    """Say whether a Kolmogorov-Smirnov test at 1e-6 finds the column uniform over its own range."""
    low, width = column.min(), np.ptp(column)
    return bool(width > 0 and stats.kstest((column - low) / width, "uniform").pvalue > _LEVEL)


def bounds_of(theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return low and high of each column, widened by one gap between events; ∓inf where its edges are not crowded.

    A law that ends at an edge puts its share of events into the outermost 5 % of the range; tails put next to none.
    """
    low, high = theta.min(axis=0), theta.max(axis=0)
    width = high - low
    at_low = (theta < low + 0.05 * width).mean(axis=0)
    at_high = (theta > high - 0.05 * width).mean(axis=0)
    ends = (width > 0) & (at_low > _EDGE) & (at_high > _EDGE)
    margin = width / len(theta)
    return np.where(ends, low - margin, -np.inf), np.where(ends, high + margin, np.inf)
