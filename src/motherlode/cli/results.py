"""Make folders for results before anything is computed, and write what they hold into a manifest."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from motherlode.core.types import JSON
from motherlode.store.manifest import library_versions

__all__ = ["make_folder", "write_manifest"]

_LIBRARIES = ("motherlode", "numpy", "scipy", "torch", "pyro-ppl")


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


def write_manifest(out: Path, entries: Mapping[str, JSON]) -> None:
    """Write entries and the versions of libraries to ``manifest.json`` in a directory."""
    manifest = {**entries, "libraries": library_versions(*_LIBRARIES)}
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
