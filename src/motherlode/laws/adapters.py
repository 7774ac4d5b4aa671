"""Find who reads the distributions of a package that stands to the right of this layer: torch, Pyro, zuko.

The layer takes NumPy and scipy only, so what reads torch's distributions lives in :mod:`motherlode.estimators.laws`.
The root package, which is outside the order of the layers, knows that room by the name of the foreign package; it is
imported when the first such distribution, or its description in a manifest, is met.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

import motherlode
from motherlode.core.types import JSON, Foreign
from motherlode.laws.factor import Factor

__all__ = ["Adapter", "TorchDistribution", "adapter_for", "adapter_of"]


class TorchDistribution(Protocol):
    """What a torch distribution offers, said without torch."""

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one draw."""

    def sample(self, sample_shape: tuple[int, ...] = ()) -> Foreign:
        """Return a tensor of draws."""

    def log_prob(self, value: Foreign) -> Foreign:
        """Return a tensor of log-densities."""


class Adapter(Protocol):
    """What a room on the right offers for the distributions of a package."""

    def factor(self, distribution: Foreign) -> Factor:
        """Return a distribution over one vector, or over one number, as a factor."""

    def from_json(self, law: str, arguments: Mapping[str, JSON]) -> Factor:
        """Return the factor that its own description tells."""

    def joint(self, factors: tuple[Factor, ...]) -> TorchDistribution:
        """Return the distribution of the package over the factors side by side."""


def adapter_of(distribution: Foreign) -> Adapter | None:
    """Return who reads a distribution, by the packages of its class and of the classes above it; None for nobody."""
    packages = [kind.__module__.partition(".")[0] for kind in type(distribution).__mro__]
    return next((adapter_for(package) for package in packages if package in motherlode.ADAPTERS), None)


def adapter_for(package: str) -> Adapter | None:
    """Return who reads the distributions of a package; None for nobody."""
    home = motherlode.ADAPTERS.get(package)
    adapter: Adapter | None = None if home is None else import_module(home).ADAPTER
    return adapter
