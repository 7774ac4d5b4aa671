"""Say which options a command was given, and refuse those that would do nothing."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

__all__ = ["SEED", "refuse_idle", "settings"]

SEED = click.IntRange(0, 2**64 - 1)
"""Seeds that every random stream takes."""


def refuse_idle(ctx: click.Context, names: tuple[str, ...], where: str) -> None:
    """Refuse options on the command line that would be ignored.

    Parameters
    ----------
    ctx
        Context of the command.
    names
        Names of its parameters that do nothing.
    where
        Why: completes "does nothing".

    Raises
    ------
    click.UsageError
        If one of them was given.
    """
    flags = {parameter.name: parameter.opts[-1] for parameter in ctx.command.params}
    given = [flags[name] for name in names if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError(
            f"{' and '.join(given)} would do nothing {where}. The result would not be what was asked for: leave it out."
        )


def settings(ctx: click.Context, *without: str) -> dict[str, Any]:
    """Return the options of a command as plain data for a manifest, but for those named."""
    kept = {name: value for name, value in ctx.params.items() if name not in without}
    return {name: str(value) if isinstance(value, Path) else value for name, value in kept.items()}
