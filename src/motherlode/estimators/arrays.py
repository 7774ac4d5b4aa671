"""Let tensor methods take arrays: NumPy in, NumPy float64 out without gradient; tensors in, tensors out."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

__all__ = ["accepts_arrays", "broadcast_shapes", "to_tensor"]

Method = TypeVar("Method", bound=Callable[..., Any])


def to_tensor(value: Any, device: torch.device | str | None = None) -> Any:
    """Return a float64 tensor of an array, number, nested sequence or tensor of integers; others and None pass."""
    if value is None:
        return value
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else value.double()
    return torch.as_tensor(np.require(value, np.float64, "W"), device=device)


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that all shapes broadcast to."""
    return np.broadcast_shapes(*map(tuple, shapes))


def accepts_arrays(method: Method) -> Method:
    """Decorate a method of tensors ``method(self, *tensors)`` so that it takes arrays too.

    Where no argument is a tensor the result is a NumPy array of float64, computed without gradient.
    """

    @wraps(method)
    def wrapper(self: Any, *values: Any, **named: Any) -> Any:
        if not named and all(isinstance(value, Tensor) and value.is_floating_point() for value in values):
            return method(self, *values)
        if any(isinstance(value, Tensor) for value in (*values, *named.values())):
            return method(self, *map(to_tensor, values), **{name: to_tensor(value) for name, value in named.items()})
        device = self.device
        tensors = [to_tensor(value, device) for value in values]
        with torch.no_grad():
            result = method(self, *tensors, **{name: to_tensor(value, device) for name, value in named.items()})
        return result.cpu().numpy().astype(np.float64)

    return cast(Method, wrapper)
