"""Say what is wrong with a batch of events."""

from motherlode.core.errors import MotherlodeError

__all__ = ["EventsError"]


class EventsError(MotherlodeError, ValueError):
    """Refuse arrays that do not fit together as events."""
