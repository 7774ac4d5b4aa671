"""Refuse a training that could only end in a wrong estimator: one class a cause, data as attributes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from motherlode.estimators.errors import TrainingError

__all__ = [
    "MissingColumns",
    "NoTensorBoard",
    "NonFiniteEvents",
    "NonFiniteLoss",
    "NonFiniteValidation",
    "NotExchangeable",
    "RoughActivation",
    "ScoreUnavailable",
    "UnusableCheckpoint",
]


class ScoreUnavailable(TrainingError):
    """Refuse a loss that reads joint scores where some do not exist."""

    def __init__(self, loss: str, events: Sequence[int], total: int) -> None:
        self.loss, self.events, self.total = loss, tuple(events), total
        super().__init__(
            f"Loss {loss} reads joint_score, which is not finite for {len(self.events)} of {total} events "
            f"(first {list(self.events[:5])}). "
            "A density whose support moves with θ has no joint score; leaving those events out would bias p(x|θ). "
            "Train with losses.alice, or draw a fresh uniform after the branch so that the support stands still."
        )


class NotExchangeable(TrainingError):
    """Refuse a pair loss on events whose alternatives follow another law than θ."""

    def __init__(self, loss: str) -> None:
        self.loss = loss
        super().__init__(
            f"Loss {loss} compares θ with alternatives, and these were not drawn so that θ and an alternative "
            "can be exchanged. "
            "Its minimum is then not the likelihood ratio (exact log r -1.05 became +2.55 in a check). "
            "Mine with alternatives from the proposal of θ, or train losses.nle, losses.scandal or losses.npe."
        )


class MissingColumns(TrainingError):
    """Refuse a loss whose columns the events do not have."""

    def __init__(self, loss: str, missing: Sequence[str]) -> None:
        self.loss, self.missing = loss, tuple(missing)
        super().__init__(
            f"Loss {loss} reads {', '.join(self.missing)}, which these events do not have. "
            "There is nothing to learn the missing part from. "
            "Mine with alternatives (K >= 1) or choose a loss that does without: losses.nle, losses.npe, losses.nre."
        )


class NonFiniteEvents(TrainingError):
    """Refuse events with values that are not finite, by name."""

    def __init__(self, column: str, events: Sequence[int], total: int) -> None:
        self.column, self.events, self.total = column, tuple(events), total
        super().__init__(
            f"{column} is not finite in {len(self.events)} of {total} events (first {list(self.events[:5])}). "
            "A network cannot read them, and leaving them out would truncate p(x|θ) unseen. "
            "Give such outcomes a finite value of their own in x (and a flag), in the simulator and in the data alike."
        )


class NonFiniteLoss(TrainingError):
    """Stop at a step whose loss or gradient is not finite, and name its events."""

    advice = (
        "One more step would have made every weight NaN; the weights are those of the step before. "
        "Look at those events; if they are right, lower learning_rate or choose a loss without exploding labels."
    )

    def __init__(self, what: str, step: int, events: Sequence[int], detail: str) -> None:
        self.what, self.step, self.events = what, step, tuple(events)
        named = (
            f"caused by event(s) {list(self.events[:5])}: {detail}" if self.events else f"for no single event: {detail}"
        )
        super().__init__(f"{what} is not finite at step {step}, {named}. {self.advice}")


class NonFiniteValidation(NonFiniteLoss):
    """Stop where the loss of the events held out is not finite, and name them, a hundred at most."""

    advice = (
        "The best weights are chosen by that loss, so none can be; the weights are those of this step. "
        "An event that was held out may lie where the estimator says that none can: θ outside its bounds, x outside a "
        "table or a range that all fitted events keep to. "
        "Look at those events; if they are right, pass an estimator that allows them, or mine more like them."
    )

    def __init__(self, step: int, events: Sequence[int], detail: str) -> None:
        super().__init__("The validation loss", step, events, detail)


class RoughActivation(TrainingError):
    """Refuse an activation with kinks where the loss reads the gradient of the network."""

    def __init__(self, loss: str, activation: str) -> None:
        self.loss, self.activation = loss, activation
        super().__init__(
            f"Loss {loss} fits the gradient of the network, and activation {activation} has a kink. "
            "The second derivative that trains it is zero almost everywhere, so the score term teaches nothing. "
            "Build the estimator with activation='silu', 'tanh' or 'softplus'."
        )


class UnusableCheckpoint(TrainingError):
    """Refuse to go on from the state of another training, or from a file that holds no state.

    Attributes
    ----------
    path
        The file.
    differences
        What each part that differs was and is, None where one of both has no such part; empty for a damaged file.
    """

    def __init__(self, path: Path, differences: Mapping[str, tuple[str | None, str | None]] | None = None) -> None:
        self.path, self.differences = path, dict(differences or {})
        words = [f"{name} was {str(old)[:80]} and is {str(new)[:80]}" for name, (old, new) in self.differences.items()]
        more = f"; {len(words) - 3} more" if len(words) > 3 else ""
        if words:
            super().__init__(
                f"{path} holds the state of another training: {'; '.join(words[:3])}{more}. "
                "Going on from it would mix two trainings. "
                "Delete the file to begin anew, or call train with the arguments it was begun with."
            )
        else:
            super().__init__(
                f"{path} holds no state of a training that this version can read: it is empty, cut short or another "
                "kind of file. There is nothing to go on from, and nothing was restored. "
                "Delete the file to begin anew, or pass another path as checkpoint."
            )


class NoTensorBoard(TrainingError, ImportError):
    """Refuse to log where TensorBoard is not installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"Scalars were to be written to {folder}, and TensorBoard is not installed. "
            "torch writes them through it; that the log asked for is empty would be noticed too late. "
            "Run `pip install 'motherlode[tensorboard]'`, or leave log out: estimator.record.history and "
            "plots.plot_training have the same numbers."
        )
