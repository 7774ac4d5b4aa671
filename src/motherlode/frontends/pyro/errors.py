"""Say why a Pyro model cannot be mined: one class a cause."""

from collections.abc import Sequence
from typing import Self

from torch import Tensor

from motherlode.core import MotherlodeError
from motherlode.core.errors import show
from motherlode.core.types import Array, UserValue
from motherlode.tracing import LeakError

__all__ = [
    "GradientLost",
    "LiveTangent",
    "ModelRefused",
    "NameClash",
    "NoDensity",
    "NotBatched",
    "StaleView",
    "TangentLost",
    "ThetaUnseen",
]


class LiveTangent(LeakError):
    """Report an output that is differentiable in θ with all draws held fixed: θ reaches x past the draws."""

    def _explain(self) -> str:
        return (
            f"x depends on theta other than through its draws: the output still carries a gradient in theta at "
            f"theta={show(self.theta)} {self._after()}, although every draw is held fixed. "
            "The joint likelihood ratio would be wrong without any other sign. "
            'Draw x itself: `pyro.sample("x", dist.Normal(theta, 1.0))` instead of adding theta to a draw.'
        )


class GradientLost(MotherlodeError, ValueError):
    """Report densities that move with θ while autograd does not see it.

    Attributes
    ----------
    theta, score, slope
        An event, its score by autograd and by differences, shape (D,) each.
    """

    def __init__(self, theta: Array, score: Array, slope: Array) -> None:
        self.theta, self.score, self.slope = theta, score, slope
        super().__init__(
            f"At theta={show(theta)} autograd gives the joint score {show(score)}, but the log-density changes by "
            f"{show(slope)} per unit of theta. "
            "The joint score would be wrong (joint ratios would not). "
            "Keep theta in torch: no .item(), float(theta), .detach(), NumPy or no_grad on the way to a distribution."
        )


class NoDensity(MotherlodeError, ValueError):
    """Refuse a site that does not stand for a normalized density of a draw.

    Attributes
    ----------
    site
        Name of the site.
    """

    def __init__(self, site: str, what: str, remedy: str) -> None:
        self.site, self.what, self.remedy = site, what, remedy
        super().__init__(
            f"Site '{site}' {what}. "
            "The product of the sites is then no density of (x, z) that events could be drawn from, so neither the "
            f"joint ratio nor the joint score exists. {remedy}"
        )

    @classmethod
    def scaled(cls, site: str, scale: Tensor | float) -> Self:
        """Refuse a site whose log-density is multiplied by a number while θ enters."""
        return cls(site, f"depends on theta and is scaled by {scale}", "Remove the scale or subsampling.")


class NameClash(MotherlodeError, ValueError):
    """Refuse two sites of one run with the same name, or a site named like an argument of the model."""

    def __init__(self, site: str, other: str) -> None:
        self.site, self.other = site, other
        super().__init__(
            f"Site '{site}' has the same name as {other}. "
            "Draws are replayed by name, so one of the two would be lost. "
            "Rename it; in a loop number the sites: f'z_{i}'."
        )


class NotBatched(MotherlodeError, ValueError):
    """Say why a model cannot be run for many events in one pass under one reading of it."""


class ThetaUnseen(MotherlodeError, ValueError):
    """Report a mined run in which no density depended on θ."""

    def __init__(self, last: str | None) -> None:
        self.last = last
        seen = f"the last site was '{last}'" if last else "there was no sample site at all"
        super().__init__(
            f"No density in the block depended on theta; {seen}. "
            "All joint ratios and scores would be 0. "
            "Give the model the tensor that was passed to mining() itself (or `mined.theta`), inside the block and not "
            "a copy of it; where theta are sample sites, name them: mining(..., parameters=('mu', 'sigma'))."
        )


class ModelRefused(MotherlodeError, ValueError):
    """Report a model that runs under no reading of its arguments.

    Attributes
    ----------
    reasons
        What happened under each reading that was tried.
    """

    def __init__(self, model: str, reasons: Sequence[str]) -> None:
        self.model, self.reasons = model, tuple(reasons)
        tried = "; ".join(self.reasons)
        super().__init__(
            f"The Pyro model {model} could not be run: {tried}. "
            "Without a run there is nothing to mine. "
            "Write model(theta) with theta a tensor (N, D) or (D,), model(**named scalars), or model() with "
            "pyro.sample sites named like the parameters."
        )


class TangentLost(MotherlodeError, RuntimeError):
    """Report a value that left torch while it depended on θ, with another value at an alternative."""

    def __init__(self, operation: str, here: UserValue, there: UserValue) -> None:
        self.operation, self.here, self.there = operation, here, there
        super().__init__(
            f"'{operation}' turned a tensor that depends on theta into the Python value {here}, which is {there} at an "
            "alternative. "
            "What follows (an `if`, a float, a NumPy array) is known at theta only, so the joint ratio is not. "
            "Stay in torch (torch.where instead of `if`), or use motherlode.wrap(model), which runs the model again."
        )


class StaleView(MotherlodeError, RuntimeError):
    """Report a tensor whose memory was written to through another tensor, with something that depends on θ."""

    def __init__(self, operation: str) -> None:
        self.operation = operation
        super().__init__(
            f"'{operation}' uses a tensor that shares memory with another one, to which a value that depends on theta "
            "was written in place. "
            "Only the one that was written to is known at other parameters, so joint ratio and score would be wrong. "
            "Assign to the tensor itself (`a[0] = value`, torch.cat), or use motherlode.wrap(model), which runs the "
            "model again."
        )
