"""Remember how an estimator was trained, and say it in words: one row a round, and a record of the whole."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from torch import Tensor

from motherlode.core.types import JSON

__all__ = ["Round", "TrainingRecord", "box_in_words"]

_SIDES = 8


class Round(NamedTuple):
    """One look at the validation set."""

    step: int
    training: float
    validation: float
    learning_rate: float


@dataclass(frozen=True)
class TrainingRecord:
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
    origin: dict[str, JSON] = field(default_factory=dict)
    history: tuple[Round, ...] = ()
    calibration: dict[str, JSON] = field(default_factory=dict)

    def to_json(self) -> dict[str, JSON]:
        """Return plain data."""
        return {**asdict(self), "history": [list(row) for row in self.history]}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> "TrainingRecord":
        """Return the record of :meth:`to_json`."""
        record: Callable[..., TrainingRecord] = cls
        row: Callable[..., Round] = Round
        rows = data["history"]
        history = [row(*values) for values in rows if isinstance(values, list)] if isinstance(rows, list) else []
        return record(**{**data, "history": tuple(history)})

    def in_words(self) -> list[str]:
        """Return lines that say what was trained on what, how well, and whether it was calibrated."""
        alpha = "" if self.alpha is None else f", score weight {self.alpha:.3g}"
        origin = ", ".join(f"{name} {value}" for name, value in self.origin.items() if name != "proposal")
        calibration = ", ".join(f"{name} {value}" for name, value in self.calibration.items()) or "none recorded"
        return [
            f"trained by   {self.loss}{alpha}, seed {self.seed}, {self.steps} steps in {self.seconds:.1f} s",
            f"trained on   {self.events} events, {self.validation_events} held out ({origin})",
            f"validation   {self.validation_loss:.6g} at step {self.best_step}",
            f"calibration  {calibration}",
        ]


def box_in_words(low: Tensor, high: Tensor) -> str:
    """Return a box as a product of intervals, or where it has more than 8 sides their number and extremes."""
    sides = [f"[{a:.6g}, {b:.6g}]" for a, b in zip(low.flatten().tolist(), high.flatten().tolist(), strict=True)]
    if len(sides) > _SIDES:
        return f"{len(sides)} columns between {float(low.min()):.6g} and {float(high.max()):.6g}"
    return " × ".join(sides)
