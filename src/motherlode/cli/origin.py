"""Say where the inputs of a command come from."""

import hashlib
from pathlib import Path
from typing import Any

import click

from motherlode.campaign import Proposal

__all__ = ["digest", "trained_on"]


def trained_on(estimator: Any, model: Path, prior: str | None) -> Proposal:
    """Return the law of θ: the one given, else the one an estimator was trained on."""
    if prior is not None:
        return Proposal.parse(prior)
    origin = {} if estimator.record is None else estimator.record.origin
    laws = origin.get("proposal", {}).get("laws")
    if laws is None:
        raise click.UsageError(f"{model} does not say which law it was trained on. Give --prior name=low:high,…")
    return Proposal({name: (law[0], law[1], law[2]) for name, law in laws.items()})


def digest(path: Path) -> dict[str, str]:
    """Return the path and SHA-256 of a file, for a manifest."""
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
