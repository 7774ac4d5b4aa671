"""Make folders for results before anything is computed, and clear only those that a command made itself."""

import shutil
from pathlib import Path

import click

__all__ = ["claim_folder", "make_folder"]

_MARK = ".made-by-motherlode-demo"
_NOTE = "motherlode demo made this folder, and deletes it when it runs again with the same --out.\n"


def make_folder(path: Path) -> None:
    """Make a directory for results, with its parents, unless it is there.

    Raises
    ------
    click.BadParameter
        If it cannot be one.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(
            f"{path} cannot be made a directory ({error.strerror}), so that results would have nowhere to go; nothing "
            "was computed. Name another one.",
            param_hint="--out",
        ) from error


def claim_folder(path: Path) -> None:
    """Make an empty directory that carries the demo's mark; one that carries it already is deleted before.

    Raises
    ------
    click.BadParameter
        If there is something in it and no mark, or it cannot be a directory.
    """
    if (path / _MARK).is_file():
        shutil.rmtree(path)
    make_folder(path)
    if any(path.iterdir()):
        raise click.BadParameter(
            f"{path} holds files that motherlode demo did not mark as its own, and a demo starts with no events. "
            "Nothing was deleted. Name another folder, or remove that one yourself.",
            param_hint="--out",
        )
    (path / _MARK).write_text(_NOTE)
