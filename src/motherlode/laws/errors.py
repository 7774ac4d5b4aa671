"""Refuse what is no law of θ, with what would be one."""

from motherlode.core import MotherlodeError

__all__ = ["LawError"]


class LawError(MotherlodeError, ValueError):
    """Raised when a law of θ cannot be read, does not exist, or cannot do what is asked of it."""
