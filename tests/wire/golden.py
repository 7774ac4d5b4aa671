"""Find the golden frames and compare a decoded message with the JSON it was made from."""

import json
from pathlib import Path

import numpy as np

from motherlode.ppx.format.schema import TABLES, UNIONS

PROTOCOLS = Path(__file__).resolve().parents[2] / "protocols"
GOLDEN = PROTOCOLS / "golden"
SCHEMA = PROTOCOLS / "ppx.fbs"


def names(folder):
    return sorted(path.stem for path in (GOLDEN / folder).glob("*.bin"))


def frame(folder, name):
    return (GOLDEN / folder / f"{name}.bin").read_bytes()


def stated(folder, name):
    return json.loads((GOLDEN / folder / f"{name}.json").read_text())


def same_numbers(found, wanted):
    np.testing.assert_array_equal(np.asarray(found, float).reshape(-1), np.asarray(wanted, float).reshape(-1))


def same_tensor(found, wanted):
    same_numbers(found, wanted["data"])
    assert list(np.shape(found)) == wanted["shape"]


def same(message, wanted, table):
    """Assert that a dataclass holds every field its JSON states."""
    for field, value in wanted.items():
        if field.endswith("_type"):
            assert getattr(message, "family", type(message).__name__) == value
            continue
        kind = TABLES[table][field]
        if kind in UNIONS:
            for found, parameter in zip(message.parameters, value.values(), strict=True):
                same_tensor(found, parameter)
            continue
        found = getattr(message, field)
        if kind == "Tensor":
            same_tensor(found, value)
        elif kind in TABLES:
            same(found, value, kind)
        elif kind.strip("[]") in TABLES:
            for item, stated_item in zip(found, value, strict=True):
                same(item, stated_item, kind.strip("[]"))
        elif kind in ("Tier", "Recorded", "ErrorCode"):
            assert found.name.replace("_", "") == value.upper()
        elif kind.startswith("[") and kind != "[string]":
            same_numbers(() if found is None else found, value)
        else:
            assert (list(found) if kind == "[string]" else found) == value
