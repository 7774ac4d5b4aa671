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

    The density is the one in θ, so the Jacobian of the coordinates climbed in is left out.
    """

    def log_density(u: Tensor) -> Tensor:
        _, log_det = potential.prior.constrain(u)
        return potential.log_prob_free(u) - log_det

    value_and_gradient = with_gradient(log_density)
    climbs = [_climb(value_and_gradient, start.numpy()) for start in starting_points(potential, starts, seed)]
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


def _climb(value_and_gradient: Callable[[Array], tuple[Array, Array]], start: Array) -> tuple[float, Array]:
    def descend(u: Array) -> tuple[float, Array]:
        value, gradient = value_and_gradient(u)
        return -float(value), -gradient

    found = minimize(descend, start, jac=True, method="L-BFGS-B")
    return -float(found.fun), np.asarray(found.x, dtype=np.float64)
