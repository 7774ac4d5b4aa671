r"""What the law that θ was proposed from says of a posterior: its gradient, and its bounds.

.. math:: \nabla_θ \log p(θ|x) = \mathbb E[t(x,z|θ)\,|\,x,θ] + \nabla_θ \log π(θ)
"""

from collections.abc import Callable

import numpy as np
from scipy import stats

from motherlode.core.types import JSON, Array, LawLike
from motherlode.estimators.errors import UnknownProposal, UnsuitableProposal
from motherlode.laws import Law, LawError

__all__ = ["bounds_of", "check_free", "given_law", "looks_uniform", "prior_score", "told"]

_LEVEL = 1e-6
_EDGE, _ENOUGH = 0.02, 200


def given_law(proposal: LawLike, parameters: int) -> Law:
    """Return the law that a user gives for θ of so many parameters.

    Raises
    ------
    UnsuitableProposal
        If it is no law, or one of other parameters.
    """
    try:
        law = Law.of(proposal)
    except LawError as error:
        raise UnsuitableProposal(str(proposal), f"is no law of θ: {error}") from error
    if law.dimension != parameters:
        raise UnsuitableProposal(str(law), f"is of {law.dimension} parameters, and θ has {parameters}")
    return law


def told(law: Law) -> dict[str, JSON]:
    """Return a given law as a record tells it, in the place of the proposal; nothing where it has no name."""
    try:
        return {"law": law.to_json(), "near": None}
    except LawError:
        return {}


def prior_score(theta: Array, law: Law | None = None) -> Callable[[Array], Array]:
    """Return a function of θ with shape ``(N, D)`` that gives ∇θ log π(θ) with the same shape.

    Parameters
    ----------
    theta
        Parameters that were proposed, shape ``(N, D)``; they must look uniform where nobody knows the law.
    law
        The law they were proposed from; None where nobody knows it.

    Raises
    ------
    UnknownProposal
        If nobody knows the law and θ is not uniform in a box.
    UnsuitableProposal
        If the law fixes a parameter, or cannot have drawn θ. The function raises it too.
    """
    if law is None:
        if not all(looks_uniform(column) for column in theta.T):
            raise UnknownProposal()
        return np.zeros_like
    check_free(law)
    _score(law, theta[:1])
    return lambda values: _score(law, values)


def _score(law: Law, theta: Array) -> Array:
    score = law.score(theta)
    outside = ~np.isfinite(score).all(axis=1)
    if outside.any():
        at = theta[outside][0]
        raise UnsuitableProposal(str(law), f"has the log-density {law.log_prob(at)} at θ = {at.tolist()}")
    return score


def looks_uniform(column: Array) -> bool:
    """Say whether a Kolmogorov-Smirnov test at 1e-6 finds the column uniform over its own range."""
    low, width = column.min(), np.ptp(column)
    return bool(width > 0 and stats.kstest((column - low) / width, "uniform").pvalue > _LEVEL)


def check_free(law: Law) -> None:
    """Refuse to estimate the posterior of parameters that the law fixes.

    Raises
    ------
    UnsuitableProposal
        If there are any.
    """
    if law.fixed:
        raise UnsuitableProposal(str(law), f"fixes {', '.join(law.fixed)}, whose posterior is the value itself")


def bounds_of(theta: Array, law: Law | None = None) -> tuple[Array, Array]:
    """Return low and high of each parameter with shape ``(D,)``, ∓inf where it has none.

    Parameters
    ----------
    theta
        Parameters that were proposed, shape ``(N, D)``. Where nobody knows their law, a column is taken to end at edges
        if either outermost 5 % of its range holds 2 % of its values besides the extreme one, as a law that ends there
        has and tails have not; its extremes are then widened by one gap between events. Fewer than 200 events say
        nothing of edges.
    law
        The law they were proposed from; None where nobody knows it.

    Raises
    ------
    UnsuitableProposal
        If it fixes a parameter.
    """
    if law is not None:
        check_free(law)
        low, high = law.support.low, law.support.high
        both = np.isfinite(low) & np.isfinite(high)
        return np.where(both, low, -np.inf), np.where(both, high, np.inf)
    low, high = theta.min(axis=0), theta.max(axis=0)
    width = high - low
    at_low = (theta < low + 0.05 * width).sum(axis=0) - 1
    at_high = (theta > high - 0.05 * width).sum(axis=0) - 1
    crowded = _EDGE * len(theta)
    seen = (len(theta) >= _ENOUGH) & (width > 0) & (at_low > crowded) & (at_high > crowded)
    margin = width / len(theta)
    return np.where(seen, low - margin, -np.inf), np.where(seen, high + margin, np.inf)
