"""Arrays of others are read as they are, given another shape only where it cannot be meant otherwise, or refused."""

import numpy as np
import pytest

from motherlode.events import EventsError
from motherlode.store import read_table


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_table_is_given_the_shape_of_x(tmp_path, suffix):
    rows = np.arange(24.0).reshape(2, 12)
    file = tmp_path / f"x{suffix}"
    np.save(file, rows) if suffix == ".npy" else np.savez(file, x=rows)
    np.testing.assert_array_equal(read_table(file, (3, 4)), rows.reshape(2, 3, 4))
    np.testing.assert_array_equal(read_table(file, (12,)), rows)


def test_a_column_is_given_the_shape_of_one_number(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(5.0))
    assert read_table(tmp_path / "x.npy", (1,)).shape == (5, 1)
    assert read_table(tmp_path / "x.npy", ()).shape == (5,)


def test_axes_are_not_shuffled(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((7, 4, 3)))
    assert read_table(tmp_path / "x.npy", (4, 3)).shape == (7, 4, 3)
    with pytest.raises(EventsError, match=r"shape \(4, 3\), but x of shape \(3, 4\) is needed"):
        read_table(tmp_path / "x.npy", (3, 4))


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.csv", "x.parquet"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive"])
def test_a_broken_file_cannot_be_read(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EventsError, match=rf"{name} (cannot be read|holds no rows)"):
        read_table(tmp_path / name)
