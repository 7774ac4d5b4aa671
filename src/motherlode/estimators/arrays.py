"""Let functions of tensors take arrays, and differentiate a function row by row."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, overload

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core.types import Array

__all__ = ["ArrayOrTensor", "Placed", "broadcast_shapes", "gradient_at", "on_tensors", "to_tensor"]

ArrayOrTensor = TypeVar("ArrayOrTensor", Tensor, Array)
"""Numbers as NumPy's array of float64 or as torch's tensor; what comes in as one goes out as the same."""


@overload
def to_tensor(value: None, device: torch.device | str | None = None) -> None: ...


@overload
def to_tensor(value: ArrayLike | Tensor, device: torch.device | str | None = None) -> Tensor: ...


def to_tensor(value: ArrayLike | Tensor | None, device: torch.device | str | None = None) -> Tensor | None:
    """Return a float64 tensor of an array, number, nested sequence or tensor of integers; others and None pass."""
    if value is None:
        return None
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else value.double()
    return torch.as_tensor(np.require(value, np.float64, "W"), device=device)


def broadcast_shapes(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Return the shape that all shapes broadcast to."""
    return np.broadcast_shapes(*map(tuple, shapes))


class Placed(Protocol):
    """What has its weights on a device."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""


@overload
def on_tensors(owner: Placed, function: Callable[..., Tensor], first: Tensor, *others: Tensor | None) -> Tensor: ...


@overload
def on_tensors(owner: Placed, function: Callable[..., Tensor], first: Array, *others: Array | None) -> Array: ...


def on_tensors(
    owner: Placed, function: Callable[..., Tensor], first: Tensor | Array, *others: Tensor | Array | None
) -> Tensor | Array:
    """Return ``function(first, *others)`` of tensors, made of what is none yet.

    Where no value is a tensor the result is a NumPy array of float64, computed without gradient.

    Parameters
    ----------
    owner
        Says where to put arrays.
    function
        Takes tensors, or None where a value is None.
    first, others
        Arrays or tensors; others may be None.
    """
    values = (first, *others)
    if all(value is None or (isinstance(value, Tensor) and value.is_floating_point()) for value in values):
        return function(*values)
    if any(isinstance(value, Tensor) for value in values):
        return function(*(to_tensor(value) for value in values))
    device = owner.device
    with torch.no_grad():
        result = function(*(to_tensor(value, device) for value in values))
    return np.asarray(result.cpu().numpy(), dtype=np.float64)


def gradient_at(function: Callable[[Tensor], Tensor], theta: Tensor, batch: Sequence[int]) -> Tensor:
    """Return ∇θ of ``function`` by autograd, shape ``(*batch, D)``, itself without gradient.

    Parameters
    ----------
    function
        Maps parameters ``(*batch, D)`` to values ``(*batch,)``, row by row.
    theta
        Parameters with shape ``(*B, D)``.
    batch
        Shape that ``(*B,)`` is expanded to.
    """
    with torch.enable_grad():
        leaf = theta.detach().expand(*batch, -1).clone().requires_grad_()
        return torch.autograd.grad(function(leaf).sum(), leaf)[0]
