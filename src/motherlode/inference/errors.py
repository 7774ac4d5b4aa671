"""What can be wrong with a question put to inference, one class a cause."""

from collections.abc import Sequence

from motherlode.core import MotherlodeError

__all__ = [
    "ConvergenceWarning",
    "InferenceError",
    "NoFiniteDensity",
    "UnnormalizedPriorWarning",
    "UnusableObservation",
    "UnusablePrior",
    "WrongEstimator",
]


class InferenceError(MotherlodeError):
    """Base of all errors of the inference layer."""


class WrongEstimator(InferenceError):
    """Raised when an estimator of one kind is given to a method that needs another.

    Attributes
    ----------
    estimator
        Name of the class that was given.
    needed
        The call that the method needs.
    """

    def __init__(self, estimator: object, needed: str, remedy: str) -> None:
        self.estimator = type(estimator).__name__
        self.needed = needed
        super().__init__(
            f"{self.estimator} cannot be used here: this needs {needed}. "
            f"Without it there is no likelihood to combine with the prior. {remedy}"
        )


class UnusableObservation(InferenceError):
    """Raised when the observed events are empty, not finite or of the wrong shape.

    Attributes
    ----------
    shape
        Shape of the observation that was given.
    """

    def __init__(self, shape: Sequence[int], finding: str, remedy: str) -> None:
        self.shape = tuple(shape)
        super().__init__(f"the observation of shape {self.shape} {finding} {remedy}")


class UnusablePrior(InferenceError):
    """Raised when a prior is discrete, cannot be sampled, or has the wrong dimension."""


class NoFiniteDensity(InferenceError):
    """Raised when too few points drawn from the prior have a finite posterior density.

    Attributes
    ----------
    tried
        Number of points that were evaluated.
    found
        How many of them have a finite density.
    needed
        How many were needed.
    """

    def __init__(self, tried: int, found: int = 0, needed: int = 1) -> None:
        self.tried, self.found, self.needed = tried, found, needed
        if found:
            super().__init__(
                f"only {found} of {tried} points drawn from the prior have a finite posterior density, and {needed} "
                "distinct ones are needed to start from. The data leave a small part of the prior. Narrow the prior to "
                "where the density is finite, or ask for fewer chains or starts."
            )
            return
        super().__init__(
            f"none of {tried} points drawn from the prior has a finite posterior density. A chain has nowhere "
            "to start and no estimate from it would mean anything. Check the observation and the estimator at a "
            "parameter that you believe in: estimator.log_ratio(theta, x)."
        )


class ConvergenceWarning(UserWarning):
    """The samples do not yet stand for the posterior (R-hat, divergences, k-hat)."""


class UnnormalizedPriorWarning(UserWarning):
    """A prior's density does not integrate to one."""
