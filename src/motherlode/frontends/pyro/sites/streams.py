"""Feed a vectorized model with uniforms such that row i depends on (seed, event i) only.

Events are cut into fixed blocks of :data:`BLOCK` by their index. Each block owns one Philox stream, keyed by (seed,
:attr:`~motherlode.core.streams.Stream.BLOCKS`) with the block in the counter. A draw that needs w uniforms an event
takes ``BLOCK·w`` numbers from each block's stream, of which row j reads its own w. As every draw costs a fixed number
of uniforms (see :mod:`motherlode.frontends.pyro.sites.samplers`), a row reads the same numbers however the events are
chunked. A model that runs event by event reads its event's own stream (seed, 0), as plain Python and C++ do.
"""

from typing import Protocol

import numpy as np

from motherlode.core.streams import Stream, philox_generator
from motherlode.core.types import Array

__all__ = ["BLOCK", "BlockSource", "EventSource", "UniformSource"]

BLOCK = 1024
"""Events in a block."""


class UniformSource(Protocol):
    """Give uniforms to a run of consecutive events."""

    def take(self, width: int) -> Array:
        """Return fresh uniforms in [0, 1) with shape (N, width)."""

    def torch_seed(self) -> int | None:
        """Return a seed for torch's own samplers; None where rows would then depend on each other."""


class BlockSource:
    """Serve events `first` to `first + events` from the streams of their blocks."""

    def __init__(self, seed: int, first: int, events: int) -> None:
        self._low = first // BLOCK
        high = (first + events - 1) // BLOCK
        self._generators = [philox_generator(seed, block, Stream.BLOCKS) for block in range(self._low, high + 1)]
        self._offset = first - self._low * BLOCK
        self._events = events

    def take(self, width: int) -> Array:
        """Return fresh uniforms with shape (N, width)."""
        numbers = np.empty((len(self._generators), BLOCK * width))
        for generator, row in zip(self._generators, numbers, strict=True):
            generator.random(out=row)
        return numbers.reshape(-1, width)[self._offset : self._offset + self._events]

    def torch_seed(self) -> int | None:
        """Return None: torch's samplers consume numbers according to the values of all rows."""
        return None


class EventSource:
    """Serve one event from its own stream, or several together from the stream of one of them.

    Parameters
    ----------
    seed, event, stream
        Which stream, as in :func:`motherlode.core.streams.philox_generator`.
    events
        N.
    """

    def __init__(self, seed: int, event: int, events: int = 1, stream: Stream = Stream.DRAWS) -> None:
        self._generator, self._events = philox_generator(seed, event, stream), events

    def take(self, width: int) -> Array:
        """Return fresh uniforms with shape (N, width)."""
        return self._generator.random((self._events, width))

    def torch_seed(self) -> int | None:
        """Return a seed drawn from the stream."""
        return int(self._generator.integers(2**62))
