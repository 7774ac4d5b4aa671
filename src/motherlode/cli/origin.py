"""Say where the inputs of a command come from."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from motherlode.campaign import Proposal, recorded_law
from motherlode.core.types import JSON
from motherlode.laws import Law

if TYPE_CHECKING:
    from motherlode.estimators import Estimator

__all__ = ["describe_model", "digest", "trained_on"]


def trained_on(estimator: "Estimator", model: Path, prior: str | None) -> Law:
    """Return the law of θ: the one given, else the one an estimator was trained on; in the estimator's order.

    Columns of θ have no names in an estimator, so a law in another order would swap its parameters.

    Parameters
    ----------
    estimator, model
        The estimator and its file.
    prior
        What :meth:`motherlode.Law.of` reads, its names in any order; None for the law of the training.

    Raises
    ------
    click.UsageError
        If the prior names other parameters than the estimator was trained on, or there is neither.
    """
    recorded = None if estimator.record is None else recorded_law(estimator.record.origin)
    if prior is not None:
        given = Proposal.of(prior).law
        return given if recorded is None else _in_order(given, recorded.names, model)
    if recorded is None:
        raise click.UsageError(f"{model} does not say which law it was trained on. Give --prior name=low:high,…")
    return recorded


def _in_order(given: Law, names: tuple[str, ...], model: Path) -> Law:
    if set(given.names) != set(names):
        raise click.UsageError(
            f"--prior names {', '.join(given.names)}, but {model} was trained on {', '.join(names)}: "
            "a law of other parameters says nothing of these. Name the same ones, in any order."
        )
    return given.in_order(names)


def digest(path: Path) -> dict[str, JSON]:
    """Return the path and SHA-256 of a file, for a manifest."""
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def describe_model(estimator: "Estimator", model: Path) -> dict[str, JSON]:
    """Return what a manifest says of an estimator: its file, its class, and the record of its training, rounds not."""
    record = None if estimator.record is None else estimator.record.to_json()
    kept = None if record is None else {name: value for name, value in record.items() if name != "history"}
    return {**digest(model), "class": type(estimator).__name__, "record": kept}
