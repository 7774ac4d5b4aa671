"""Read events from memory or from a store, and say where they come from."""

from typing import Any

from motherlode.events import Events, EventStore
from motherlode.surrogates.errors import UnsuitableEstimator

__all__ = ["read_events"]


def read_events(source: Any) -> tuple[Events, dict[str, Any]]:
    """Return the events and what is known of their origin.

    Parameters
    ----------
    source
        :class:`motherlode.Events`, or a store, which must not be condemned.

    Raises
    ------
    CondemnedStore
        If a leak was found while the store was mined.
    """
    if isinstance(source, Events):
        return source, {"events": len(source), "seed": source.seed}
    if not isinstance(source, EventStore):
        raise UnsuitableEstimator(
            f"Training needs Events or an EventStore, not {type(source).__name__}",
            "They carry the columns that losses read and the marks that keep wrong gold out.",
            "Pass simulator.mine(...) or motherlode.EventStore(path).",
        )
    source.check_usable()
    events, manifest = source.load(), source.manifest()
    origin: dict[str, Any] = {"store": str(source.path), "events": len(events)}
    if manifest is not None:
        origin |= {"simulator": manifest.simulator, "version": manifest.version, "inputs": manifest.inputs_hash()}
        origin["proposal"] = dict(manifest.proposal)
    return events, origin
