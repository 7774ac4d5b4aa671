"""Hold the verdict of ``simulator.check`` and print it for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np

from motherlode.events.guard_outcome import GuardOutcome
from motherlode.events.site_shares import SiteShare
from motherlode.tracing.addresses import place

__all__ = ["CheckReport"]

_WIDTH = 100
_BAR = 20
_SHOWN = 12

_ROWS = (
    ("events", "events tried", "{:,.0f}"),
    ("failures", "events that failed", "{:,.0f}"),
    ("draws_per_event", "draws in an event", "{:,.4g}"),
    ("seconds_per_event", "time of a bare event", "{:.2g} s"),
    ("gold_cost", "cost of gold", "{:.3g} bare events, with {alternatives:.0f} alternative(s)"),
    ("log_ratio_deviation", "spread of joint log-ratios", "{:.3g} (standard deviation)"),
    ("ratio_variance", "variance of joint ratios", "{:.3g}"),
    ("effective_share", "effective sample size", "{:.1%} of the events, reweighted to the alternatives"),
    ("impossible", "impossible at an alternative", "{:.1%} of the events (log r = +inf)"),
)

_TABLE = "  Which draws depend on theta, and their share in the variance of the joint log-ratio"


@dataclass(frozen=True)
class CheckReport:
    """Hold what was found out about a simulator.

    Attributes
    ----------
    ok
        Whether the simulator can be mined.
    findings
        What was found, each a text with values, reason and remedy; what forbids mining comes first.
    figures
        Measured numbers by name, such as ``draws_per_event``, ``gold_cost`` (in bare events) and
        ``effective_share``.
    sites
        What the draws made at each place contribute to the joint log-ratio, largest share first.
    tier
        How gold is best obtained, in words.
    name
        Of the simulator.
    guards
        What looked for wrong gold, and how small a fault each would have seen.

    Examples
    --------
    >>> print(CheckReport(False, ("x depends on theta other than through its draws.",), name="coin"))
    coin: NOT minable. Its joint likelihood ratios would be wrong, or cannot be had.
    <BLANKLINE>
      * x depends on theta other than through its draws.
    """

    ok: bool
    findings: tuple[str, ...] = ()
    figures: tuple[tuple[str, float], ...] = ()
    sites: tuple[SiteShare, ...] = ()
    tier: str = ""
    name: str = "simulator"
    guards: tuple[GuardOutcome, ...] = ()

    def __str__(self) -> str:
        parts = (f"{self.name}: {self.verdict}", self._findings(), self._figures(), self._guards(), self._table())
        return "\n\n".join(part for part in parts if part)

    @property
    def verdict(self) -> str:
        """The verdict in a sentence or two."""
        if not self.ok:
            return "NOT minable. Its joint likelihood ratios would be wrong, or cannot be had."
        return "minable. Run again at other parameters with the same draws, every event kept its x."

    def _findings(self) -> str:
        return "\n".join(_bullet(finding) for finding in self.findings)

    def _figures(self) -> str:
        figures = dict(self.figures)
        rows = [f"  {label:<32}{form.format(figures[key], **figures)}" for key, label, form in _ROWS if key in figures]
        return "\n".join([*rows, *([f"  {'recommended way to gold':<32}{self.tier}"] if self.tier else [])])

    def _guards(self) -> str:
        return "\n".join([*(["  Guards of the gold"] if self.guards else []), *(_bullet(str(g)) for g in self.guards)])

    def _table(self) -> str:
        if not self.sites:
            return ""
        head = f"{_TABLE}\n  {'share':>7}{'':{_BAR + 3}}{'draws':>8}  {'family':<13}where"
        rows = [_row(site) for site in self.sites[:_SHOWN]]
        rest = self.sites[_SHOWN:]
        return "\n".join([head, *rows, *([f"  … and {len(rest)} more places"] if rest else [])])


def _row(site: SiteShare) -> str:
    share = f"{site.share:7.1%}" if site.depends and np.isfinite(site.share) else f"{'-':>7}"
    blocks = round(_BAR * float(np.clip(np.nan_to_num(site.share), 0.0, 1.0))) if site.depends else 0
    return f"  {share} {'█' * blocks:<{_BAR}}  {site.draws:>8,.4g}  {site.family:<13}{place(site.address)}"


def _bullet(finding: str) -> str:
    return "\n".join(_lines(finding.splitlines() or [""]))


def _lines(lines: Sequence[str]) -> list[str]:
    """Wrap a finding; indented lines (source code) are left as they are."""
    shown = []
    for number, line in enumerate(lines):
        first = "  * " if number == 0 else "    "
        shown += (
            [first + line]
            if line.startswith(" ")
            else wrap(line, _WIDTH, initial_indent=first, subsequent_indent="    ")
        )
    return shown
