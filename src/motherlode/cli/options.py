"""Say which options a command was given, and refuse those that would do nothing."""

import math
from typing import Any

import click
from click.core import ParameterSource

__all__ = ["SEED", "NumberRange", "refuse_idle", "settings"]

SEED = click.IntRange(0, 2**64 - 1)
"""Seeds that every random stream takes."""


class NumberRange(click.FloatRange):
    """A range of numbers without NaN, which lies in every ``click.FloatRange``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or end the command with a text."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


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
    """Return the options of a command by their flags, for a manifest, but for the parameters named and for paths.

    A manifest has the paths of inputs with their digests.
    """
    kept = [
        parameter
        for parameter in ctx.command.params
        if isinstance(parameter, click.Option)
        and not isinstance(parameter.type, click.Path)
        and parameter.name not in without
    ]
    return {parameter.opts[-1].lstrip("-"): ctx.params[str(parameter.name)] for parameter in kept}
