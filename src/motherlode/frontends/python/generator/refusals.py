"""Say why a method of a generator cannot be instrumented, and what to write instead, by its name."""

from typing import NoReturn

from numpy.random import Generator

from motherlode.core import MotherlodeError
from motherlode.frontends.errors import GeneratorRefused, NotInstrumented

__all__ = ["refuse", "refused_by_library"]

_ENGINE = (
    "what draws from the bit generator itself (a compiled function of numba, Cython or cffi; Mesa's Model(rng=rng)) "
    "draws past the record. Give a numba function numbers that rng has drawn, as in f(theta, rng.random(n)), or call "
    "its Python function, f.py_func; in Mesa write super().__init__(seed=0) and then self.random = self.rng = rng"
)
_REASONS = {
    "bit_generator": _ENGINE,
    "spawn": "its children would draw past the record. Pass on rng itself",
    "seed": "the stream of an event follows from the seed given to mine() or simulate(). Leave the call away",
    "setstate": "the stream of an event follows from the seed given to mine() or simulate(). Leave the call away",
    "getstate": "a stream cannot be put back to where it was while its draws are on record. Keep the numbers instead",
    "rand": "it is a method of RandomState. Write rng.random(size)",
    "randn": "it is a method of RandomState. Write rng.standard_normal(size)",
    "random_sample": "it is a method of RandomState. Write rng.random(size)",
    "random_integers": "it is a method of RandomState. Write rng.integers(low, high, size, endpoint=True)",
    "rvs": "it is a method of SciPy's distributions. Write distribution.rvs(..., random_state=rng)",
    "__reduce__": "a copy (by copy, pickle or for another process) would draw past the record. Pass on rng itself",
}


def refuse(name: str) -> NoReturn:
    """Refuse a method by its name.

    Raises
    ------
    NotInstrumented
        Always.
    """
    raise NotInstrumented(name, _REASONS.get(name, "motherlode does not know its density"))


def refused_by_library(error: Exception, generator: Generator) -> GeneratorRefused | None:
    """Return the error to raise where one speaks of the class of our generator; None for any other error."""
    if isinstance(error, MotherlodeError) or type(generator).__name__ not in str(error):
        return None
    return GeneratorRefused(error)
