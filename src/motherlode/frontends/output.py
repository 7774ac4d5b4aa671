"""Refuse what a simulator returns where it is no array of numbers, by the kind of thing it is."""

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Set
from typing import TypeAlias

import numpy as np

from motherlode.core.types import UserValue
from motherlode.frontends.errors import OutputRefused

__all__ = ["checked_output"]

Reason: TypeAlias = tuple[str, str]
"""What was returned, and what to do instead."""

_NUMBERS = frozenset((float, int, bool, np.float64, np.int64, np.bool_))
_KINDS = "fiub"


def checked_output(value: UserValue) -> UserValue:
    """Return what a simulator returned, unchanged.

    Raises
    ------
    OutputRefused
        For what cannot become one array of real numbers without losing something: None, a mapping, text, complex
        numbers, a masked array, a ragged sequence, an iterator, a set, a function, a date, an object.
    """
    if _is_plain(value):
        return value
    reason = _reason(value)
    if reason is not None:
        raise OutputRefused(*reason)
    return value


def _is_plain(value: UserValue) -> bool:
    kind = type(value)
    if kind is list or kind is tuple:
        return _NUMBERS.issuperset(map(type, value))
    return kind in _NUMBERS or (kind is np.ndarray and value.dtype.kind in _KINDS)


def _reason(value: UserValue) -> Reason | None:
    if "complex" in str(getattr(value, "dtype", "")):
        return _COMPLEX
    if isinstance(value, np.ndarray | np.generic):
        return _array(value)
    if isinstance(value, list | tuple):
        return _sequence(value)
    return _of_no_use(value) or _unconverted(value)


def _array(value: UserValue) -> Reason | None:
    """Judge an array or a scalar of NumPy."""
    if isinstance(value, np.ma.MaskedArray):
        return (
            "a masked array, whose mask would be dropped, so that what it hides would enter x",
            "Return x.filled(np.nan) (NaN is kept and counted), or summaries of what is not masked.",
        )
    if value.dtype.names:
        names = ", ".join(value.dtype.names)
        return (
            f"a structured array with the fields {names}",
            "Return an array of its columns: numpy.lib.recfunctions.structured_to_unstructured(x).",
        )
    if value.dtype.kind in "SU":
        return _text(value)
    if value.dtype.kind in "mM":
        return _DATE
    return _sequence(value.ravel().tolist()) if value.dtype.hasobject else None


_COMPLEX = (
    "complex numbers, whose imaginary part would be dropped",
    "Return real numbers: [x.real, x.imag], or [abs(x), numpy.angle(x)].",
)
_DATE = ("a date or a time span", "Return a number with a unit that you choose, such as seconds since the start.")


def _text(value: UserValue) -> Reason:
    return f"text, such as {str(value)[:20]!r}", "Return numbers: a category as its index, a figure as float(text)."


def _sequence(parts: list[UserValue] | tuple[UserValue, ...]) -> Reason | None:
    """Judge the parts, and then whether they have one shape."""
    for place, part in enumerate(parts):
        found = None if _is_plain(part) else _reason(part)
        if found is not None:
            return f"{found[0]} (at place {place} of a sequence)" if "at place" not in found[0] else found[0], found[1]
    shapes = {np.shape(part) for part in parts}
    if len(shapes) < 2:
        return None
    one, other = sorted(shapes)[:2]
    return (
        f"a ragged sequence: one part has shape {one}, another {other}",
        "Return a fixed number of summaries, pad the parts to one length (NaN is kept and counted), or join parts "
        "whose lengths are fixed: numpy.concatenate, or a star as in [*a, b].",
    )


def _of_no_use(value: UserValue) -> Reason | None:
    """Judge what holds no numbers, or none in an order."""
    if value is None:
        return "None", "A `return` is missing, in the function or in the branch that ran: end it with `return x`."
    if isinstance(value, Mapping):
        names = ", ".join(map(str, list(value)[:3])) or "none"
        return (
            f"a {type(value).__name__} with the keys {names}",
            "Return an array of its values in a fixed order: `return [x[key] for key in KEYS]`.",
        )
    if isinstance(value, str | bytes | bytearray):
        return _text(value)
    if isinstance(value, complex):
        return _COMPLEX
    if isinstance(value, Set):
        return f"a {type(value).__name__}, which has no order", "Return a list in a fixed order, such as sorted(x)."
    if isinstance(value, Iterator):
        return f"an iterator ({type(value).__name__}), which was not run", "Return list(x)."
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return _DATE
    return None


def _unconverted(value: UserValue) -> Reason | None:
    """Judge objects by what they offer to become numbers."""
    name = type(value).__name__
    if dataclasses.is_dataclass(value) and not hasattr(value, "__array__"):
        return f"an object of the dataclass {name}", "Return its numbers: dataclasses.astuple(x)."
    if getattr(value, "requires_grad", False):
        return "a torch tensor that requires a gradient", "Return x.detach().numpy()."
    if hasattr(value, "toarray"):
        return f"a sparse matrix ({name})", "Return x.toarray(), or summaries of it."
    if any(hasattr(value, way) for way in ("__float__", "__index__", "__array__", "__getitem__")):
        return None
    if callable(value):
        called = getattr(value, "__name__", name)
        return f"the function {called} itself", f"Call it: `return {called}()`."
    return f"an object of class {name}", "Return its numbers as a list or an array."
