"""Make CURVE keys on the command line."""

from pathlib import Path

import click

__all__ = ["keys"]


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def keys(directory: Path) -> None:
    """Write CURVE keys into DIRECTORY, for simulators that are reached from other machines.

    DIRECTORY/server stays with the simulator, DIRECTORY/client is copied to where campaigns run.
    """
    from motherlode.ppx.keys import create_keys

    server, client = create_keys(directory)
    click.echo(f"{server}: keep it with the simulator; it admits the keys in {server / 'clients'}.")
    click.echo(f"{client}: copy it to where campaigns run.")
