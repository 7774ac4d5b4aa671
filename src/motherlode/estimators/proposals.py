r"""Gradient of the proposal's density, which the score-matched posterior needs.

.. math:: \nabla_θ \log p(θ|x) = \mathbb E[t(x,z|θ)\,|\,x,θ] + \nabla_θ \log π(θ)
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import stats
from torch.distributions import Distribution, constraints

from motherlode.estimators.errors import UnknownProposal, UnsuitableProposal

__all__ = ["bounds_of", "looks_uniform", "prior_score"]

Array = NDArray[np.float64]

_LEVEL = 1e-6
_EDGE, _ENOUGH = 0.02, 200


def prior_score(
    theta: Array, recorded: Mapping[str, Any] | None = None, given: Distribution | None = None
) -> Callable[[Array], Array]:
    """Return a function of θ with shape ``(N, D)`` that gives ∇θ log π(θ) with the same shape.

    Parameters
    ----------
    theta
        Parameters that were proposed, shape ``(N, D)``; they must look uniform where nobody knows the law.
    recorded
        The proposal as a manifest records it, ``{"laws": {name: [kind, a, b]}}``.
    given
        The law with event shape ``(D,)``; it overrides what is recorded.

    Raises
    ------
    UnknownProposal
        If the proposal is neither given nor recorded and θ is not uniform in a box.
    UnsuitableProposal
        If the given law is not one of θ. The function raises it too.
    """
    if given is not None:
        _distribution_score(given, theta[:1])
        return lambda values: _distribution_score(given, values)
    laws = None if recorded is None else recorded.get("laws")
    if laws is not None:
        each = list(laws.values())
        return lambda values: np.stack([_law_score(values[:, d], *law) for d, law in enumerate(each)], axis=1)
    if not all(looks_uniform(column) for column in theta.T):
        raise UnknownProposal()
    return np.zeros_like


def _distribution_score(law: Distribution, theta: Array) -> Array:
    shapes = tuple(law.batch_shape), tuple(law.event_shape)
    if shapes != ((), theta.shape[1:]):
        raise UnsuitableProposal(
            law, f"has batch and event shapes {shapes[0]} and {shapes[1]}, not () and {theta.shape[1:]}"
        )
    leaf = torch.tensor(theta, requires_grad=True)
    try:
        log_p = law.log_prob(leaf)
    except ValueError as error:
        raise UnsuitableProposal(law, f"cannot have drawn θ: {error}") from error
    if not bool(torch.isfinite(log_p).all()):
        row = int(torch.isfinite(log_p).logical_not().nonzero()[0])
        raise UnsuitableProposal(law, f"has the log-density {log_p[row].item()} at θ = {theta[row].tolist()}")
    score = torch.autograd.grad(log_p.sum(), leaf)[0] if log_p.requires_grad else torch.zeros_like(leaf)
    return np.asarray(score.numpy())


def _law_score(theta: Array, kind: str, a: float, b: float) -> Array:
    if kind == "log_uniform":
        return -1.0 / theta
    if kind == "normal":
        return (a - theta) / b**2
    return np.zeros_like(theta)


def looks_uniform(column: Array) -> bool:
    """Say whether a Kolmogorov-Smirnov test at 1e-6 finds the column uniform over its own range."""
    low, width = column.min(), np.ptp(column)
    return bool(width > 0 and stats.kstest((column - low) / width, "uniform").pvalue > _LEVEL)


def bounds_of(
    theta: Array, recorded: Mapping[str, Any] | None = None, given: Distribution | None = None
) -> tuple[Array, Array]:
    """Return low and high of each parameter with shape ``(D,)``, ∓inf where it has none.

    Parameters
    ----------
    theta
        Parameters that were proposed, shape ``(N, D)``. Where nobody knows their law, a column is taken to end at edges
        if either outermost 5 % of its range holds 2 % of its values besides the extreme one, as a law that ends there
        has and tails have not; its extremes are then widened by one gap between events. Fewer than 200 events say
        nothing of edges.
    recorded
        The proposal as a manifest records it, ``{"laws": {name: [kind, a, b]}}``.
    given
        The law with event shape ``(D,)``; it overrides what is recorded.
    """
    if given is not None:
        return _support(given, theta.shape[1])
    laws = None if recorded is None else recorded.get("laws")
    if laws is not None:
        ends = np.array([(-np.inf, np.inf) if kind == "normal" else (a, b) for kind, a, b in laws.values()])
        return ends[:, 0], ends[:, 1]
    low, high = theta.min(axis=0), theta.max(axis=0)
    width = high - low
    at_low = (theta < low + 0.05 * width).sum(axis=0) - 1
    at_high = (theta > high - 0.05 * width).sum(axis=0) - 1
    crowded = _EDGE * len(theta)
    seen = (len(theta) >= _ENOUGH) & (width > 0) & (at_low > crowded) & (at_high > crowded)
    margin = width / len(theta)
    return np.where(seen, low - margin, -np.inf), np.where(seen, high + margin, np.inf)


def _support(law: Distribution, parameters: int) -> tuple[Array, Array]:
    try:
        support: Any = law.support
    except NotImplementedError:
        support = None
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    ends = (-np.inf, np.inf)
    if isinstance(support, constraints.interval):
        ends = (support.lower_bound, support.upper_bound)
    low, high = (torch.as_tensor(end, dtype=torch.float64).expand(parameters).numpy().copy() for end in ends)
    return low, high
