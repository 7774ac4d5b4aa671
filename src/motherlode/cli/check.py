"""Say on the command line whether a simulator can be mined."""

import sys
from pathlib import Path

import click

from motherlode.cli.options import SEED

__all__ = ["check"]


@click.command()
@click.argument("target")
@click.option("--prior", default=None, help="name=low:high,… or a YAML file; default: the declared bounds.")
@click.option(
    "--events",
    default=200,
    show_default=True,
    type=click.IntRange(1),
    help="Parameters to draw; fewer than 200 are repeated.",
)
@click.option(
    "--alternatives", default=1, show_default=True, type=click.IntRange(1), help="Alternatives for each event."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Root of the parameters that are tried.")
@click.option("--out", default=None, type=click.Path(path_type=Path), help="Folder for a picture of the branchings.")
def check(target: str, prior: str | None, events: int, alternatives: int, seed: int, out: Path | None) -> None:
    """Say whether TARGET can be mined, and if not, which line to change and how.

    TARGET is file.py:function, a program, or an endpoint (tcp://… or ipc://…).
    """
    from motherlode.campaign import Proposal
    from motherlode.core.parameters import supported_on
    from motherlode.frontends.targets import open_target

    proposal = None if prior is None else Proposal.of(prior)
    simulator = open_target(target, None if proposal is None else proposal.law.names)
    proposal = Proposal.of(simulator.parameters) if proposal is None else proposal
    proposal.check_fits(simulator.parameters)
    theta, others = proposal.draw(seed, 0, events, alternatives)
    with supported_on(proposal.law.support.low, proposal.law.support.high):
        report = simulator.check(theta, others)
    click.echo(str(report).replace(report.verdict, click.style(report.verdict, fg="green" if report.ok else "red"), 1))
    if out is not None and report.sites:
        from motherlode.plots import plot_branchings, save

        click.echo(f"\nPicture: {save(plot_branchings(report), out / 'branchings.png')}")
    sys.exit(0 if report.ok else 1)
