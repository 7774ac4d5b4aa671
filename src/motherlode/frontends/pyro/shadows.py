"""Let a tensor carry along what it would have been at other parameters.

A tensor derived from θ has shadows: the same computation in float64 at θ with a gradient, then at each alternative.
:class:`Shadowing` is a torch function mode: while it is entered, every torch call on a shadowed tensor is repeated on
its shadows. Draws have no shadows, so the densities of one run of a model are known at all parameters at once.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from motherlode.core.types import Foreign, ForeignFunction, UserValue
from motherlode.frontends.pyro.errors import StaleView, TangentLost

__all__ = ["Shadowing", "cast_shadows", "drop_shadows", "shadows_of", "tensors_in"]

_NAME = "_motherlode_shadows"


def shadows_of(value: UserValue) -> list[Tensor] | None:
    """Return a tensor's shadows; None where it does not depend on θ."""
    return getattr(value, _NAME, None) if isinstance(value, Tensor) else None


def cast_shadows(value: Tensor, shadows: Sequence[Tensor]) -> Tensor:
    """Attach shadows to a tensor and return it."""
    setattr(value, _NAME, list(shadows))
    return value


def drop_shadows(value: Tensor) -> Tensor:
    """Return the same numbers as a tensor without shadows."""
    with torch._C.DisableTorchFunction():
        return value.detach()


class Shadowing(TorchFunctionMode):
    """Repeat every torch call on the shadows of its arguments.

    What torch does not tell its function modes stays unseen: scripted functions, and other threads.

    Parameters
    ----------
    count
        Number of shadows, 1+K.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count
        self._written: dict[int, list[Tensor]] = {}

    def __torch_function__(
        self,
        func: ForeignFunction,
        types: Sequence[type],
        args: Sequence[Foreign] = (),
        kwargs: dict[str, Foreign] | None = None,
    ) -> Foreign:
        """Run `func`, and again at each shadow if an argument has any."""
        named = kwargs or {}
        if self._written:
            self._refuse_stale(func, args, named)
        if not _is_shadowed((args, named)):
            return func(*args, **named)
        in_place = _is_in_place(func)
        if in_place:
            self._shade(args[0])
        result = func(*args, **named)
        if in_place:
            self._written[_memory(args[0])] = [args[0]]
        elif self._written:
            self._know(result)
        if func in _COPIES and isinstance(args[0], Tensor):
            return cast_shadows(result, _copies(func, args[0]))
        if func is torch.tensor:
            raise TangentLost(
                "torch.tensor", result.tolist(), func(*_at(args, self._count - 1, True), **named).tolist()
            )
        leaves = _leaves_torch(func, result)
        with torch.set_grad_enabled(not leaves):
            others = [func(*_at(args, k, leaves), **_at(named, k, leaves)) for k in range(self._count)]
        if leaves:
            _insist(func.__name__, result, others)
            return result
        return _attach(result, others)

    def _refuse_stale(self, func: ForeignFunction, args: Sequence[Foreign], named: dict[str, Foreign]) -> None:
        """Refuse a tensor whose memory was written to through another one: its shadows missed that."""
        for tensor in tensors_in((args, named)):
            fresh = self._written.get(_memory(tensor))
            if fresh is not None and all(tensor is not other for other in fresh) and not _writes_back(func, args):
                raise StaleView(func.__name__)

    def _know(self, result: Foreign) -> None:
        for tensor in tensors_in(result):
            self._written.get(_memory(tensor), []).append(tensor)

    def _shade(self, value: Tensor) -> None:
        existing = shadows_of(value) or [value] * self._count
        cast_shadows(value, [shadow.clone() for shadow in existing])


_COPIES = (Tensor.detach, Tensor.data.__get__, torch.tensor)  # type: ignore[attr-defined]
"""Functions that give the same numbers without a gradient; the score is to see through them."""


def _copies(func: ForeignFunction, value: Tensor) -> list[Tensor]:
    shadows = shadows_of(value) or []
    return [shadow.clone() for shadow in shadows] if func is torch.tensor else shadows


def _memory(value: Tensor) -> int:
    with torch._C.DisableTorchFunction():
        return value.untyped_storage().data_ptr()


def _writes_back(func: ForeignFunction, args: Sequence[Foreign]) -> bool:
    """Return whether this is the last step of ``a[i] += b``: what is written is the view of that very place."""
    if func.__name__ != "__setitem__" or not isinstance(args[2], Tensor):
        return False
    with torch._C.DisableTorchFunction():
        place = args[0][args[1]]
        return bool(place.data_ptr() == args[2].data_ptr() and place.shape == args[2].shape)


def tensors_in(value: UserValue) -> Iterator[Tensor]:
    """Yield the tensors in a value: itself, or those in its lists, tuples and mappings, however deep."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part)


def _is_shadowed(value: Foreign) -> bool:
    if isinstance(value, Tensor):
        return hasattr(value, _NAME)
    if isinstance(value, dict):
        return any(_is_shadowed(part) for part in value.values())
    return isinstance(value, (tuple, list)) and any(_is_shadowed(part) for part in value)


def _at(value: Foreign, index: int, detached: bool) -> Foreign:
    if isinstance(value, Tensor):
        shadows = shadows_of(value)
        chosen = value if shadows is None else shadows[index]
        return chosen.detach() if detached else chosen
    if isinstance(value, dict):
        return {name: _at(part, index, detached) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_at(part, index, detached) for part in value)
    return value


def _is_in_place(func: ForeignFunction) -> bool:
    name = func.__name__
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")


def _leaves_torch(func: ForeignFunction, result: Foreign) -> bool:
    plain = isinstance(result, (bool, int, float, np.ndarray)) and func.__name__ != "__get__"
    return plain or func.__name__ == "tolist"


def _attach(result: Foreign, others: list[Foreign]) -> Foreign:
    if isinstance(result, Tensor):
        return cast_shadows(result, others)
    if isinstance(result, (tuple, list)):
        for position, part in enumerate(result):
            _attach(part, [other[position] for other in others])
    return result


def _insist(name: str, result: Foreign, others: list[Foreign]) -> None:
    for other in others:
        if not np.array_equal(others[0], other, equal_nan=True):
            raise TangentLost(name, result, other)
