"""Find where a posterior is high: points to start from, and the highest point by climbing from several."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from motherlode.core.types import Array
from motherlode.estimators.randomness import seeded
from motherlode.inference.errors import NoFiniteDensity
from motherlode.inference.potential import Potential

__all__ = ["ValueAndGradient", "climb", "maximize", "starting_points", "with_gradient"]

ValueAndGradient: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""Points ``(*B, d)`` to values ``(*B,)`` and gradients ``(*B, d)``."""

_MOST_ROUNDS = 50
_TOLERANCE = 1e-12


def starting_points(potential: Potential, count: int, seed: int, tried: int = 0) -> Tensor:
    """Draw distinct starting points from the prior, more likely where the posterior is higher.

    Parameters
    ----------
    potential
        The log-posterior.
    count
        Number of points.
    seed
        Seed of the draws.
    tried
        Number of prior draws that are looked at. Default ``50 * count``, at least 200. So many more are drawn, up to 50
        times, while fewer than ``count`` have a finite density.

    Returns
    -------
    Tensor
        Points in unconstrained space with shape ``(count, d)``, float64, drawn without replacement.

    Raises
    ------
    NoFiniteDensity
        If fewer than ``count`` of all draws have a finite density.
    """
    tried = tried or max(200, 50 * count)
    points, log_weights = torch.empty(0, potential.prior.free_dimension).double(), torch.empty(0).double()
    with torch.no_grad(), seeded(seed):
        for _ in range(_MOST_ROUNDS):
            u, log_weight = _usable(potential, tried)
            points, log_weights = torch.cat([points, u]), torch.cat([log_weights, log_weight])
            if len(points) >= count:
                break
        else:
            raise NoFiniteDensity(_MOST_ROUNDS * tried, len(points), count)
        gumbel = -torch.empty(len(points), dtype=torch.float64).exponential_().log()
    return points[(log_weights + gumbel).topk(count).indices]


def maximize(potential: Potential, starts: int, seed: int) -> Array:
    """Return the θ of highest density with shape ``(D,)``: the best of so many climbs.

    The density is the one in θ, so the Jacobian of the coordinates climbed in is left out. Steps are in units of the
    prior's spread in these coordinates, so the units of θ do not matter.
    """
    unit = torch.from_numpy(_spread(potential, seed))

    def log_density(scaled: Tensor) -> Tensor:
        u = unit * scaled
        return potential.log_prob_free(u) - potential.prior.constrain(u)[1]

    _, best = climb(with_gradient(log_density), (starting_points(potential, starts, seed) / unit).numpy())
    theta: Array = potential.prior.constrain(unit * torch.from_numpy(best))[0].numpy()
    return theta


def climb(
    value_and_gradient: ValueAndGradient, starts: Array, bounds: Sequence[tuple[float, float]] | None = None
) -> tuple[float, Array]:
    """Maximize a function by L-BFGS-B from each of several points and keep the best.

    Parameters
    ----------
    value_and_gradient
        The function, of one point ``(d,)``, whose coordinates should have units of their own size.
    starts
        Starting points with shape ``(n, d)``.
    bounds
        Lowest and highest value of each coordinate; starts outside are put on the bound. Default: none.

    Returns
    -------
    tuple of float and array
        The highest value and its point ``(d,)``: -inf and the first start if the function is finite at no start.
    """

    def descend(point: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(point)
        return -float(value), -gradient

    inside = starts if bounds is None else np.clip(starts, *np.transpose(bounds))
    lowest, best = np.inf, inside[0]
    for start in inside:
        if not np.isfinite(descend(start)[0]):
            continue
        found = minimize(descend, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": _TOLERANCE})
        if found.fun < lowest:
            lowest, best = float(found.fun), np.asarray(found.x, dtype=np.float64)
    return -lowest, best


def with_gradient(function: Callable[[Tensor], Tensor]) -> ValueAndGradient:
    """Turn a batched torch function ``(*B, d) -> (*B,)`` into one that returns NumPy values and gradients."""

    def value_and_gradient(u: Array) -> tuple[Array, Array]:
        point = torch.from_numpy(u).requires_grad_(True)
        value = function(point)
        (gradient,) = torch.autograd.grad(value.sum(), point)
        return value.detach().numpy(), gradient.numpy()

    return value_and_gradient


def _usable(potential: Potential, tried: int) -> tuple[Tensor, Tensor]:
    """Return those of so many prior draws, in unconstrained space, that have a finite log-likelihood, and that."""
    draws = potential.prior.sample(tried, int(torch.randint(2**62, ())))
    u = potential.prior.unconstrain(draws)
    log_weight = potential.log_likelihood(potential.prior.constrain(u)[0])
    usable = torch.isfinite(log_weight) & torch.isfinite(u).all(dim=-1)
    return u[usable], log_weight[usable]


def _spread(potential: Potential, seed: int, draws: int = 1000) -> Array:
    """Return half the interquartile range of the prior's free coordinates with shape ``(d,)``, 1 where it is zero."""
    u = potential.prior.unconstrain(potential.prior.sample(draws, seed))
    low, high = np.nanquantile(torch.where(torch.isfinite(u), u, torch.nan).numpy(), (0.25, 0.75), axis=0)
    return np.where(high > low, 0.5 * (high - low), 1.0)
