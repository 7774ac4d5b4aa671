"""Lay out the tables of ``protocols/ppx.fbs`` as data, field by field in the schema's order.

The distributions are the families of the wire; each is a table of tensors, one for each parameter.

Python has no FlatBuffers verifier, and generated accessors read whatever an offset points at. The layout
here drives one reader that checks every offset (:mod:`motherlode.ppx.format.reader`) and one writer
(:mod:`motherlode.ppx.format.writer`). A test holds it equal to ``ppx.fbs``, and the golden frames, made by ``flatc``,
hold both to the format.
"""

from enum import IntEnum
from typing import Any, TypeAlias

from motherlode.families import WIRE_FAMILIES

__all__ = [
    "DEFAULTS",
    "ENUMS",
    "GOLD",
    "IDENTIFIER",
    "MAX_MESSAGE_SIZE",
    "TABLES",
    "UNIONS",
    "ErrorCode",
    "Fields",
    "Recorded",
    "Tier",
]

IDENTIFIER = b"PPXF"
"""What a frame of the schema may carry behind its root."""

GOLD = "gold/1"
"""The extension by which a side announces that it knows gold runs."""

MAX_MESSAGE_SIZE = 256 << 20
"""Bytes of the largest frame that a side accepts."""

Fields: TypeAlias = dict[str, Any]
"""The fields of a table by name. :mod:`motherlode.ppx.format.codec` checks what a peer has put into them."""


class Tier(IntEnum):
    """How a simulator obtains gold."""

    NONE = 0
    REPLAY = 1
    TANGENT = 2


class Recorded(IntEnum):
    """What a gold run records for each event."""

    SIMULATE = 0
    GOLD = 1
    TRACES = 2


class ErrorCode(IntEnum):
    """Why a request was refused or a run ended."""

    PROTOCOL = 1
    UNSUPPORTED = 2
    BAD_REQUEST = 3
    BUSY = 4
    SIMULATOR_FAILED = 5
    LEAK = 6
    REPLAY_DIVERGED = 7
    HIDDEN_RANDOMNESS = 8
    LIVE_TANGENT = 9


ENUMS: dict[str, str] = {"Tier": "ubyte", "Recorded": "ubyte", "ErrorCode": "ushort"}

UNIONS: dict[str, tuple[str, ...]] = {
    "Distribution": tuple(family.name for family in WIRE_FAMILIES),
    "MessageBody": (
        "Handshake",
        "HandshakeResult",
        "Run",
        "RunResult",
        "Sample",
        "SampleResult",
        "Observe",
        "ObserveResult",
        "Tag",
        "TagResult",
        "Reset",
        "Error",
    ),
}

TABLES: dict[str, dict[str, str]] = {
    "Tensor": {"data": "[double]", "shape": "[int]"},
    **{family.name: dict.fromkeys(family.parameters, "Tensor") for family in WIRE_FAMILIES},
    "Simulator": {
        "extensions": "[string]",
        "version": "string",
        "parameter_names": "[string]",
        "parameter_low": "[double]",
        "parameter_high": "[double]",
        "tier": "Tier",
        "max_events": "uint",
        "max_message_size": "ulong",
    },
    "GoldRun": {
        "record": "Recorded",
        "seed": "ulong",
        "first": "ulong",
        "count": "uint",
        "theta": "[double]",
        "alternatives": "[double]",
        "steps": "[double]",
        "probe_low": "[double]",
        "probe_high": "[double]",
        "probe_events": "ulong",
        "probe_every": "ulong",
    },
    "Site": {"address": "string", "name": "string", "family": "string", "observed": "bool"},
    "TraceBlock": {
        "sites": "[Site]",
        "offsets": "[ulong]",
        "site": "[uint]",
        "value": "[double]",
        "parameter_offsets": "[ulong]",
        "parameters": "[double]",
        "log_prob": "[double]",
    },
    "Failure": {"event": "ulong", "text": "string"},
    "GoldBlock": {
        "first": "ulong",
        "count": "uint",
        "x_shape": "[uint]",
        "x": "[double]",
        "joint_log_ratio": "[double]",
        "joint_score": "[double]",
        "draws": "ulong",
        "probed": "uint",
        "score_discrepancy": "double",
        "failures": "[Failure]",
        "traces": "TraceBlock",
        "diverted": "ulong",
    },
    "Error": {
        "code": "ErrorCode",
        "text": "string",
        "event": "ulong",
        "address": "string",
        "theta": "[double]",
        "probe": "[double]",
        "expected": "[double]",
        "found": "[double]",
    },
    "Handshake": {"system_name": "string", "extensions": "[string]"},
    "HandshakeResult": {"system_name": "string", "model_name": "string", "simulator": "Simulator"},
    "Run": {"gold": "GoldRun"},
    "RunResult": {"result": "Tensor", "block": "GoldBlock"},
    "Sample": {"address": "string", "name": "string", "distribution": "Distribution", "control": "bool"},
    "SampleResult": {"result": "Tensor"},
    "Observe": {"address": "string", "name": "string", "distribution": "Distribution", "value": "Tensor"},
    "ObserveResult": {},
    "Tag": {"address": "string", "name": "string", "value": "Tensor"},
    "TagResult": {},
    "Reset": {},
    "Message": {"body": "MessageBody"},
}

DEFAULTS: dict[tuple[str, str], int | bool] = {
    ("GoldRun", "probe_events"): 1000,
    ("GoldRun", "probe_every"): 100,
    ("Error", "code"): 1,
    ("Sample", "control"): True,
}
