"""Say which columns of a set of events a loss reads, and read no others."""

from dataclasses import dataclass

from motherlode.core.types import JSON, Array
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.events import Events
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.store import EventStore, StoredColumns

__all__ = ["Columns", "columns_of", "compares_parameters", "of_events", "open_store", "origin_of"]


@dataclass(frozen=True)
class Columns:
    """Columns of N events, None where the loss does not read them; shapes as in :class:`motherlode.Events`.

    Attributes
    ----------
    theta, x, alternatives, joint_log_ratio, joint_score
        The columns.
    exchangeable
        Whether (θ, alternatives) were proposed exchangeably; None where nobody said.
    """

    theta: Array
    x: Array
    alternatives: Array | None = None
    joint_log_ratio: Array | None = None
    joint_score: Array | None = None
    exchangeable: bool | None = None

    def __len__(self) -> int:
        return len(self.theta)


def compares_parameters(loss: Loss[E]) -> bool:
    """Say whether a loss compares θ with alternatives."""
    return loss.reads_pairs or "alternatives" in loss.columns


def columns_of(loss: Loss[E]) -> tuple[str, ...]:
    """Return the names of the columns of events that a loss reads."""
    names = ["theta", "x", *(["alternatives"] if compares_parameters(loss) else [])]
    return (*names, *(name for name in ("joint_log_ratio", "joint_score") if name in loss.columns))


def of_events(events: Events, loss: Loss[E]) -> Columns:
    """Return the columns of events in memory, without a copy."""
    return Columns(**{name: getattr(events, name) for name in columns_of(loss)}, exchangeable=events.exchangeable)


def open_store(source: EventStore, loss: Loss[E]) -> StoredColumns:
    """Return the columns of a store, to be read.

    Raises
    ------
    CondemnedStore
        If a leak was found while the store was mined.
    UnsuitableEstimator
        If it is no store.
    """
    if not isinstance(source, EventStore):
        raise UnsuitableEstimator(
            f"Training needs Events or an EventStore, not {type(source).__name__}",
            "They carry the columns that losses read and the marks that keep wrong gold out.",
            "Pass simulator.mine(...) or motherlode.EventStore(path).",
        )
    source.check_usable()
    return StoredColumns(source, columns_of(loss))


def origin_of(source: Events | EventStore) -> dict[str, JSON]:
    """Return what is known of where events come from."""
    if isinstance(source, Events):
        return {"events": len(source), "seed": None if source.seed is None else int(source.seed)}
    origin: dict[str, JSON] = {"store": str(source.path), "events": len(source)}
    manifest = source.manifest()
    if manifest is not None:
        origin |= {"simulator": manifest.simulator, "version": manifest.version, "inputs": manifest.inputs_hash()}
        origin["seed"] = manifest.seed
        origin["proposal"] = dict(manifest.proposal)
    return origin
