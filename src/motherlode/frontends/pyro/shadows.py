"""Let a tensor carry along what it would have been at other parameters.

A tensor derived from θ has shadows: the same computation in float64 at θ with a gradient, then at each alternative.
:class:`Shadowing` is a torch function mode: while it is entered, every torch call on a shadowed tensor is repeated on
its shadows. Draws have no shadows, so the densities of one run of a model are known at all parameters at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from motherlode.tracing import MotherlodeError

__all__ = ["Shadowing", "TangentLost", "cast_shadows", "drop_shadows", "shadows_of"]

_NAME = "_motherlode_shadows"


class TangentLost(MotherlodeError, RuntimeError):
    """Report a value that left torch while it depended on θ, with another value at an alternative."""

    def __init__(self, operation: str, here: Any, there: Any) -> None:
        self.operation, self.here, self.there = operation, here, there
        super().__init__(
            f"'{operation}' turned a tensor that depends on theta into the Python value {here}, which is {there} at an "
            "alternative. "
            "What follows (an `if`, a float, a NumPy array) is known at theta only, so the joint ratio is not. "
            "Stay in torch (torch.where instead of `if`), or use motherlode.wrap(model), which runs the model again."
        )


def shadows_of(value: Any) -> list[Tensor] | None:
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

    Parameters
    ----------
    count
        Number of shadows, 1+K.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run `func`, and again at each shadow if an argument has any."""
        named = kwargs or {}
        if not _is_shadowed((args, named)):
            return func(*args, **named)
        if _is_in_place(func):
            self._shade(args[0])
        result = func(*args, **named)
        leaves = _leaves_torch(func, result)
        with torch.set_grad_enabled(not leaves):
            others = [func(*_at(args, k, leaves), **_at(named, k, leaves)) for k in range(self._count)]
        if leaves:
            _insist(func.__name__, result, others)
            return result
        return _attach(result, others)

    def _shade(self, value: Tensor) -> None:
        existing = shadows_of(value) or [value] * self._count
        cast_shadows(value, [shadow.clone() for shadow in existing])


def _is_shadowed(value: Any) -> bool:
    if isinstance(value, Tensor):
        return hasattr(value, _NAME)
    if isinstance(value, dict):
        return any(_is_shadowed(part) for part in value.values())
    return isinstance(value, (tuple, list)) and any(_is_shadowed(part) for part in value)


def _at(value: Any, index: int, detached: bool) -> Any:
    if isinstance(value, Tensor):
        shadows = shadows_of(value)
        chosen = value if shadows is None else shadows[index]
        return chosen.detach() if detached else chosen
    if isinstance(value, dict):
        return {name: _at(part, index, detached) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_at(part, index, detached) for part in value)
    return value


def _is_in_place(func: Callable[..., Any]) -> bool:
    name = func.__name__
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__")) or name.startswith("__i")


def _leaves_torch(func: Callable[..., Any], result: Any) -> bool:
    plain = isinstance(result, (bool, int, float, np.ndarray)) and func.__name__ != "__get__"
    return plain or func.__name__ == "tolist"


def _attach(result: Any, others: list[Any]) -> Any:
    if isinstance(result, Tensor):
        return cast_shadows(result, others)
    if isinstance(result, (tuple, list)):
        for position, part in enumerate(result):
            _attach(part, [other[position] for other in others])
    return result


def _insist(name: str, result: Any, others: list[Any]) -> None:
    for other in others:
        if not np.array_equal(others[0], other, equal_nan=True):
            raise TangentLost(name, result, other)
