"""What a training leaves behind: one row a round, and a record of the whole."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

__all__ = ["Record", "Round"]


class Round(NamedTuple):
    """One look at the validation set."""

    step: int
    training: float
    validation: float
    learning_rate: float


@dataclass(frozen=True)
class Record:
    """How an estimator was trained; stored with it.

    Attributes
    ----------
    loss, alpha
        Name of the loss and weight of its score term.
    events, validation_events
        Numbers of events fitted and held out.
    seed
        Seed of the split, the weights and the batches.
    best_step, steps
        Step whose weights were kept, and steps taken.
    validation_loss
        Loss of the kept weights on the held-out events.
    seconds
        Wall-clock time.
    origin
        Where the events come from: path and fingerprint of the store, as far as known.
    history
        Rounds in order.
    calibration
        What was found by calibration, as far as known.
    """

    loss: str
    alpha: float | None
    events: int
    validation_events: int
    seed: int
    best_step: int
    steps: int
    validation_loss: float
    seconds: float
    origin: dict[str, Any] = field(default_factory=dict)
    history: tuple[Round, ...] = ()
    calibration: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "history": [list(row) for row in self.history]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Record":
        """Return the record of :meth:`as_json`."""
        return cls(**{**data, "history": tuple(Round(*row) for row in data["history"])})
