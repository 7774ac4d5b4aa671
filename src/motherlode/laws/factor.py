"""Say what one independent factor of a law can do: it is over one parameter or over several that belong together."""

from typing import Protocol

from motherlode.core.types import JSON, Array, Bools

__all__ = ["Factor", "encoded"]


class Factor(Protocol):
    """A law of n components of θ that is independent of the others."""

    @property
    def size(self) -> int:
        """Number n of components."""

    @property
    def factorizes(self) -> bool:
        """Whether the components are independent and have quantiles."""

    @property
    def low(self) -> Array:
        """Lower ends of the support, shape ``(n,)``; -inf where there is none."""

    @property
    def high(self) -> Array:
        """Upper ends of the support, shape ``(n,)``; inf where there is none."""

    def contains(self, theta: Array) -> Bools:
        """Return whether theta ``(*B, n)`` lies in the support, with shape ``(*B,)``."""

    def quantile(self, unit: Array) -> Array:
        """Return the quantiles at unit ``(*B, n)`` in [0, 1], with the same shape; only where the law factorizes."""

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, n)``; the same seed gives the same ones."""

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)`` at theta ``(*B, n)``; -inf outside the support."""

    def score(self, theta: Array) -> Array:
        """Return the gradient of the log-density with the shape of theta ``(*B, n)``; NaN where there is none."""

    def to_json(self) -> list[JSON]:
        """Return the factor as plain data: one entry, or one for each component."""


def encoded(law: str, arguments: dict[str, JSON]) -> JSON:
    """Return a law as plain data: its name and its arguments."""
    return {"law": law, "arguments": arguments}
