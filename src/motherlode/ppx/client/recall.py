"""Recognize Sample requests that differ from an earlier one in the values of their parameters only.

A program asks for the same draws again and again, and FlatBuffers lays equal messages out equally. A frame whose bytes
outside the parameters equal those of a decoded frame therefore is the same request with other numbers: one lookup
(2 µs) instead of a verified decode (15 µs).
"""

import struct
from typing import NamedTuple

import numpy as np

from motherlode.core.types import Array
from motherlode.families import FAMILIES, Family
from motherlode.ppx.errors import ProtocolError
from motherlode.ppx.format.codec import decode
from motherlode.ppx.format.messages import Observe, Sample
from motherlode.ppx.format.reader import read
from motherlode.tracing import intern

__all__ = ["Known", "Recall", "law_of"]

MAX_KNOWN = 20_000
MAX_LAYOUTS = 8
Law = tuple[float | Array, ...]
"""Parameters of a draw, floats or arrays."""


class Known(NamedTuple):
    """Keep what a Sample asks for, its parameters' values excepted: interned address, family, the message."""

    site: int
    family: Family
    message: Sample


class _Layout(NamedTuple):
    """Say where in a frame the parameters are: scalars to unpack, and the slices around them."""

    scalars: tuple[int, ...]
    around: tuple[slice, ...]


def law_of(message: Sample | Observe) -> Law:
    """Return the parameters of a draw as floats, or as arrays where they are; PPX writes a scalar as [] or [1]."""
    if FAMILIES[message.family].vector:
        probs = message.parameters[0]
        return (probs if probs.ndim else probs.reshape(1),)
    return tuple(float(p.reshape(-1)[0]) if p.size == 1 else p for p in message.parameters)


class Recall:
    """Remember the requests of one program.

    Attributes
    ----------
    names
        Names (else addresses) of all requests met, in order.
    """

    def __init__(self) -> None:
        self._layouts: dict[int, list[_Layout]] = {}
        self._known: dict[bytes, Known] = {}
        self.names: dict[str, None] = {}
        self._unpack = struct.Struct("<d").unpack_from

    def recall(self, frame: bytes) -> tuple[Known, Law] | None:
        """Return the request in a frame and its parameters, or None if it has to be decoded."""
        for layout in self._layouts.get(len(frame), ()):
            known = self._known.get(b"".join([frame[part] for part in layout.around]))
            if known is not None:
                unpack = self._unpack
                return known, tuple([unpack(frame, offset)[0] for offset in layout.scalars])
        return None

    def learn(self, frame: bytes, message: Sample) -> Known:
        """Remember a decoded request, if all its parameters are scalars."""
        known = Known(intern(message.address), FAMILIES[message.family], message)
        self.names[message.name or message.address] = None
        layouts = self._layouts.setdefault(len(frame), [])
        if known.family.vector or any(p.size != 1 for p in message.parameters):
            return known
        layout = _layout(frame, known.family)
        if not _independent(frame, layout, message):
            return known
        if layout not in layouts and len(layouts) < MAX_LAYOUTS:
            layouts.append(layout)
        if len(self._known) < MAX_KNOWN:
            self._known[b"".join([frame[part] for part in layout.around])] = known
        return known


def _layout(frame: bytes, family: Family) -> _Layout:
    base = np.frombuffer(frame, np.uint8).ctypes.data
    law = read(frame)["body"]["distribution"]
    scalars = tuple(int(law[name]["data"].ctypes.data) - base for name in family.parameters)
    edges = [0, *(edge for offset in sorted(scalars) for edge in (offset, offset + 8)), len(frame)]
    return _Layout(scalars, tuple(slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)))


def _independent(frame: bytes, layout: _Layout, message: Sample) -> bool:
    """Return whether other numbers at the parameters' places change the parameters and nothing else."""
    other = bytearray(frame)
    values = [0.1 + place for place in range(len(layout.scalars))]
    for offset, value in zip(layout.scalars, values, strict=True):
        other[offset : offset + 8] = struct.pack("<d", value)
    try:
        changed = decode(bytes(other))
    except ProtocolError:
        return False
    same = [getattr(changed, name, None) == getattr(message, name) for name in ("address", "name", "family", "control")]
    return isinstance(changed, Sample) and all(same) and list(law_of(changed)) == values
