"""Read an estimator back from the file that ``estimator.save(path)`` wrote; nothing in it is executed."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from motherlode.estimators.archive import Blueprint, StoredArray, read_archive
from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnknownFormat
from motherlode.estimators.record import TrainingRecord

__all__ = ["build", "load"]


def load(path: str | Path, embedding: nn.Module | None = None) -> Estimator:
    """Return the estimator that ``estimator.save(path)`` wrote.

    Parameters
    ----------
    path
        The file.
    embedding
        An instance of the embedding, where it was a module of your own; members of an ensemble get copies of it.

    Raises
    ------
    UnknownFormat
        If the file is none of ours, damaged, or of a later format.

    Examples
    --------
    >>> import tempfile
    >>> import motherlode
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = motherlode.RatioEstimator(parameters=1, shape=(2,)).save(f"{folder.name}/ratio")
    >>> type(motherlode.load(path)).__name__
    'RatioEstimator'
    >>> folder.cleanup()
    """
    path = Path(path)
    archive = read_archive(path)
    with torch.random.fork_rng():
        estimator = _build(archive.blueprint, embedding, path)
    _fill(estimator, archive.arrays, path)
    estimator.record = None if archive.record is None else TrainingRecord.from_json(archive.record)
    estimator.eval()
    return estimator


def _build(blueprint: Blueprint, embedding: nn.Module | None, path: Path) -> Estimator:
    try:
        return build(blueprint, embedding)
    except (KeyError, TypeError) as error:
        raise UnknownFormat(path, f"{error} is not known to this version") from error


def _fill(estimator: Estimator, arrays: Mapping[str, StoredArray], path: Path) -> None:
    try:
        estimator.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise UnknownFormat(path, f"its weights are not those of this version's {type(estimator).__name__}") from error


def build(blueprint: Blueprint, embedding: nn.Module | None = None) -> Estimator:
    """Return an untrained estimator of a blueprint.

    Parameters
    ----------
    blueprint
        Names a subclass of :class:`Estimator` and the arguments of its constructor.
    embedding
        Replaces the embedding of the configuration.

    Raises
    ------
    KeyError
        If this version has no such class.
    """
    return {kind.__name__: kind for kind in _kinds(Estimator)}[blueprint.kind].from_configuration(
        blueprint.configuration, embedding
    )


def _kinds(base: type[Estimator]) -> list[type[Estimator]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_kinds(child))]
