"""Say what a probability family is: a name, its parameters, a density and a sampler."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

__all__ = ["Family"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Describe a probability family as the wire and every front end know it.

    Attributes
    ----------
    name
        Name on the wire and in every trace, such as ``"Normal"``.
    number
        Its place in the wire's ``Distribution`` union.
    parameters
        Parameter names in the wire's order.
    domain
        For each parameter the values it may take, in words for an error message.
    log_density
        ``log_density(value, *parameters)``: float64, broadcast; ``-inf`` outside the support.
    valid
        ``valid(*parameters)``: boolean, broadcast; whether the parameters lie in their domain.
    draw
        ``draw(generator, size, *parameters)``: values from the law as NumPy returns them.
    discrete
        Whether values are integers.
    moving
        The parameters that move the support. Where one of them depends on θ the joint score does not exist.
    vector
        Whether the one parameter is a vector over the last axis (``Categorical``).
    """

    name: str
    number: int
    parameters: tuple[str, ...]
    domain: tuple[str, ...]
    log_density: Callable[..., Array]
    valid: Callable[..., NDArray[np.bool_]]
    draw: Callable[..., Any]
    discrete: bool = False
    moving: tuple[str, ...] = ()
    vector: bool = False

    def log_prob(self, value: ArrayLike, *parameters: ArrayLike) -> Array:
        """Return log p(value | parameters) in nats.

        Parameters
        ----------
        value
            Values with shape (*B).
        *parameters
            Parameters, each broadcastable with (*B); of a vector family (*B, C).

        Returns
        -------
        Array
            float64 with shape (*B): ``-inf`` outside the support, NaN where a parameter is outside its domain.
        """
        arrays = [np.asarray(parameter, dtype=np.float64) for parameter in parameters]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
            density = self.log_density(np.asarray(value, dtype=np.float64), *arrays)
            valid = self.valid(*arrays)
            return np.asarray(density) if valid.all() else np.where(valid, density, np.nan)

    def sample(self, generator: Generator, *parameters: ArrayLike, size: int | tuple[int, ...] | None = None) -> Any:
        """Draw from the family on a NumPy stream.

        Parameters
        ----------
        generator
            The stream that is consumed.
        *parameters
            As in :meth:`log_prob`.
        size
            Shape of the result; that of the broadcast parameters when absent.
        """
        return self.draw(generator, size, *parameters)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.parameters)})"

    def __reduce__(self) -> tuple[Callable[[str], "Family"], tuple[str]]:
        return _from_table, (self.name,)


def _from_table(name: str) -> Family:
    from motherlode.families.table import FAMILIES

    return FAMILIES[name]
