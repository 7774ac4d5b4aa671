"""Show a simulator one random generator, and show every draw to the handlers.

It has the methods of NumPy's Generator and of ``random.Random``, consumes the stream as NumPy's own methods do (so the
bare function run on the same stream gives the same x) and returns what they return, but for uniforms, which stay lazy.
"""

from functools import lru_cache
from typing import Any, NoReturn

import numpy as np
from numpy.random import Generator

from motherlode.frontends.errors import NotInstrumented
from motherlode.frontends.python.generator.drawing import Size, shape_of
from motherlode.frontends.python.generator.numpy_methods import NumpyDraws
from motherlode.frontends.python.generator.random_methods import PythonDraws
from motherlode.frontends.python.generator.vector_methods import VectorDraws
from motherlode.frontends.python.uniforms.array import LazyUniforms
from motherlode.frontends.python.uniforms.delayed import settled
from motherlode.frontends.python.uniforms.scalar import LazyUniform

__all__ = ["TracedGenerator"]


_new = object.__new__


class TracedGenerator(NumpyDraws, VectorDraws, PythonDraws):
    """Pass draws through the handlers.

    Parameters
    ----------
    generator
        The stream that answers draws nobody else answers.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self._hidden = generator.random if self._replayed is None else None

    def random(self, size: Size = None, dtype: Any = np.float64, out: Any = None) -> Any:
        """Draw lazy uniforms on [0, 1): one number, or an array."""
        if size is None and out is None and dtype is np.float64:
            hidden = self._hidden
            lazy = _new(LazyUniform)
            lazy._channel = self._channel
            lazy._hidden = 0.5 if hidden is None else hidden()
            lazy._low = 0.0
            lazy._high = 1.0
            lazy._settled = None
            return lazy
        if dtype is not np.float64 or out is not None:
            raise NotInstrumented("random", "dtype= and out= would settle lazy uniforms; leave them away")
        return LazyUniforms(self._numbers(size), 0.0, 1.0)

    def uniform(self, low: Any = 0.0, high: Any = 1.0, size: Size = None) -> Any:
        """Draw lazy uniforms on [low, high): one number, or an array."""
        site = self._site(1)
        low, high = settled(low, site), settled(high, site)
        if np.ndim(low) or np.ndim(high) or not low < high:
            return self._draw("Uniform", self._generator.uniform, (low, high), size)
        if size is None:
            return LazyUniform(self._channel, self._generator.uniform(low, high), float(low), float(high))
        return LazyUniforms(low + (high - low) * self._numbers(size), float(low), float(high))

    def _numbers(self, size: Size) -> Any:
        return self._generator.random(size) if self._replayed is None else _unasked(shape_of(size))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotInstrumented(name, "motherlode does not know its density")


@lru_cache(maxsize=8)
def _unasked(shape: tuple[int, ...]) -> Any:
    """Stand in for the numbers behind lazy uniforms where every comparison is answered from a record."""
    halves = np.full(shape, 0.5)
    halves.flags.writeable = False
    return halves
