"""Give every event its own random stream, so that row i is the same however the work is cut.

Philox4x64 with key = (seed, stream) and counter = (block, thread, event, 0). :class:`Stream` registers the second word
of the key for every use in the house; :data:`USER_STREAMS` are the numbers that no part of it will ever take.
"""

import operator
from enum import IntEnum, unique

import numpy as np
from numpy.random import Generator, Philox

__all__ = ["USER_STREAMS", "EventStreams", "Stream", "philox_generator"]

USER_STREAMS = range(1000, 2**32)
"""Stream numbers that are free for users of the library."""


@unique
class Stream(IntEnum):
    """Register what the house draws random numbers for; the numbers never change, so that rows stay the same."""

    DRAWS = 0
    """The draws of a simulator: event i of a seed."""
    PROBES = 1
    """Probe parameters of the leak check: event i of a seed."""
    PROPOSALS = 2
    """θ and alternatives, in blocks of events."""
    CHAINS = 3
    """Proposals and acceptances of Markov chains."""
    TOYS = 4
    """Counts and choices of toy experiments: a number for each hypothesis and batch."""
    REDRAWS = 5
    """Uniforms drawn afresh to see whether their number is used: event i of a seed."""
    BLOCKS = 1 << 32
    """The draws of vectorized Pyro models, in blocks of events."""


def philox_generator(seed: int, event: int, stream: int = Stream.DRAWS) -> Generator:
    """Return a new generator on stream (`seed`, `event`); 20 µs. For many events use :class:`EventStreams`.

    Parameters
    ----------
    seed, event
        In [0, 2⁶⁴). With no stream given, the simulator's draws of this event come from this generator.
    stream
        One of :data:`USER_STREAMS`, for numbers of your own beside the simulator's.

    Raises
    ------
    ValueError
        If seed or event is out of range, or stream is a number that is not free.

    Examples
    --------
    >>> philox_generator(1, 0, 1000).random() == philox_generator(1, 0, 1001).random()
    False
    """
    return EventStreams(seed, stream).at(event)


class EventStreams:
    """Move one generator from event to event; 2 µs each.

    Parameters
    ----------
    seed
        In [0, 2⁶⁴).
    stream
        Second word of the key: a member of :class:`Stream`, or one of :data:`USER_STREAMS`.

    Raises
    ------
    ValueError
        If seed is negative or too large, or stream is a number that is not free.
    """

    def __init__(self, seed: int, stream: int = Stream.DRAWS) -> None:
        if not 0 <= operator.index(seed) < 2**64:
            raise ValueError(f"seed={seed} is outside [0, 2**64). It is one word of a Philox key. Choose another seed.")
        if not isinstance(stream, Stream) and operator.index(stream) not in USER_STREAMS:
            raise ValueError(
                f"stream={stream} is not free: motherlode keeps it for itself, and your numbers could be those of "
                f"{_owner(stream)}. Choose a stream from {USER_STREAMS.start} to {USER_STREAMS.stop - 1}."
            )
        self._bits = Philox(key=np.array([seed, stream], dtype=np.uint64))
        self._counter = np.zeros(4, dtype=np.uint64)
        self._state = self._bits.state
        self._state["state"]["counter"] = self._counter
        self._generator = Generator(self._bits)

    def at(self, event: int) -> Generator:
        """Return the one generator, set to the start of `event`'s stream; `event` is in [0, 2⁶⁴)."""
        if event < 0:
            raise ValueError(f"event={event} is negative. It is one word of a Philox counter. Use first ≥ 0.")
        self._counter[2] = event
        self._bits.state = self._state
        return self._generator


def _owner(stream: int) -> str:
    names = {int(member): member.name.lower() for member in Stream}
    return f"its {names[stream]}" if stream in names else "a later version"
