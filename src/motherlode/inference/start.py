"""Where chains and optimizers begin: prior draws, thinned by their posterior weight."""

import torch
from torch import Tensor

from motherlode.inference.errors import NoFiniteDensity
from motherlode.inference.potential import Potential
from motherlode.inference.randomness import seeded

__all__ = ["starting_points"]


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
        Number of prior draws that are looked at. Default ``50 * count``, at least 200.

    Returns
    -------
    Tensor
        Points in unconstrained space with shape ``(count, d)``, float64, drawn without replacement.

    Raises
    ------
    NoFiniteDensity
        If fewer than ``count`` of them have a finite density.
    """
    tried = tried or max(200, 50 * count)
    u = potential.prior.unconstrain(potential.prior.sample(tried, seed))
    with torch.no_grad(), seeded(seed):
        log_weight = potential.log_likelihood(potential.prior.constrain(u)[0])
        gumbel = -torch.empty(tried, dtype=torch.float64).exponential_().log()
    usable = torch.isfinite(log_weight) & torch.isfinite(u).all(dim=-1)
    if int(usable.sum()) < count:
        raise NoFiniteDensity(tried)
    key = torch.where(usable, log_weight + gumbel, -torch.inf)
    return u[key.topk(count).indices]
