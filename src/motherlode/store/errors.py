"""Say what is wrong with a store of events, its files or its manifest."""

from pathlib import Path

from motherlode.core.errors import MotherlodeError

__all__ = ["CondemnedStore", "CorruptManifest", "CorruptShard", "StoreMismatch"]


class StoreMismatch(MotherlodeError, ValueError):
    """Refuse to mix events of two origins in one store."""

    def __init__(self, path: Path, what: str, stored: object, given: object) -> None:
        self.path, self.what, self.stored, self.given = path, what, stored, given
        super().__init__(
            f"The store {path} holds events with {what} = {stored}, but {what} = {given} was given. "
            "Events of different origin in one set have no common density. "
            "Choose another path (--out), or repeat the first call with its own settings to resume it."
        )


class CorruptShard(MotherlodeError, OSError):
    """Report a shard that cannot be read back."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The shard {path} cannot be read: {reason}. "
            "The other shards are intact; loading without this one would silently change the data set. "
            "Delete the file and run the same campaign again: only the missing events are mined."
        )


class CorruptManifest(MotherlodeError, OSError):
    """Report a manifest that cannot be read back."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The manifest {path} cannot be read: {reason}. "
            "It says where the events come from; without it they have no known density. "
            "Restore the file from a copy, or mine into a new store."
        )


class CondemnedStore(MotherlodeError, ValueError):
    """Refuse to learn from a store whose simulator was found to leak."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The store {path} is condemned: {reason} "
            "Its joint ratios are wrong in a way that no later check can see. "
            "Mend the simulator and mine into a new store; the shards are kept for inspection."
        )
