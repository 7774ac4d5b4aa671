"""The highest point of a posterior, by climbing from several starts in unconstrained coordinates."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from motherlode.inference.potential import Potential
from motherlode.inference.start import starting_points

__all__ = ["maximize", "with_gradient"]

Array = NDArray[np.float64]


def maximize(potential: Potential, starts: int, seed: int) -> Array:
    """Return the θ of highest density with shape ``(D,)``: L-BFGS from each start, the best one kept.

    The density is the one in θ, so the Jacobian of the coordinates climbed in is left out. Steps are in units of the
    prior's spread in these coordinates, so the units of θ do not matter.
    """

    def log_density(u: Tensor) -> Tensor:
        _, log_det = potential.prior.constrain(u)
        return potential.log_prob_free(u) - log_det

    value_and_gradient = with_gradient(log_density)
    unit = _spread(potential, seed)
    climbs = [_climb(value_and_gradient, start.numpy(), unit) for start in starting_points(potential, starts, seed)]
    best = max(climbs, key=lambda climb: climb[0])[1]
    theta: Array = potential.prior.constrain(torch.from_numpy(best))[0].numpy()
    return theta


def with_gradient(function: Callable[[Tensor], Tensor]) -> Callable[[Array], tuple[Array, Array]]:
    """Turn a batched torch function ``(*B, d) -> (*B,)`` into one that returns NumPy values and gradients."""

    def value_and_gradient(u: Array) -> tuple[Array, Array]:
        point = torch.from_numpy(u).requires_grad_(True)
        value = function(point)
        (gradient,) = torch.autograd.grad(value.sum(), point)
        return value.detach().numpy(), gradient.numpy()

    return value_and_gradient


def _spread(potential: Potential, seed: int, draws: int = 1000) -> Array:
    """Return half the interquartile range of the prior's free coordinates with shape ``(d,)``, 1 where it is zero."""
    u = potential.prior.unconstrain(potential.prior.sample(draws, seed))
    low, high = np.nanquantile(torch.where(torch.isfinite(u), u, torch.nan).numpy(), (0.25, 0.75), axis=0)
    return np.where(high > low, 0.5 * (high - low), 1.0)


def _climb(
    value_and_gradient: Callable[[Array], tuple[Array, Array]], start: Array, unit: Array
) -> tuple[float, Array]:
    def descend(step: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(start + unit * step)
        return -float(value), -gradient * unit

    found = minimize(descend, np.zeros(len(start)), jac=True, method="L-BFGS-B", options={"ftol": 1e-12})
    return -float(found.fun), np.asarray(start + unit * found.x, dtype=np.float64)
