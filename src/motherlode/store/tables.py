"""Read arrays that people bring: .npy, .npz, .csv with a header, or Parquet."""

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from motherlode.core.types import Array
from motherlode.events.errors import EventsError

__all__ = ["read_table"]


def read_table(path: str | Path, shape: tuple[int, ...] | None = None) -> Array:
    """Return the rows of a file as float64 with shape (N, *L).

    Parameters
    ----------
    path
        ``.npy``; ``.npz`` with one array, or one named ``x``; ``.csv`` whose first line names the columns;
        ``.parquet``. Columns of a table become the last axis, a single column gives shape (N,).
    shape
        (*L), which each row must have, or is given where the file is a table whose rows have as many numbers.

    Raises
    ------
    EventsError
        If the file cannot be read, is empty, or its rows do not fit `shape`.
    """
    file = Path(path)
    try:
        array = _READERS[file.suffix](file)
    except KeyError as error:
        raise EventsError(f"{file} is none of {', '.join(_READERS)}. Save the observations as one of them.") from error
    except (OSError, EOFError, BadZipFile, ValueError, TypeError, pa.ArrowException) as error:
        raise EventsError(f"{file} cannot be read: {error}") from error
    if not len(array):
        raise EventsError(f"{file} holds no rows. An empty observation says nothing about theta.")
    if shape is None or array.shape[1:] == shape:
        return array
    if array.ndim > 2 or array[0].size != int(np.prod(shape)):
        raise EventsError(
            f"Rows of {file} have shape {array.shape[1:]}, but x of shape {shape} is needed. "
            "One row is one event. Check the columns."
        )
    return array.reshape(len(array), *shape)


def _read_npy(file: Path) -> Array:
    with file.open("rb") as handle:
        return np.atleast_1d(np.load(handle, allow_pickle=False)).astype(np.float64)


def _read_npz(file: Path) -> Array:
    with file.open("rb") as handle, np.load(handle, allow_pickle=False) as arrays:
        names = list(arrays)
        if len(names) != 1 and "x" not in names:
            raise ValueError(f"it holds {', '.join(names) or 'nothing'}; one array, or one named x, is needed")
        return np.atleast_1d(arrays["x" if "x" in names else names[0]]).astype(np.float64)


def _columns(table: pa.Table) -> Array:
    columns = [np.asarray(column.to_numpy(), dtype=np.float64) for column in table.columns]
    return columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)


_READERS: dict[str, Callable[[Path], Array]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".csv": lambda file: _columns(pa_csv.read_csv(file)),
    ".parquet": lambda file: _columns(pq.read_table(file)),
}
