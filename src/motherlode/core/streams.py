"""Give every event its own random stream, so that row i is the same however the work is cut.

Philox4x64 with key = (seed, stream) and counter = (block, thread, event, 0). Stream 0 feeds the simulator's
draws, 1 the leak check's probes, 2 the proposals of θ and of alternatives, 3 and up are for users of the library.
"""

import operator
from typing import Any

import numpy as np
from numpy.random import Generator, Philox

__all__ = ["DRAWS", "PROBES", "PROPOSALS", "EventStreams", "philox_generator"]

DRAWS = 0
PROBES = 1
PROPOSALS = 2


def philox_generator(seed: int, event: int, stream: int = DRAWS) -> Generator:
    """Return a new generator on stream (`seed`, `event`); 20 µs. For many events use :class:`EventStreams`."""
    return EventStreams(seed, stream).at(event)


class EventStreams:
    """Move one generator from event to event; 2 µs each.

    Parameters
    ----------
    seed
        In [0, 2⁶⁴).
    stream
        Second word of the key.

    Raises
    ------
    ValueError
        If seed is negative or too large.
    """

    def __init__(self, seed: int, stream: int = DRAWS) -> None:
        if not 0 <= operator.index(seed) < 2**64:
            raise ValueError(f"seed={seed} is outside [0, 2**64). It is one word of a Philox key. Choose another seed.")
        self._bits = Philox(key=np.array([seed, stream], dtype=np.uint64))
        self._state: Any = self._bits.state
        self._counter = np.zeros(4, dtype=np.uint64)
        self._state["state"]["counter"] = self._counter
        self._generator = Generator(self._bits)

    def at(self, event: int) -> Generator:
        """Return the one generator, set to the start of `event`'s stream; `event` is in [0, 2⁶⁴)."""
        if event < 0:
            raise ValueError(f"event={event} is negative. It is one word of a Philox counter. Use first ≥ 0.")
        self._counter[2] = event
        self._bits.state = self._state
        return self._generator
