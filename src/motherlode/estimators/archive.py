"""Keep a header and arrays in one file without pickle: the header as JSON, the arrays as plain NumPy ones."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from motherlode.core.files import replacing
from motherlode.core.types import JSON
from motherlode.estimators.errors import UnknownFormat

__all__ = ["FORMAT", "Archive", "Blueprint", "StoredArray", "read_archive", "write_archive"]

FORMAT = 1
_HEADER = "motherlode.json"

StoredArray = NDArray[np.generic]
"""Numbers as the weights and tables of an estimator are stored, of whatever type."""


class Blueprint(NamedTuple):
    """What rebuilds an estimator without its weights.

    Attributes
    ----------
    kind
        Name of its class.
    configuration
        Arguments of the constructor.
    """

    kind: str
    configuration: dict[str, JSON]

    def to_json(self) -> dict[str, JSON]:
        """Return plain data."""
        return {"class": self.kind, "configuration": self.configuration}

    @classmethod
    def from_json(cls, data: JSON) -> "Blueprint":
        """Return the blueprint of :meth:`to_json`.

        Raises
        ------
        TypeError
            If the data are those of no blueprint.
        """
        match data:
            case {"class": str(kind), "configuration": dict(configuration)}:
                return cls(kind, configuration)
        raise TypeError(f"{str(data)[:80]!r} describes no estimator")


class Archive(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    blueprint
        What rebuilds the estimator.
    record
        Its training record as plain data, or None.
    arrays
        Its weights and tables by name.
    """

    blueprint: Blueprint
    record: dict[str, JSON] | None
    arrays: Mapping[str, StoredArray]


def write_archive(path: Path, archive: Archive) -> None:
    """Write an archive (NumPy's zip of arrays); a file there is replaced only when all is written.

    Raises
    ------
    WriteError
        If it could not be written.
    """
    header = {"format": FORMAT, **archive.blueprint.to_json(), "record": archive.record}
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with replacing(path) as stream:
        np.savez(stream, allow_pickle=False, **{_HEADER: text}, **archive.arrays)


def read_archive(path: Path) -> Archive:
    """Return what :func:`write_archive` wrote.

    Raises
    ------
    UnknownFormat
        If the file is none of ours, damaged, or of a later format.
    """
    arrays = _read(path)
    if _HEADER not in arrays:
        raise UnknownFormat(path, f"it has no {_HEADER}")
    header: dict[str, JSON] = json.loads(arrays.pop(_HEADER).tobytes())
    if header.get("format") != FORMAT:
        raise UnknownFormat(path, f"its format is {header.get('format')}, and this version reads {FORMAT}")
    record = header.get("record")
    try:
        return Archive(Blueprint.from_json(header), record if isinstance(record, dict) else None, arrays)
    except TypeError as error:
        raise UnknownFormat(path, f"its header {error}") from error


def _read(path: Path) -> dict[str, StoredArray]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (zipfile.BadZipFile, ValueError, EOFError, AttributeError, TypeError) as error:
        raise UnknownFormat(path, str(error)) from error
