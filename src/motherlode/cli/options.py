"""What commands share before they run: types of options, a refusal of those that would do nothing, one thread."""

import math

import click
from click.core import ParameterSource

from motherlode.core.types import JSON, UserValue

__all__ = ["SEED", "NumberRange", "refuse_idle", "settings", "use_one_thread"]

SEED = click.IntRange(0, 2**64 - 1)
"""Seeds that every random stream takes."""


class NumberRange(click.FloatRange):
    """A range of numbers without NaN, which lies in every ``click.FloatRange``."""

    def convert(self, value: UserValue, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or end the command with a text."""
        number = float(super().convert(value, param, ctx))
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


def settings(ctx: click.Context, *without: str) -> dict[str, JSON]:
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


def use_one_thread() -> None:
    """Let torch compute on one thread: small networks wait longer for other threads than those save."""
    import torch

    torch.set_num_threads(1)
