"""Turn a proposal into Pyro distributions, one a parameter."""

import math

from pyro.distributions import Distribution, Normal, TransformedDistribution, Uniform
from torch.distributions.transforms import ExpTransform

from motherlode.campaign import Proposal

__all__ = ["prior_of"]


def prior_of(proposal: Proposal) -> dict[str, Distribution]:
    """Return the independent laws of a proposal; ``near`` plays no part, it concerns alternatives only."""
    return {name: _distribution(*law) for name, law in proposal.laws.items()}


def _distribution(kind: str, a: float, b: float) -> Distribution:
    if kind == "normal":
        return Normal(a, b)
    if kind == "log_uniform":
        return TransformedDistribution(Uniform(math.log(a), math.log(b)), [ExpTransform()])
    return Uniform(a, b)
