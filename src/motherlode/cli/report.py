"""Gather what a directory of results says of itself into one page."""

import json
from pathlib import Path

import click

from motherlode.core.types import JSON

__all__ = ["report"]

_ORIGINS = ("manifest.json", "report.json")


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(directory: Path) -> None:
    """Write report.md in DIRECTORY: every figure there, and where each number comes from, back to seeds."""
    found = sorted(path for name in _ORIGINS for path in directory.rglob(name))
    if not found:
        raise click.UsageError(f"{directory} holds no manifest.json or report.json: no command of motherlode wrote it.")
    lines = [f"# {directory.resolve().name}", ""]
    lines += [f"![{picture.stem}]({picture.relative_to(directory)})" for picture in sorted(directory.rglob("*.png"))]
    for path in found:
        lines += ["", f"## {path.relative_to(directory)}", "", *_table(path)]
    page = directory / "report.md"
    page.write_text("\n".join(lines) + "\n")
    click.echo(page)


def _table(path: Path) -> list[str]:
    rows = _flat(json.loads(path.read_text()))
    return ["| entry | value |", "|---|---|", *(f"| {name} | {value.replace('|', '&#124;')} |" for name, value in rows)]


def _flat(data: JSON, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(data, dict):
        return [row for name, value in data.items() for row in _flat(value, f"{prefix}{name}.")]
    if isinstance(data, list) and any(isinstance(entry, dict) for entry in data):
        return _flat({str(number): entry for number, entry in enumerate(data, 1)}, prefix)
    if isinstance(data, float):
        return [(prefix.rstrip("."), f"{data:.6g}")]
    return [(prefix.rstrip("."), json.dumps(data) if isinstance(data, list) else str(data))]
