"""Say why a simulator cannot be wrapped or instrumented."""

from motherlode.core import MotherlodeError

__all__ = ["NotInstrumented", "NotWrappable", "OutputRefused"]


class NotInstrumented(MotherlodeError, AttributeError):
    """Refuse a method of the random generator whose draws cannot be recorded."""

    def __init__(self, method: str, reason: str) -> None:
        self.method, self.reason = method, reason
        super().__init__(
            f"rng.{method}() cannot be instrumented: {reason}. "
            "A draw outside the record would make the joint likelihood ratio wrong. "
            "Build it from draws that are (normal, poisson, binomial, exponential, gamma, beta, lognormal, weibull, "
            "choice with p=, random), or draw it from a generator of your own if nothing after it depends on theta."
        )


class NotWrappable(MotherlodeError, TypeError):
    """Refuse an object that is no simulator."""


class OutputRefused(MotherlodeError, TypeError):
    """Refuse what a simulator returned: it is no array of real numbers.

    Attributes
    ----------
    what, remedy
        What was returned, and what to return instead.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what, self.remedy = what, remedy
        super().__init__(
            f"The simulator returned {what}. "
            "x is one array of real numbers with the same shape in every event; it could not be stored as that. "
            f"{remedy}"
        )
