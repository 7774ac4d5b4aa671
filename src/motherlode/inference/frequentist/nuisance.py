r"""Nuisance parameters: measured beside the events, as a parameter of the simulator or as a shift it knows nothing of.

.. math:: θ_{sim} = θ + \sum_k ν_k\, \mathrm{moves}_k, \qquad \log \mathcal L σ \to \log \mathcal L σ + \sum_k ν_k\,
          \mathrm{log\_rate}_k, \qquad a_k \sim N(ν_k, s_k)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Constraint", "Shift"]


@dataclass(frozen=True)
class Constraint:
    """An auxiliary measurement of one parameter, ``measured ± sd``, normal."""

    measured: float
    sd: float


@dataclass(frozen=True)
class Shift(Constraint):
    """A constrained nuisance outside the simulator: it moves the simulator's parameters, the rate, or both.

    Attributes
    ----------
    measured, sd
        Its auxiliary measurement; scans reach five sd to either side. Leave room for what it moves inside the bounds
        that the simulator declares.
    moves
        What one unit of it adds to each of the simulator's parameters, by name.
    log_rate
        What one unit of it adds to the logarithm of the expected number of events: 0.03 for a luminosity known to 3 %.
    """

    measured: float = 0.0
    sd: float = 1.0
    moves: Mapping[str, float] = field(default_factory=dict)
    log_rate: float = 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval that fits and constructions scan."""
        return (self.measured - 5.0 * self.sd, self.measured + 5.0 * self.sd)
