"""Gather the commands, and turn errors raised on purpose into messages."""

from importlib import import_module

import click

from motherlode._version import __version__
from motherlode.core import MotherlodeError

__all__ = ["main"]

_COMMANDS = {
    "check": "motherlode.cli.check",
    "demo": "motherlode.cli.demo",
    "mine": "motherlode.cli.mine",
    "train": "motherlode.cli.train",
    "infer": "motherlode.cli.infer",
    "limits": "motherlode.cli.limits",
    "report": "motherlode.cli.report",
    "keys": "motherlode.cli.keys",
}


class _Commands(click.Group):
    """Import a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> None:
        try:
            super().invoke(ctx)
        except MotherlodeError as error:
            raise click.ClickException(f"{type(error).__name__}: {error}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="motherlode")
def main() -> None:
    """Open the black box of a stochastic simulator.

    Mine joint likelihood ratios and scores, train surrogates on them, infer.
    """
