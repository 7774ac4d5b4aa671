"""Where chains and optimizers begin: prior draws, thinned by their posterior weight."""

import torch
from torch import Tensor

from motherlode.inference.errors import NoFiniteDensity
from motherlode.inference.potential import Potential
from motherlode.inference.randomness import seeded

__all__ = ["starting_points"]

_MOST_ROUNDS = 50


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


def _usable(potential: Potential, tried: int) -> tuple[Tensor, Tensor]:
    """Return those of so many prior draws, in unconstrained space, that have a finite log-likelihood, and that."""
    draws = potential.prior.sample(tried, int(torch.randint(2**62, ())))
    u = potential.prior.unconstrain(draws)
    log_weight = potential.log_likelihood(potential.prior.constrain(u)[0])
    usable = torch.isfinite(log_weight) & torch.isfinite(u).all(dim=-1)
    return u[usable], log_weight[usable]
