"""Say how a batch of events was mined, and which events are missing from it."""

from dataclasses import dataclass

__all__ = ["Counts", "Failure"]


@dataclass(frozen=True)
class Failure:
    """Keep an event that could not be mined: its index, θ with shape (D,), seed and the reason in words."""

    event: int
    theta: tuple[float, ...]
    seed: int
    reason: str


@dataclass(frozen=True)
class Counts:
    """Sum up how a batch was mined.

    Attributes
    ----------
    draws
        Random draws made at θ.
    probed
        Events replayed for the leak check.
    score_discrepancy
        Largest |t_h - t_2h|/(1+|t_h|) over probed events, a bound on the relative error of difference scores.
    diverted
        Alternatives that a comparison of tracked numbers sent to replay.
    """

    draws: int = 0
    probed: int = 0
    score_discrepancy: float = 0.0
    diverted: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        discrepancy = max(self.score_discrepancy, other.score_discrepancy)
        diverted = self.diverted + other.diverted
        return Counts(self.draws + other.draws, self.probed + other.probed, discrepancy, diverted)
