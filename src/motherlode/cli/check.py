"""Say on the command line whether a simulator can be mined."""

import sys

import click

__all__ = ["check"]


@click.command()
@click.argument("target")
@click.option("--prior", default=None, help="name=low:high,… or a YAML file; default: the declared bounds.")
@click.option("--events", default=200, show_default=True, help="Events to try.")
@click.option("--alternatives", default=1, show_default=True, help="Alternatives for each event.")
@click.option("--seed", default=0, show_default=True, help="Root of every random stream.")
def check(target: str, prior: str | None, events: int, alternatives: int, seed: int) -> None:
    """Say whether TARGET can be mined, and if not, which line to change and how."""
    from motherlode.campaign import Proposal
    from motherlode.frontends.targets import open_target

    proposal = None if prior is None else Proposal.parse(prior)
    simulator = open_target(target, None if proposal is None else tuple(proposal.laws))
    proposal = Proposal.from_bounds(simulator.parameters) if proposal is None else proposal
    proposal.check_fits(simulator.parameters)
    theta, others = proposal.draw(seed, 0, events, alternatives)
    report = simulator.check(theta, others)
    click.echo(f"{simulator.name}: {report}")
    sys.exit(0 if report.ok else 1)
