"""The few numbers of a training, with defaults that hold for every simulator here."""

import math
from dataclasses import dataclass

__all__ = ["ROUNDS", "TrainingOptions"]

ROUNDS = 50


@dataclass(frozen=True)
class TrainingOptions:
    """How long and how fast to train.

    Attributes
    ----------
    steps
        Optimizer steps; None takes :meth:`budget`.
    batch_size
        Events a step; None takes 128, and 256 from 50,000 events on.
    learning_rate
        Peak of the schedule; None takes the estimator's own.
    weight_decay
        Decoupled weight decay (AdamW).
    warm_up
        Share of the steps in which the learning rate climbs; it then falls as a cosine to 0 at the last step.
    validation
        Share of the events held out.
    patience
        Share of the steps after which, where all were clearly worse than the best, the best weights are restored and
        cooled down.
    clip
        Largest gradient norm.
    memory
        Bytes that the columns of a store may take in memory (loading them takes about twice as much for a moment); a
        store with more is streamed through buffers of this size in all, two shards at least.
    """

    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    weight_decay: float = 0.01
    warm_up: float = 0.1
    validation: float = 0.1
    patience: float = 0.3
    clip: float = 10.0
    memory: float = 4e9

    def __post_init__(self) -> None:
        names = ("steps", "batch_size", "learning_rate", "clip", "memory")
        positive = {name: getattr(self, name) for name in names}
        wrong = {name: value for name, value in positive.items() if value is not None and not value > 0}
        shares = {"warm_up": self.warm_up, "validation": self.validation, "patience": self.patience}
        wrong |= {name: value for name, value in shares.items() if not 0.0 < value <= 1.0}
        if wrong:
            raise ValueError(f"{wrong}: {', '.join(names)} must be > 0 and shares in (0, 1].")

    def batch(self, events: int) -> int:
        """Return the batch size for a training set."""
        size = self.batch_size or (128 if events < 50_000 else 256)
        return min(size, events)

    def budget(self, events: int) -> int:
        """Return the number of steps for a training set: 3,000 to 15,000.

        It is 5,000 at 10,000 events and grows with the events to the power ¼: more steps, fewer passes over each.
        """
        if self.steps is not None:
            return self.steps
        return int(min(15_000, max(3_000, 5_000 * math.pow(events / 10_000, 0.25))))
