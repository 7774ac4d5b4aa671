"""Watch one call of ``mine``: parity for its first events and some later ones, fresh replay for a large first call."""

import warnings
from collections.abc import Callable

import numpy as np

from motherlode.core.types import Array, Integers
from motherlode.events import Events, Simulator
from motherlode.gold.guards.fresh import FreshReplay
from motherlode.gold.guards.parity import check_parity
from motherlode.gold.guards.probes import PROBE_EVENTS

__all__ = ["PARITY_EVENTS", "PARITY_EVERY", "GuardWarning", "watched", "watched_rows"]

PARITY_EVENTS = 200
"""The first so many events of a seed are compared with the bare program."""

PARITY_EVERY = 10_000
"""So is one in so many of the later ones."""


class GuardWarning(UserWarning):
    """Tell what a guard found that speaks against the events without condemning them."""


def watched(
    simulator: Simulator,
    theta: Array,
    alternatives: Array,
    seed: int,
    first: int,
    mining: Callable[[], Events],
    *,
    fresh_replay: bool = True,
) -> Events:
    """Return the events that `mining` gives, unless a guard refuses them.

    Parameters
    ----------
    simulator, theta, alternatives, seed, first
        Whose call it is and with what: shapes (N, D) and (N, K, D).
    mining
        Does the work.
    fresh_replay
        Whether to repeat events in a fresh process, where the call is the first thousand events or more of a seed.

    Raises
    ------
    NotTheProgram, NotRepeatable
        If the mined events are not those of the program.
    """
    fresh = None
    if fresh_replay and first == 0 and len(theta) >= PROBE_EVENTS:
        rows = slice(PROBE_EVENTS)
        fresh = FreshReplay(simulator, theta[rows], alternatives[rows], seed, processes=1)
    try:
        events = mining()
        found = [
            check_parity(simulator, events, watched_rows(events)),
            *([] if fresh is None else [fresh.check(events)]),
        ]
    finally:
        if fresh is not None:
            fresh.close()
    for outcome in found:
        if outcome.verdict == "warning":
            warnings.warn(str(outcome), GuardWarning, stacklevel=3)
    return events


def watched_rows(events: Events) -> Integers:
    """Return the rows whose events are compared with the bare program."""
    return np.flatnonzero((events.event < PARITY_EVENTS) | (events.event % PARITY_EVERY == 0))
