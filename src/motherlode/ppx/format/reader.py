"""Read a FlatBuffer by its layout, checking every offset before it is followed.

A table comes back as a dictionary of its fields: scalars as numbers, strings as ``str``, vectors of numbers as
arrays that view the frame, absent fields as ``None``. What the fields *mean* is checked in
:mod:`motherlode.ppx.format.codec`.
"""

import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motherlode.ppx.format.schema import DEFAULTS, ENUMS, TABLES, UNIONS, Fields

__all__ = ["MAX_STRING", "Frame", "read"]

Frame = bytes | memoryview
MAX_STRING = 65536
SCALARS = {"bool": "<?", "ubyte": "<B", "ushort": "<H", "uint": "<I", "int": "<i", "ulong": "<Q", "double": "<d"}
NUMBERS: dict[str, np.dtype[np.number]] = {
    "uint": np.dtype("<u4"),
    "int": np.dtype("<i4"),
    "ulong": np.dtype("<u8"),
    "double": np.dtype("<f8"),
}
OFFSET = struct.Struct("<I").unpack_from
SIGNED = struct.Struct("<i").unpack_from
VTABLE = struct.Struct("<HH").unpack_from
ENTRY = struct.Struct("<H").unpack_from

Value = bool | int | float | str | NDArray[np.number] | tuple[str, ...] | Fields | tuple[Fields, ...] | None
"""What a field may hold."""

Read = Callable[["Cursor", int], Value]
Layout = list[tuple[str, int, int, Read, Value]]
"""For each field its name, place in the vtable, bytes inline, how to read it, and its default."""


class Cursor:
    """Follow offsets within one frame, with an allowance that stops frames which point at the same bytes often.

    Parameters
    ----------
    frame
        The bytes of one message.
    """

    __slots__ = ("frame", "size", "tables", "text")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.size = len(frame)
        self.tables = 16 + self.size // 8
        self.text = 16 * self.size

    def follow(self, position: int) -> int:
        """Return where the offset stored at `position` points."""
        target = position + int(OFFSET(self.frame, position)[0])
        return self.inside(target, 4)

    def inside(self, position: int, length: int) -> int:
        """Return `position` if `length` bytes from there lie in the frame."""
        if position < 4 or position + length > self.size:
            raise ValueError(f"{length} bytes at {position} leave the frame of {self.size} bytes")
        return position

    def vector(self, position: int, width: int) -> tuple[int, int]:
        """Return the first byte and the length of the vector whose offset is stored at `position`."""
        start = self.follow(position)
        count = int(OFFSET(self.frame, start)[0])
        return self.inside(start + 4, count * width), count

    def string(self, position: int) -> str:
        """Return the string whose offset is stored at `position`."""
        start, count = self.vector(position, 1)
        self.text -= count
        if count > MAX_STRING or self.text < 0:
            raise ValueError(f"a string of {count} bytes is longer than {MAX_STRING}, or strings overlap")
        return str(self.frame[start : start + count], "utf-8")

    def table(self, start: int, layout: Layout) -> Fields:
        """Return the fields of the table that starts at `start`."""
        self.tables -= 1
        vtable = self.inside(start - int(SIGNED(self.frame, start)[0]), 4)
        length, inline = VTABLE(self.frame, vtable)
        self.inside(vtable, length)
        self.inside(start, inline)
        if length < 4 or inline < 4 or self.tables < 0:
            raise ValueError(f"the table at {start} has a vtable of {length} bytes and {inline} bytes inline")
        fields = {}
        for name, entry, width, get, default in layout:
            offset = ENTRY(self.frame, vtable + entry)[0] if entry + 2 <= length else 0
            if offset and (offset < 4 or offset + width > inline):
                raise ValueError(f"field {name} lies outside its table")
            fields[name] = get(self, start + offset) if offset else default
        return fields


def _scalar(kind: str) -> Read:
    unpack = struct.Struct(SCALARS[kind]).unpack_from
    return lambda cursor, position: unpack(cursor.frame, position)[0]


def _numbers(kind: str) -> Read:
    dtype = NUMBERS[kind]

    def get(cursor: Cursor, position: int) -> NDArray[np.number]:
        start, count = cursor.vector(position, dtype.itemsize)
        return np.frombuffer(cursor.frame, dtype, count, start)

    return get


def _strings(cursor: Cursor, position: int) -> tuple[str, ...]:
    start, count = cursor.vector(position, 4)
    return tuple(cursor.string(start + 4 * i) for i in range(count))


def _table(kind: str) -> Read:
    return lambda cursor, position: cursor.table(cursor.follow(position), LAYOUTS[kind])


def _tables(kind: str) -> Read:
    def get(cursor: Cursor, position: int) -> tuple[Fields, ...]:
        start, count = cursor.vector(position, 4)
        return tuple(cursor.table(cursor.follow(start + 4 * i), LAYOUTS[kind]) for i in range(count))

    return get


def _getter(kind: str) -> tuple[int, Read]:
    kind = ENUMS.get(kind, kind)
    if kind in SCALARS:
        return struct.calcsize(SCALARS[kind]), _scalar(kind)
    if kind == "string":
        return 4, Cursor.string
    item = kind.strip("[]")
    if item == kind:
        return 4, _table(kind)
    if item == "string":
        return 4, _strings
    return 4, _numbers(item) if item in NUMBERS else _tables(item)


def _default(table: str, field: str, kind: str) -> Value:
    return DEFAULTS.get((table, field), 0 if ENUMS.get(kind, kind) in SCALARS else None)


def _layout(table: str) -> Layout:
    layout: Layout = []
    entry = 4
    for field, kind in TABLES[table].items():
        if kind in UNIONS:
            layout.append((f"{field}_type", entry, 1, _scalar("ubyte"), 0))
            layout.append((field, entry + 2, 4, Cursor.follow, None))
            entry += 4
        else:
            layout.append((field, entry, *_getter(kind), _default(table, field, kind)))
            entry += 2
    return layout


LAYOUTS = {table: _layout(table) for table in TABLES}


def _resolve(cursor: Cursor, fields: Fields, field: str, members: tuple[str, ...]) -> Fields:
    """Read the union `field` of a table that is already read."""
    number, start = fields[f"{field}_type"], fields[field]
    known = 1 <= number <= len(members) and start is not None
    fields[f"{field}_type"] = members[number - 1] if known else number
    fields[field] = cursor.table(start, LAYOUTS[members[number - 1]]) if known else None
    return fields


def read(frame: Frame) -> Fields:
    """Return the `Message` in a frame as nested dictionaries.

    A union's type is the name of its member, or the bare number where this schema does not know it.

    Raises
    ------
    ValueError, struct.error
        Where the frame is not a sound FlatBuffer.
    """
    cursor = Cursor(frame)
    root = int(OFFSET(frame, 0)[0])
    message = cursor.table(cursor.inside(root, 4), LAYOUTS["Message"])
    _resolve(cursor, message, "body", UNIONS["MessageBody"])
    body = message["body"]
    if body is not None and "distribution_type" in body:
        _resolve(cursor, body, "distribution", UNIONS["Distribution"])
    return message
