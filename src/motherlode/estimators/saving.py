"""Keep a surrogate in one file without pickle: constructor arguments as JSON, weights as plain arrays."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from motherlode.core.files import replacing
from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnknownFormat
from motherlode.estimators.record import Record

__all__ = ["FORMAT", "load", "save"]

FORMAT = 1
_HEADER = "motherlode.json"


def save(estimator: Estimator, path: Path) -> Path:
    """Write an estimator to ``path`` (NumPy's zip of arrays); a file there is replaced only when all is written.

    Returns
    -------
    Path
        The path written.

    Raises
    ------
    WriteError
        If it could not be written.
    """
    header = {
        "format": FORMAT,
        "class": type(estimator).__name__,
        "configuration": estimator.configuration,
        "record": None if estimator.record is None else estimator.record.as_json(),
    }
    arrays = {name: tensor.detach().cpu().numpy() for name, tensor in estimator.state_dict().items()}
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with replacing(path) as stream:
        np.savez(stream, allow_pickle=False, **{_HEADER: text}, **arrays)
    return path


def load(path: str | Path, embedding: nn.Module | None = None) -> Any:
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
    """
    path = Path(path)
    arrays = _read(path)
    if _HEADER not in arrays:
        raise UnknownFormat(path, f"it has no {_HEADER}")
    header = json.loads(arrays.pop(_HEADER).tobytes())
    if header.get("format") != FORMAT:
        raise UnknownFormat(path, f"its format is {header.get('format')}, and this version reads {FORMAT}")
    with torch.random.fork_rng():
        estimator = _build(header, embedding, path)
    _fill(estimator, arrays, path)
    estimator.record = None if header["record"] is None else Record.from_json(header["record"])
    return estimator.eval()


def _read(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, ValueError, EOFError, AttributeError, TypeError) as error:
        raise UnknownFormat(path, str(error)) from error


def _fill(estimator: Estimator, arrays: dict[str, np.ndarray[Any, Any]], path: Path) -> None:
    try:
        estimator.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise UnknownFormat(path, f"its weights are not those of this version's {type(estimator).__name__}") from error


def _build(header: dict[str, Any], embedding: nn.Module | None, path: Path) -> Estimator:
    try:
        return build(header["class"], header["configuration"], embedding)
    except (KeyError, TypeError) as error:
        raise UnknownFormat(path, f"{error} is not known to this version") from error


def build(name: str, configuration: dict[str, Any], embedding: nn.Module | None = None) -> Estimator:
    """Return an untrained estimator from the name of its class and its arguments.

    Parameters
    ----------
    name
        Name of a subclass of :class:`~motherlode.estimators.base.Estimator`.
    configuration
        Arguments of its constructor.
    embedding
        Replaces the embedding of the configuration.

    Raises
    ------
    KeyError
        If this version has no such class.
    """
    kinds = {kind.__name__: kind for kind in _kinds(Estimator)}
    arguments = dict(configuration) | ({} if embedding is None else {"embedding": embedding})
    return kinds[name](**arguments)


def _kinds(base: type[Estimator]) -> list[type[Estimator]]:
    return [kind for child in base.__subclasses__() for kind in (child, *_kinds(child))]
