"""Make folders for results before anything is computed."""

from pathlib import Path

import click

__all__ = ["make_folder"]


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
