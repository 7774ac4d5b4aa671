"""Define what a simulator can do, as protocols."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motherlode.core.parameters import Parameters
from motherlode.events.batch import Events
from motherlode.events.check_report import CheckReport

__all__ = ["Simulates", "Simulator"]


class Simulates(Protocol):
    """Run events, without gold: all that toys, predictive checks and black boxes need."""

    def simulate(self, theta: NDArray[np.float64], seed: int, first: int = 0) -> NDArray[np.float64]:
        """Return x with shape (N, *L) for θ with shape (N, D); event i uses random stream (seed, first + i)."""


@runtime_checkable
class Simulator(Protocol):
    """Run events and mine them. Event i of a call uses random stream (seed, first + i), whoever runs it."""

    @property
    def name(self) -> str:
        """Name for the manifest."""

    @property
    def version(self) -> str:
        """Version or content hash for the manifest: changes when the simulator does."""

    @property
    def parameters(self) -> Parameters:
        """Names and bounds of θ."""

    def simulate(self, theta: ArrayLike, seed: int = 0, first: int = 0) -> NDArray[np.float64]:
        """Return x with shape (N, *L) for θ with shape (N, D)."""

    def mine(
        self,
        theta: ArrayLike,
        alternatives: ArrayLike | None = None,
        *,
        seed: int = 0,
        first: int = 0,
        traces: bool = False,
    ) -> Events:
        """Return events with gold at `alternatives`, shape (N, K, D) or (K, D)."""

    def check(self, theta: ArrayLike, alternatives: ArrayLike | None = None) -> CheckReport:
        """Say whether the simulator can be mined, by mining at the given parameters."""
