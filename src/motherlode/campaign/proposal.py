"""Propose θ and its alternatives exchangeably: from one law independently, or close to each other by one rule.

Row i is the same however the campaign is sharded: see :meth:`motherlode.Law.draw`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from motherlode.campaign.errors import ProposalError
from motherlode.core import Parameters
from motherlode.core.types import JSON, Array, LawLike
from motherlode.laws import Law, LawError
from motherlode.laws.reading import read_text

__all__ = ["Proposal", "recorded_law"]

_ALTERNATIVES = "alternatives"


@dataclass(frozen=True)
class Proposal:
    """Hold the law θ is proposed from, and the rule for its alternatives.

    Attributes
    ----------
    law
        The law of θ, and of each alternative.
    near
        None: alternatives are independent of θ. A number: the quantiles of θ and of its alternatives are
        centre + near·(u - ½) with a centre of their event's own, reflected at 0 and 1. Both then have one law.

    Raises
    ------
    ProposalError
        If near is not in (0, 1], or the law's parameters depend on one another, or all of them are fixed.

    Examples
    --------
    >>> proposal = Proposal.of("theta=-1:-0.4")
    >>> theta, alternatives = proposal.draw(seed=1, first=0, count=3, alternatives=2)
    >>> theta.shape, alternatives.shape
    ((3, 1), (3, 2, 1))
    """

    law: Law
    near: float | None = None

    def __post_init__(self) -> None:
        if self.near is not None and not 0 < self.near <= 1:
            raise ProposalError(f"A proposal needs near in (0, 1], a share of the law's width, not near={self.near}.")
        if self.near is not None and not self.law.factorizes:
            raise ProposalError(
                f"near={self.near} moves quantiles of single parameters, and {', '.join(self.law.names)} depend on one "
                "another. Draw alternatives independently, or give each parameter a law of its own."
            )
        if len(self.law.fixed) == self.law.dimension:
            raise ProposalError(
                f"The law fixes {', '.join(self.law.fixed)}, and there is no other parameter: events of one θ say "
                "nothing of how x depends on it. Give a range, or call simulator.simulate."
            )

    @classmethod
    def of(cls, proposal: LawLike, names: Sequence[str] | None = None, near: float | None = None) -> "Proposal":
        """Return the proposal that is meant.

        Parameters
        ----------
        proposal
            A Proposal, or a law in any form that :meth:`motherlode.Law.of` reads. In YAML or a mapping the key
            ``alternatives`` may be ``prior`` (default) or ``{near: w}``.
        names
            Names of a law that has none of its own.
        near
            Overrides what the proposal says.

        Raises
        ------
        LawError, ProposalError
            If it cannot be read, or is none.
        """
        if isinstance(proposal, Proposal):
            return proposal if near is None else cls(proposal.law, near)
        entries = read_text(str(proposal)) if isinstance(proposal, str | Path) else proposal
        if isinstance(entries, Mapping) and _ALTERNATIVES in entries:
            told = _near(entries[_ALTERNATIVES])
            entries = {name: law for name, law in entries.items() if name != _ALTERNATIVES}
            near = told if near is None else near
        return cls(Law.of(entries, names), near)

    def check_fits(self, parameters: Parameters) -> None:
        """Refuse a proposal of other parameters than the simulator's, or one that leaves its bounds.

        Raises
        ------
        ProposalError
            Naming the difference.
        """
        if self.law.names != parameters.names:
            raise ProposalError(
                f"The prior names {', '.join(self.law.names)}, but the simulator's parameters are "
                f"{', '.join(parameters.names)}, in this order."
            )
        if parameters.low is None or parameters.high is None:
            return
        support = self.law.support
        ends = zip(parameters.names, support.low, support.high, parameters.low, parameters.high, strict=True)
        for name, a, b, low, high in ends:
            if a < low or b > high:
                raise ProposalError(
                    f"The prior of {name} reaches over [{a:g}, {b:g}], but the simulator is declared on "
                    f"[{low:g}, {high:g}] only. Propose inside these bounds, or widen the declaration."
                )

    def draw(self, seed: int, first: int, count: int, alternatives: int) -> tuple[Array, Array]:
        """Return θ with shape (N, D) and alternatives (N, K, D) for events first to first + count - 1."""
        points = self.law.draw(seed, first, count, 1 + alternatives, self.near)
        return points[:, 0], points[:, 1:]

    def to_json(self) -> dict[str, JSON]:
        """Return plain data for a manifest.

        Raises
        ------
        LawError
            If a distribution cannot be told by its name and arguments.
        """
        return {"law": self.law.to_json(), "near": self.near}


def recorded_law(origin: Mapping[str, JSON]) -> Law | None:
    """Return the law that θ was proposed from, as the origin in the record of a training tells; None if it does not."""
    proposal = origin.get("proposal")
    law = proposal.get("law") if isinstance(proposal, Mapping) else None
    return Law.from_json(law) if isinstance(law, Mapping) else None


def _near(alternatives: JSON) -> float | None:
    if alternatives == "prior":
        return None
    try:
        if isinstance(alternatives, Mapping):
            return float(str(alternatives["near"]))
    except (KeyError, ValueError):
        pass
    raise LawError(
        f"alternatives: {alternatives!r} cannot be read. It says how alternatives follow θ. "
        "Give alternatives: prior or {near: width}."
    )
