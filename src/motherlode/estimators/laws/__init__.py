"""Read distributions of torch, Pyro and zuko as laws of θ, and make torch distributions of laws.

The layer of laws, which takes no torch, finds :data:`ADAPTER` through the root package.
"""

from collections.abc import Mapping

from torch.distributions import Distribution

from motherlode.core.types import JSON
from motherlode.estimators.laws.encoding import decode
from motherlode.estimators.laws.joint import distribution_of, joint
from motherlode.estimators.laws.torch_law import TorchLaw, as_factor
from motherlode.laws import Factor
from motherlode.laws.factor import encoded

__all__ = ["ADAPTER", "TorchAdapter", "TorchLaw", "distribution_of", "joint"]


class TorchAdapter:
    """What the layer of laws asks of the room that knows torch."""

    def factor(self, distribution: Distribution) -> TorchLaw:
        """Return a distribution as a factor."""
        return as_factor(distribution)

    def from_json(self, law: str, arguments: Mapping[str, JSON]) -> TorchLaw:
        """Return the factor that its own description tells."""
        return as_factor(decode(encoded(law, dict(arguments))))

    def joint(self, factors: tuple[Factor, ...]) -> Distribution:
        """Return one distribution of the factors side by side."""
        return joint(factors)


ADAPTER = TorchAdapter()
"""The one that the root package names."""
