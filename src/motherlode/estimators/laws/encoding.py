"""Write distributions of torch, Pyro and zuko as plain data, and read them back without executing anything.

A distribution or transform is its class and its constructor's arguments; a network is its class, its attributes and its
weights. Only classes of these packages are written and read.
"""

import base64
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from inspect import Parameter, ismethod, signature

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Transform

import motherlode
from motherlode.core.types import JSON, Foreign
from motherlode.laws import LawError
from motherlode.laws.factor import encoded

__all__ = ["decode", "encode"]

_LISTED = 64
_ALIASES = {"base_distribution": "base_dist", "tseq": "transforms", "ndims": "reinterpreted_batch_ndims"}
_SKIPPED = ("self", "validate_args", "cache_size", "args", "kwargs")
_EITHER = (("probs", "logits"), ("scale_tril", "covariance_matrix", "precision_matrix"))
_DIGITS = 15
_OF_MODULES = frozenset(vars(nn.Module()))
_CACHES = ("_inv", "_cached", "_cache_log")


def encode(value: Foreign, owner: nn.Module | None = None) -> JSON:
    """Return a value as plain data.

    Parameters
    ----------
    value
        A distribution, a transform, a network, or what their constructors take.
    owner
        The network whose attribute the value is.

    Raises
    ------
    LawError
        If it is none of these.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        return _encode_tensor(value.detach().cpu())
    if isinstance(value, nn.Module):
        return _encode_module(value)
    if isinstance(value, Distribution | Transform):
        return encoded(_path(type(value)), {name: encode(part) for name, part in _arguments(value).items()})
    if isinstance(value, list):
        return [encode(part, owner) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(part, owner) for part in value]}
    return _encode_code(value, owner)


def _encode_code(value: Foreign, owner: nn.Module | None) -> JSON:
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if isinstance(value, partial):
        given: JSON = {name: encode(part) for name, part in value.keywords.items()}
        return {"partial": encode(value.func), "arguments": [encode(part) for part in value.args], "keywords": given}
    if ismethod(value):
        return {"method": value.__name__, "of": None if value.__self__ is owner else encode(value.__self__)}
    if isinstance(value, type) and issubclass(value, Distribution | Transform):
        return {"class": _path(value)}
    raise LawError(
        f"{value!r}, a {type(value).__name__}, is part of a law and cannot be written as plain data. A manifest could "
        "not say what was drawn. Build the law of distributions, transforms and networks of torch, Pyro or zuko, "
        "without functions of your own."
    )


def decode(data: JSON, owner: nn.Module | None = None) -> Foreign:
    """Return the value that :func:`encode` wrote.

    Raises
    ------
    LawError
        If the data were not written by it.
    """
    if isinstance(data, list):
        return [decode(part, owner) for part in data]
    if not isinstance(data, dict):
        return data
    kinds: dict[str, Callable[[dict[str, JSON], nn.Module | None], Foreign]] = {
        "law": _decode_law,
        "module": _decode_module,
        "tensor": _decode_tensor,
        "tuple": lambda data, owner: tuple(decode(data["tuple"], owner)),
        "slice": lambda data, owner: slice(*decode(data["slice"])),
        "partial": lambda data, owner: partial(
            decode(data["partial"]),
            *decode(data["arguments"]),
            **{name: decode(part) for name, part in _mapping(data["keywords"]).items()},
        ),
        "method": lambda data, owner: getattr(owner if data["of"] is None else decode(data["of"]), str(data["method"])),
        "class": lambda data, owner: _class(data["class"], Distribution, Transform),
    }
    kind = next((kind for kind in kinds if kind in data), None)
    if kind is None:
        raise LawError(f"{sorted(data)} describe no part of a law. The manifest was edited, or is of another version.")
    return kinds[kind](data, owner)


def _decode_law(data: dict[str, JSON], owner: nn.Module | None) -> Foreign:
    kind, arguments = _class(data["law"], Distribution, Transform), _mapping(data["arguments"])
    listed = decode(arguments.get("transforms")) if _takes_many(kind) else []
    named = {} if _takes_many(kind) else {name: decode(part) for name, part in arguments.items()}
    return kind(*listed, **named)


def _arguments(value: Foreign) -> dict[str, Foreign]:
    """Return what the constructor of a distribution or transform was given, read off its attributes.

    Probabilities are normalized anew by each constructor; rounded ones stay the same to the last bit.
    """
    if _takes_many(type(value)):
        return {"transforms": list(value.transforms)}
    wanted = [name for name in signature(type(value)).parameters if name not in _SKIPPED]
    for kept, *others in _EITHER:
        wanted = [name for name in wanted if kept not in wanted or name not in others]
    found = {name: _attribute(value, name) for name in wanted}
    if "probs" in found and found["probs"].dtype == torch.float64:
        found["probs"] = found["probs"].round(decimals=_DIGITS)
    return found


def _attribute(value: Foreign, name: str) -> Foreign:
    for attribute in (name, f"_{name}", _ALIASES.get(name, name)):
        for holder in (value, getattr(value, "base_dist", value)):
            if hasattr(holder, attribute):
                return getattr(holder, attribute)
    if name == "transform":
        return value.inv
    raise LawError(
        f"The argument {name} of {type(value).__name__} cannot be read off it. A manifest could not say what was "
        "drawn. Use a distribution of torch or Pyro that keeps its arguments as attributes of their names."
    )


def _takes_many(kind: type) -> bool:
    return any(each.kind is Parameter.VAR_POSITIONAL for each in signature(kind).parameters.values())


def _encode_module(module: nn.Module) -> JSON:
    own = {name: part for name, part in vars(module).items() if name not in _OF_MODULES}
    own |= {name: (None, None) if name == "_cached_x_y" else None for name in own if name.startswith(_CACHES)}
    return {
        "module": _path(type(module)),
        "attributes": {name: encode(part, module) for name, part in own.items()},
        "weights": {name: encode(part) for name, part in module._parameters.items()},
        "buffers": {name: encode(part) for name, part in module._buffers.items()},
        "modules": {name: encode(part) for name, part in module._modules.items()},
    }


def _decode_module(data: dict[str, JSON], owner: nn.Module | None) -> nn.Module:
    kind = _class(data["module"], nn.Module)
    module: nn.Module = kind.__new__(kind)
    nn.Module.__init__(module)
    for name, part in _mapping(data["weights"]).items():
        weight = decode(part)
        module.register_parameter(name, None if weight is None else nn.Parameter(weight, requires_grad=False))
    for name, part in _mapping(data["buffers"]).items():
        module.register_buffer(name, decode(part))
    for name, part in _mapping(data["modules"]).items():
        module.add_module(name, decode(part))
    for name, part in _mapping(data["attributes"]).items():
        setattr(module, name, decode(part, module))
    return module.eval()


def _encode_tensor(tensor: Tensor) -> JSON:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if tensor.numel() <= _LISTED and bool(torch.isfinite(tensor).all()):
        return {"tensor": tensor.tolist(), "dtype": dtype}
    data = base64.b64encode(np.ascontiguousarray(tensor.numpy()).tobytes()).decode()
    return {"tensor": data, "dtype": dtype, "shape": list(tensor.shape)}


def _decode_tensor(data: dict[str, JSON], owner: nn.Module | None) -> Tensor:
    dtype = getattr(torch, str(data["dtype"]))
    if isinstance(data["tensor"], str):
        raw = np.frombuffer(base64.b64decode(data["tensor"]), dtype=str(data["dtype"])).copy()
        return torch.from_numpy(raw).reshape(decode(data["shape"]))
    return torch.tensor(data["tensor"], dtype=dtype)


def _path(kind: type) -> str:
    path = f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.partition(".")[0] not in motherlode.ADAPTERS or "<" in path:
        raise LawError(
            f"{path} is not of {', '.join(motherlode.ADAPTERS)}, so its name does not tell its density. A manifest "
            "could not say what was drawn. Write the law with distributions, mixtures and transforms of these packages."
        )
    return path


def _class(path: JSON, *bases: type) -> Foreign:
    module, _, name = str(path).rpartition(".")
    kind = getattr(import_module(module), name, None) if module.partition(".")[0] in motherlode.ADAPTERS else None
    if not isinstance(kind, type) or not issubclass(kind, bases):
        raise LawError(
            f"{path} is no distribution, transform or network of {', '.join(motherlode.ADAPTERS)}. It was not read."
        )
    return kind


def _mapping(data: JSON) -> Mapping[str, JSON]:
    if not isinstance(data, dict):
        raise LawError(f"{data!r} describes no part of a law: a mapping is needed.")
    return data
