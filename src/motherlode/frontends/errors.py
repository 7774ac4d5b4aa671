"""Say why a simulator cannot be wrapped or instrumented."""

from motherlode.core import MotherlodeError

__all__ = ["GeneratorRefused", "NotInstrumented", "NotWrappable", "OutputRefused"]


class GeneratorRefused(MotherlodeError, TypeError):
    """Report a library that does not take the generator of a run for one.

    Attributes
    ----------
    error
        What it raised.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        said = " ".join(str(error).split())[:200]
        super().__init__(
            f"Other code does not take the rng of a run as a generator ({type(error).__name__}: {said}). "
            "Drawn there, random numbers would not be on record. "
            "A compiled function, such as numba's, works if it is given numbers that rng has drawn, as in "
            "f(theta, rng.random(n)); one that draws by itself is called as its Python function, f.py_func."
        )


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
