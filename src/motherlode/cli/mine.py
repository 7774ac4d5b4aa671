"""Run a campaign from the command line."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

import click

from motherlode.cli.options import SEED, NumberRange, refuse_idle

__all__ = ["mine"]


@click.command()
@click.argument("target")
@click.option("--prior", required=True, help="name=low:high,… or a YAML file.")
@click.option("--events", default=10_000, show_default=True, help="How many events in all.")
@click.option("--alternatives", default=1, show_default=True, help="Alternatives for each event.")
@click.option(
    "--near", type=float, default=None, help="Propose alternatives within this share of the prior around theta."
)
@click.option("--seed", default=0, show_default=True, type=SEED, help="Root of every random stream.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory of the event store.")
@click.option("--workers", default=1, show_default=True, help="Processes on this machine.")
@click.option("--dask", "scheduler", default=None, help="Address of a Dask scheduler to run on instead.")
@click.option("--shard", default=10_000, show_default=True, help="Events of one task and file.")
@click.option("--traces", is_flag=True, help="Keep the branchings.")
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=NumberRange(min=0, min_open=True),
    help="Seconds a program may take for one answer.",
)
@click.pass_context
def mine(
    ctx: click.Context,
    target: str,
    prior: str,
    events: int,
    alternatives: int,
    near: float | None,
    seed: int,
    out: Path,
    workers: int,
    scheduler: str | None,
    shard: int,
    traces: bool,
    timeout: float,
) -> None:
    """Mine events of TARGET into a store; run it again to resume.

    TARGET is file.py:function, a program with its arguments, or an endpoint. Where the audit of all events fails, the
    exit status is 1.
    """
    from motherlode.campaign import Campaign, Proposal
    from motherlode.frontends.remote import RemoteSimulator
    from motherlode.frontends.targets import open_target

    if scheduler is not None:
        refuse_idle(ctx, ("workers",), "with --dask: the scheduler has workers of its own")
    proposal = Proposal.of(prior, near=near)
    simulator = open_target(target, proposal.law.names, timeout)
    if not isinstance(simulator, RemoteSimulator):
        refuse_idle(ctx, ("timeout",), f"with {target}: a Python function runs without a deadline")
    campaign = Campaign(
        simulator,
        proposal,
        events=events,
        alternatives=alternatives,
        seed=seed,
        path=out,
        shard=shard,
        traces=traces,
    )
    with _executor(scheduler) as executor:
        store = campaign.run(workers, executor)
    audit = store.audit()
    click.echo(f"{out}: {audit}")
    if not audit.ok:
        raise click.ClickException(
            f"The audit of {out} failed: its gold breaks averages that are exact for any simulator, and what is "
            f"trained on it would be wrong too. Find the cause with motherlode check {target}, then mine anew."
        )


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor | None]:
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise click.ClickException("--dask needs the extra: pip install 'motherlode[dask]'.") from error
    try:
        client = Client(scheduler, set_as_default=False)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"No Dask scheduler answers at {scheduler} ({error}), so nothing was mined. Start one with dask scheduler, "
            "and give --dask the address it prints."
        ) from error
    with client:
        yield client.get_executor()
