"""Say where the inputs of a command come from."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from motherlode.campaign import Proposal
from motherlode.core.types import JSON

if TYPE_CHECKING:
    from motherlode.estimators import Estimator

__all__ = ["describe_model", "digest", "trained_on"]


def trained_on(estimator: "Estimator", model: Path, prior: str | None) -> Proposal:
    """Return the law of θ: the one given, else the one an estimator was trained on; in the estimator's order.

    Columns of θ have no names in an estimator, so a law in another order would swap its parameters.

    Parameters
    ----------
    estimator, model
        The estimator and its file.
    prior
        What :meth:`motherlode.campaign.Proposal.parse` reads, its names in any order; None for the law of the training.

    Raises
    ------
    click.UsageError
        If the prior names other parameters than the estimator was trained on, or there is neither.
    """
    origin = {} if estimator.record is None else estimator.record.origin
    laws = origin.get("proposal", {}).get("laws")
    if prior is not None:
        given = Proposal.parse(prior)
        return given if laws is None else _in_order(given, tuple(laws), model)
    if laws is None:
        raise click.UsageError(f"{model} does not say which law it was trained on. Give --prior name=low:high,…")
    return Proposal({name: (law[0], law[1], law[2]) for name, law in laws.items()})


def _in_order(given: Proposal, names: tuple[str, ...], model: Path) -> Proposal:
    if set(given.laws) != set(names):
        raise click.UsageError(
            f"--prior names {', '.join(given.laws)}, but {model} was trained on {', '.join(names)}: "
            "a law of other parameters says nothing of these. Name the same ones, in any order."
        )
    return replace(given, laws={name: given.laws[name] for name in names})


def digest(path: Path) -> dict[str, JSON]:
    """Return the path and SHA-256 of a file, for a manifest."""
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def describe_model(estimator: "Estimator", model: Path) -> dict[str, JSON]:
    """Return what a manifest says of an estimator: its file, its class, and the record of its training, rounds not."""
    record = None if estimator.record is None else estimator.record.as_json()
    kept = None if record is None else {name: value for name, value in record.items() if name != "history"}
    return {**digest(model), "class": type(estimator).__name__, "record": kept}
