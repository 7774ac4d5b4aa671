"""Write nested dictionaries of fields as a FlatBuffer, by the same layout that the reader follows."""

import flatbuffers
import numpy as np

from motherlode.core.types import Foreign, UserValue
from motherlode.ppx.format.schema import DEFAULTS, ENUMS, IDENTIFIER, TABLES, UNIONS, Fields

__all__ = ["write"]

PREPEND = {
    "bool": "PrependBoolSlot",
    "ubyte": "PrependUint8Slot",
    "ushort": "PrependUint16Slot",
    "uint": "PrependUint32Slot",
    "ulong": "PrependUint64Slot",
    "double": "PrependFloat64Slot",
}
DTYPES = {"[uint]": "<u4", "[int]": "<i4", "[ulong]": "<u8", "[double]": "<f8"}


def _offsets(builder: Foreign, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _reference(builder: Foreign, kind: str, value: UserValue) -> int:
    """Write what a field points at and return its offset."""
    if kind == "string":
        return int(builder.CreateString(value))
    if kind in DTYPES:
        return int(builder.CreateNumpyVector(np.ascontiguousarray(value, DTYPES[kind]).reshape(-1)))
    if kind == "[string]":
        return _offsets(builder, [builder.CreateString(item) for item in value])
    if kind.startswith("["):
        return _offsets(builder, [_table(builder, kind[1:-1], item) for item in value])
    return _table(builder, kind, value)


def _table(builder: Foreign, table: str, fields: Fields) -> int:
    slots: list[tuple[int, str, int | float, int | float]] = []
    slot = 0
    for field, declared in TABLES[table].items():
        value = fields.get(field)
        kind = ENUMS.get(declared, declared)
        if kind in UNIONS:
            member = fields[f"{field}_type"]
            slots.append((slot, "ubyte", UNIONS[kind].index(member) + 1, 0))
            slots.append((slot + 1, "", _table(builder, member, fields[field]), 0))
            slot += 1
        elif value is not None and kind in PREPEND:
            slots.append((slot, kind, value, DEFAULTS.get((table, field), 0)))
        elif value is not None:
            slots.append((slot, "", _reference(builder, kind, value), 0))
        slot += 1
    builder.StartObject(slot)
    for place, kind, value, default in slots:
        getattr(builder, PREPEND.get(kind, "PrependUOffsetTRelativeSlot"))(place, value, default)
    return int(builder.EndObject())


def _size(value: UserValue) -> int:
    """Return about how many bytes a value needs, so that the builder need not grow by copying itself."""
    if isinstance(value, np.ndarray):
        return value.nbytes + 64
    if isinstance(value, dict):
        return 64 + sum(map(_size, value.values()))
    return 64 + sum(map(_size, value)) if isinstance(value, list | tuple) else 64


def write(message: Fields) -> bytes:
    """Return the frame of a `Message` given as nested dictionaries, a union's type by its name.

    Absent fields (or ``None``) are left out. An empty vector is written as an empty vector.
    """
    builder = flatbuffers.Builder(_size(message))
    builder.Finish(_table(builder, "Message", message), file_identifier=IDENTIFIER)
    return bytes(builder.Output())
