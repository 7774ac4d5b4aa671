"""Say what a probability family is: names, parameters, a density, a sampler, and how each library calls it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from motherlode.core.types import Array, Bools, Size
from motherlode.families.calls import Call, Density, Drawn, Sampler, drawn_by_numpy, evaluated_by_scipy
from motherlode.families.domains import Domain

__all__ = ["Family"]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Describe a probability family as the wire and every front end know it.

    Attributes
    ----------
    name
        Name on the wire and in every trace, such as ``"Normal"``; also the name of its C++ struct.
    number
        Its place in the wire's ``Distribution`` union; None if it exists inside a process only.
    domains
        The parameters in the wire's order, and for each of them the values it may take.
    density, sampler
        Functions of our own, where SciPy's density or NumPy's first sampler are not to be used.
    fit
        ``fit(*parameters)``: whether parameters that are each in their domain fit together; None if they always do.
    discrete
        Whether values are whole numbers.
    moving
        The parameters that move the support. Where one of them depends on θ the joint score does not exist.
    vector
        Whether the one parameter is a vector over the last axis (``Categorical``).
    numpy, python
        Methods of ``numpy.random.Generator`` and of ``random.Random`` that draw from the family.
    scipy, pyro
        The distribution of ``scipy.stats``, and that of ``pyro.distributions``, which has all of torch's.
    pyprob
        Whether pyprob has the distribution by the same names as torch.
    parameters, domain
        The keys of `domains`, and its values in words for an error message.
    log_density
        ``log_density(value, *parameters)``: float64, broadcast; ``-inf`` outside the support.
    draw
        ``draw(generator, size, *parameters)``: values from the law as NumPy returns them.

    Raises
    ------
    ValueError
        If the row says neither how to evaluate the density nor how SciPy does, or the same of the sampler.
    """

    name: str
    number: int | None
    domains: Mapping[str, Domain]
    density: Density | None = None
    sampler: Sampler | None = None
    fit: Callable[..., Bools] | None = None
    discrete: bool = False
    moving: tuple[str, ...] = ()
    vector: bool = False
    numpy: tuple[Call, ...] = ()
    python: tuple[Call, ...] = ()
    scipy: Call | None = None
    pyro: Call | None = None
    pyprob: bool = False
    parameters: tuple[str, ...] = field(init=False)
    domain: tuple[str, ...] = field(init=False)
    log_density: Density = field(init=False)
    draw: Sampler = field(init=False)

    def __post_init__(self) -> None:
        derived = {
            "parameters": tuple(self.domains),
            "domain": tuple(domain.words for domain in self.domains.values()),
            "log_density": self.density or self._scipys_density(),
            "draw": self.sampler or self._numpys_sampler(),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def _scipys_density(self) -> Density:
        if self.scipy is None:
            raise ValueError(f"The row of {self.name} has no density. Nothing could be mined. Give density= or scipy=.")
        return evaluated_by_scipy(self.scipy, self.discrete)

    def _numpys_sampler(self) -> Sampler:
        if not self.numpy:
            raise ValueError(f"The row of {self.name} has no sampler. Nothing could be drawn. Give sampler= or numpy=.")
        return drawn_by_numpy(self.numpy[0])

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

    def valid(self, *parameters: Array) -> Bools:
        """Return whether parameters lie in their domains and fit together, broadcast."""
        inside = [
            domain.contains(parameter) for domain, parameter in zip(self.domains.values(), parameters, strict=True)
        ]
        if self.fit is not None:
            inside.append(self.fit(*parameters))
        return reduce(np.logical_and, inside)

    def sample(self, generator: Generator, *parameters: ArrayLike, size: Size = None) -> Drawn:
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
