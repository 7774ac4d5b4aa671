"""Say why a campaign cannot start or go on."""

from motherlode.core import MotherlodeError

__all__ = ["CampaignError", "ProposalError", "WorkerDied"]


class CampaignError(MotherlodeError, ValueError):
    """Refuse a campaign whose settings cannot be right."""


class ProposalError(MotherlodeError, ValueError):
    """Refuse a description of parameters that cannot be read."""


class WorkerDied(MotherlodeError, RuntimeError):
    """Report a worker process that vanished."""

    def __init__(self, reason: str, done: int, asked: int) -> None:
        self.reason, self.done, self.asked = reason, done, asked
        super().__init__(
            f"A worker process died after {done} of {asked} events: {reason}. "
            "The shards written so far are whole and stay. "
            "Look for memory limits or a simulator that crashes its process, then run the same command again: it "
            "mines only what is missing."
        )
