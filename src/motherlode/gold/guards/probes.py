"""Probe for leaks: replay some events at parameters far away, where an x that depends on θ directly must move.

E[r] = 1 and E[t] = 0 hold for a leaking simulator too, so the first 1,000 events and one in a hundred after them
are replayed: once at θ itself (x moves: hidden randomness), once at a probe drawn from the whole prior box (x moves:
a leak; nearby alternatives have too little power). Every ordinary replay makes the same comparison.
"""

from motherlode.core.streams import Stream, philox_generator
from motherlode.core.types import Array
from motherlode.events.audit import PROBE_EVENTS

__all__ = ["PROBE_EVENTS", "PROBE_EVERY", "is_probed", "probe_at"]

PROBE_EVERY = 100
"""One in so many of the later events is probed."""


def is_probed(event: int) -> bool:
    """Return whether the leak check replays the event with this index."""
    return event < PROBE_EVENTS or event % PROBE_EVERY == 0


def probe_at(root: int, event: int, box: tuple[Array, Array]) -> Array:
    """Return probe parameters with shape (D,), uniform in `box` (low, high), from stream 1 of (`root`, `event`)."""
    low, high = box
    return low + (high - low) * philox_generator(root, event, Stream.PROBES).random(len(low))
