"""Run the main job on the Galton board and report in plain words."""

from pathlib import Path

import click

from motherlode.cli.options import SEED, use_one_thread
from motherlode.cli.results import make_folder
from motherlode.demo.build import BoardNotBuilt, build_board
from motherlode.demo.folders import FolderTaken, claim_folder

__all__ = ["demo"]


@click.command()
@click.option("--out", default="demo", show_default=True, type=click.Path(path_type=Path), help="Where results go.")
@click.option("--quick", is_flag=True, help="10,000 events instead of 200,000; under 20 seconds.")
@click.option("--seed", default=0, show_default=True, type=SEED, help="Root of every random number.")
@click.option(
    "--simulator",
    type=click.Choice(["cpp", "python"]),
    default=None,
    help="The board in C++ over ZeroMQ, or in Python. Default: C++ where it can be built.",
)
def demo(out: Path, quick: bool, seed: int, simulator: str | None) -> None:
    """Mine, learn and infer on a Galton board, and compare with the exact answer."""
    use_one_thread()
    kind = simulator or _best_board()
    from motherlode.demo.run import run

    _claim(out / "events")
    click.echo(run(kind, out, seed, quick))


def _claim(path: Path) -> None:
    make_folder(path)
    try:
        claim_folder(path)
    except FolderTaken as error:
        raise click.BadParameter(str(error), param_hint="--out") from error


def _best_board() -> str:
    try:
        build_board()
    except BoardNotBuilt as error:
        click.echo(f"{error.reason}: using the Python board instead.", err=True)
        return "python"
    return "cpp"
