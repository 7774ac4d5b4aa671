"""Refuse an estimator that would be wrong, or a file that holds none: one class a cause, data as attributes."""

from pathlib import Path

from motherlode.core.errors import MotherlodeError

__all__ = [
    "NotTrained",
    "TrainingError",
    "UnknownFormat",
    "UnknownProposal",
    "UnsuitableEstimator",
    "UnsuitableProposal",
]


class TrainingError(MotherlodeError):
    """Be the base of everything that keeps an estimator from being trained, used, saved or read."""


class UnsuitableEstimator(TrainingError):
    """Refuse an estimator that does not fit the loss or the shapes of the events."""

    def __init__(self, found: str, why: str, remedy: str) -> None:
        self.found = found
        super().__init__(f"{found}. {why} {remedy}")


class NotTrained(TrainingError):
    """Refuse to report on an estimator that has not been trained."""

    def __init__(self, estimator: str) -> None:
        self.estimator = estimator
        super().__init__(
            f"This {estimator} has not been trained. There is nothing to report on. "
            "Pass it to motherlode.train(events, loss, estimator) first."
        )


class UnknownProposal(TrainingError):
    """Refuse a posterior loss that needs the proposal where nobody recorded it."""

    def __init__(self) -> None:
        super().__init__(
            "The events do not say which law θ was proposed from, and θ is not uniform in a box. "
            "The score of the posterior differs from that of the likelihood by the gradient of that law. "
            "Pass the law as motherlode.train(..., proposal=distribution), train on a store that a campaign wrote, or "
            "use losses.npe, which needs no gradient."
        )


class UnsuitableProposal(TrainingError):
    """Refuse a distribution that cannot have proposed these parameters."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(
            f"The proposal {law} {what}. "
            "Its gradient is part of the posterior's score, and a wrong one shifts every posterior. "
            "Pass the law that θ was drawn from: a distribution with event shape (D,), or {name: [low, high]}."
        )


class UnknownFormat(TrainingError):
    """Refuse a file that is not an estimator saved by this library."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} is not a saved surrogate that this version can read: {reason}. "
            "Nothing was loaded, and nothing in the file was executed. "
            "Pass a file written by estimator.save(path)."
        )
