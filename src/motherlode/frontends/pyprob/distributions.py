"""Translate distributions between pyprob and the table of families."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from pyprob import distributions
from torch import Tensor

from motherlode.core import MotherlodeError
from motherlode.core.types import Array
from motherlode.families import FAMILIES, PYRO_FAMILIES

__all__ = ["NoDraw", "family_of", "pyprob_distribution"]

_SHARED = {name: (family, call) for name, (family, call) in PYRO_FAMILIES.items() if family.pyprob}
_ORDERED: dict[str, type[distributions.Distribution]] = {name: getattr(distributions, name) for name in _SHARED}


class NoDraw(MotherlodeError, ValueError):
    """Refuse a statement that stands for no normalized density of a draw.

    Attributes
    ----------
    what, reason
        The statement, and why it is refused.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.what, self.reason = what, reason
        super().__init__(
            f"The model makes {what}: {reason}. "
            "The joint density of x and the draws would be unknown there, and with it gold. "
            "Write it with draws that have one, for example a Categorical choice followed by a Normal."
        )


def family_of(distribution: distributions.Distribution) -> tuple[str, tuple[ArrayLike, ...]]:
    """Return the family's name and its parameters, floats or arrays.

    Raises
    ------
    NoDraw
        If it is no family of ours.
    """
    if distribution.name not in _SHARED or distribution._torch_dist is None:
        raise NoDraw(f"a draw from {distribution.name}", f"only {', '.join(_SHARED)} have a density here")
    family, call = _SHARED[distribution.name]
    given = [_plain(getattr(distribution._torch_dist, name)) for name in call.arguments]
    return family.name, call.parameters_of(*given)


def pyprob_distribution(family: str, parameters: tuple[ArrayLike, ...]) -> distributions.Distribution:
    """Return pyprob's distribution for a family of ours.

    Raises
    ------
    NoDraw
        If pyprob has none.
    """
    call = FAMILIES[family].pyro
    if call is None or call.name not in _ORDERED:
        raise NoDraw(f"a draw from {family}", f"pyprob has only {', '.join(_ORDERED)}")
    arguments = [torch.as_tensor(np.asarray(one, dtype=np.float64)) for one in call.arguments_of(*parameters)]
    return _ORDERED[call.name](*arguments)


def _plain(value: Tensor) -> float | Array:
    array = np.asarray(torch.as_tensor(value, dtype=torch.float64).detach().numpy())
    return float(array) if array.ndim == 0 else array
