"""Remember how a value came about: the lines that θ went through, the draws it met, what it decided."""

from dataclasses import dataclass, field
from typing import NamedTuple

from motherlode.core.types import UserValue
from motherlode.frontends.python.provenance.lines import Step, running_line

__all__ = ["Decision", "Log", "Way"]


class Decision(NamedTuple):
    """Keep what a number that carries θ was turned into: the outcome of a comparison, an integer, a plain float."""

    step: Step
    outcome: UserValue


@dataclass
class Log:
    """Collect the decisions of one run; `inner` are those taken inside draws."""

    decisions: list[Decision] = field(default_factory=list)
    inner: list[Decision] = field(default_factory=list)

    def decide(self, operation: str, outcome: UserValue) -> UserValue:
        """Write down and return an outcome."""
        step, inside = running_line(operation)
        if step is not None:
            (self.inner if inside else self.decisions).append(Decision(step, outcome))
        return outcome


@dataclass(frozen=True)
class Way:
    """Say how a value came about.

    Attributes
    ----------
    log
        Of the run; None for a value that nothing is known of.
    steps
        Lines through which θ went, in order; empty if it is no function of θ but through draws.
    drawn
        Whether a draw is in it.
    met
        Where θ first met a draw outside of one.
    """

    log: Log | None = None
    steps: tuple[Step, ...] = ()
    drawn: bool = False
    met: Step | None = None

    def after(self, operation: str) -> "Way":
        """Return the way of what an operation on this line makes of the value."""
        step, _ = running_line(operation)
        if step is None or not self.steps:
            return self
        steps = {other[:2]: other for other in self.steps} | {step[:2]: step}
        met = step if self.met is None and self.drawn else self.met
        return Way(self.log, tuple(steps.values()), self.drawn, met)

    def decide(self, operation: str, outcome: UserValue) -> UserValue:
        """Return an outcome, written down if θ is in it."""
        return self.log.decide(operation, outcome) if self.steps and self.log else outcome
