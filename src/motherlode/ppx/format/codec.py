"""Turn messages into frames and frames into messages; the one place where bytes from a peer are believed.

A decoded message owns its arrays (one copy out of the frame), its sizes agree with each other, its strings are
bounded. Anything else is a :class:`~motherlode.ppx.errors.ProtocolError`.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array
from motherlode.families import FAMILIES
from motherlode.ppx.errors import ProtocolError, UnknownFamily
from motherlode.ppx.format import messages
from motherlode.ppx.format.blocks import check_answer, gold_block, gold_run, reject, vector
from motherlode.ppx.format.reader import Frame, read
from motherlode.ppx.format.schema import TABLES, UNIONS, ErrorCode, Fields, Tier
from motherlode.ppx.format.writer import write

__all__ = ["decode", "encode", "sample_result"]

KINDS = {getattr(messages, name): name for name in UNIONS["MessageBody"]}


def encode(message: messages.Body) -> bytes:
    """Return the frame of a message."""
    kind = KINDS[type(message)]
    return write({"body_type": kind, "body": _fields(message, kind)})


def _fields(message: messages.Table, table: str) -> Fields:
    """Return a dataclass that mirrors `table` as the nested dictionary that the writer takes."""
    fields: Fields = {}
    for field, kind in TABLES[table].items():
        if kind in UNIONS and isinstance(message, messages.Sample | messages.Observe):
            fields[f"{field}_type"] = message.family
            fields[field] = _distribution(message.family, message.parameters)
            continue
        value = getattr(message, field)
        if value is not None and kind == "Tensor":
            value = _tensor_fields(value)
        elif value is not None and kind in TABLES:
            value = _fields(value, kind)
        elif value is not None and kind.strip("[]") in TABLES:
            value = [_fields(item, kind.strip("[]")) for item in value]
        fields[field] = value
    return fields


def _tensor_fields(value: ArrayLike) -> Fields:
    array = np.asarray(value, np.float64)
    return {"data": array, "shape": array.shape}


def _distribution(family: str, parameters: tuple[ArrayLike, ...]) -> Fields:
    return dict(zip(FAMILIES[family].parameters, map(_tensor_fields, parameters), strict=True))


def _template() -> tuple[bytes, bytes]:
    mark = struct.pack("<d", 0.12345678901234567)
    head, tail = encode(messages.SampleResult(np.array(0.12345678901234567))).split(mark)
    return head, tail


_PACK = struct.Struct("<d").pack
_HEAD, _TAIL = _template()


def sample_result(value: float) -> bytes:
    """Return the frame of a scalar ``SampleResult``, patched into a ready frame (0.4 µs instead of 40)."""
    return _HEAD + _PACK(value) + _TAIL


def decode(frame: Frame, asked: messages.GoldRun | None = None) -> messages.Body:
    """Return the message in a frame.

    Parameters
    ----------
    frame
        The bytes as received.
    asked
        The request that a block must answer, where one is out.

    Raises
    ------
    ProtocolError
        Where the frame is no sound FlatBuffer or its parts do not agree with each other or with `asked`.
    """
    try:
        message = read(frame)
        kind = message["body_type"]
        reject(message["body"] is None, f"the message is of kind {kind}, which is not known, or has no body")
        body: messages.Body = _DECODERS[kind](message["body"])
        if asked is not None and isinstance(body, messages.RunResult):
            body = _answer(body, asked)
    except (struct.error, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise ProtocolError(f"a message of {len(frame)} bytes cannot be read ({error})") from error
    return body


def _answer(result: messages.RunResult, asked: messages.GoldRun) -> messages.RunResult:
    if result.block is None:
        raise ValueError("block is missing in the answer to a gold run")
    check_answer(result.block, asked)
    if len(result.block.x):
        return result
    ratio, score = np.empty((0, asked.alternatives.shape[1])), np.empty_like(asked.theta[:0])
    return replace(result, block=replace(result.block, joint_log_ratio=ratio, joint_score=score))


def _text(fields: Fields, field: str) -> str:
    reject(not fields[field], f"{field} is missing or empty")
    return str(fields[field])


def _tensor(fields: Fields | None, field: str) -> Array:
    """Return a tensor as an array; one number without a shape is a scalar, several are a vector."""
    if fields is None:
        raise ValueError(f"{field} is missing")
    data = vector(fields["data"])
    if fields["shape"] is None:
        return data.reshape(() if len(data) == 1 else len(data))
    shape = tuple(int(size) for size in fields["shape"])
    wrong = len(shape) > 16 or min(shape, default=0) < 0 or math.prod(shape) != len(data)
    reject(wrong, f"{field} has shape {shape} and {len(data)} numbers")
    return data.reshape(shape)


def _optional(fields: Fields, field: str) -> Array | None:
    """Return a tensor, or None where it is absent or empty, which is how stock peers write "no value"."""
    value = fields[field]
    return None if value is None or value["data"] is None or not len(value["data"]) else _tensor(value, field)


def _law(fields: Fields) -> tuple[str, tuple[Array, ...]]:
    """Return family and parameters of a Sample or an Observe."""
    family, address = fields["distribution_type"], _text(fields, "address")
    if isinstance(family, int):
        reject(family == 0, f"distribution of the draw at {address} is missing")
        raise UnknownFamily(family, address, len(UNIONS["Distribution"]))
    values = fields["distribution"]
    return family, tuple(_tensor(values[name], f"{family}.{name}") for name in FAMILIES[family].parameters)


def _simulator(fields: Fields) -> messages.Described:
    names = fields["parameter_names"] or ()
    reject(len(set(names)) != len(names), f"parameter_names {names} are not distinct")
    low, high = vector(fields["parameter_low"]), vector(fields["parameter_high"])
    reject({len(low), len(high)} not in ({0}, {len(names)}), "parameter_low or parameter_high has the wrong length")
    reject(not bool((low <= high).all()), "parameter_low exceeds parameter_high")
    reject(fields["max_events"] == 0, "max_events is missing")
    return messages.Described(
        fields["extensions"] or (),
        fields["version"] or "",
        names,
        low if len(low) else None,
        high if len(high) else None,
        Tier(fields["tier"]),
        fields["max_events"],
        fields["max_message_size"],
    )


def _handshake_result(fields: Fields) -> messages.HandshakeResult:
    simulator = fields["simulator"]
    described = None if simulator is None else _simulator(simulator)
    return messages.HandshakeResult(fields["system_name"] or "", fields["model_name"] or "", described)


def _run_result(fields: Fields) -> messages.RunResult:
    block = fields["block"]
    return messages.RunResult(_optional(fields, "result"), None if block is None else gold_block(block))


def _sample(fields: Fields) -> messages.Sample:
    return messages.Sample(fields["address"], fields["name"] or "", *_law(fields), fields["control"])


def _observe(fields: Fields) -> messages.Observe:
    return messages.Observe(fields["address"], fields["name"] or "", *_law(fields), _optional(fields, "value"))


def _tag(fields: Fields) -> messages.Tag:
    return messages.Tag(fields["address"] or "", fields["name"] or "", _optional(fields, "value"))


def _error(fields: Fields) -> messages.Error:
    code = fields["code"]
    vectors = {
        name: vector(fields[name]) for name in ("theta", "probe", "expected", "found") if fields[name] is not None
    }
    known = ErrorCode(code) if code in ErrorCode.__members__.values() else code
    return messages.Error(known, fields["text"] or "", fields["event"], fields["address"], **vectors)


_DECODERS: dict[str, Callable[[Fields], messages.Body]] = {
    "Handshake": lambda fields: messages.Handshake(fields["system_name"] or "", fields["extensions"]),
    "HandshakeResult": _handshake_result,
    "Run": lambda fields: messages.Run(None if fields["gold"] is None else gold_run(fields["gold"])),
    "RunResult": _run_result,
    "Sample": _sample,
    "SampleResult": lambda fields: messages.SampleResult(_tensor(fields["result"], "result")),
    "Observe": _observe,
    "ObserveResult": lambda fields: messages.ObserveResult(),
    "Tag": _tag,
    "TagResult": lambda fields: messages.TagResult(),
    "Reset": lambda fields: messages.Reset(),
    "Error": _error,
}
