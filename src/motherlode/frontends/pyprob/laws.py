"""Translate distributions between pyprob and the table of families."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pyprob import distributions

from motherlode.frontends.pyprob.errors import NoDraw
from motherlode.frontends.torch_names import TORCH_NAMES

__all__ = ["law_of", "pyprob_law"]

Array = NDArray[np.float64]

_ORDERED: dict[str, Callable[..., Any]] = {name: getattr(distributions, name) for name in TORCH_NAMES}


def law_of(distribution: Any) -> tuple[str, tuple[Any, ...]]:
    """Return the family's name and its parameters, floats or arrays.

    Raises
    ------
    NoDraw
        If it is no family of ours.
    """
    names = TORCH_NAMES.get(distribution.name)
    if names is None or distribution._torch_dist is None:
        raise NoDraw(f"a draw from {distribution.name}", f"only {', '.join(TORCH_NAMES)} have a density here")
    return distribution.name, tuple(_plain(getattr(distribution._torch_dist, name)) for name in names)


def pyprob_law(family: str, parameters: tuple[Any, ...]) -> Any:
    """Return pyprob's distribution for a family of ours.

    Raises
    ------
    NoDraw
        If pyprob has none.
    """
    if family not in _ORDERED:
        raise NoDraw(f"a draw from {family}", f"pyprob has only {', '.join(_ORDERED)}")
    return _ORDERED[family](*[torch.as_tensor(np.asarray(parameter, dtype=np.float64)) for parameter in parameters])


def _plain(value: Any) -> Any:
    array = np.asarray(torch.as_tensor(value, dtype=torch.float64).detach().numpy())
    return float(array) if array.ndim == 0 else array
