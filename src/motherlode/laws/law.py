r"""The law of θ: independent factors side by side, each over one parameter or over several that belong together.

.. math:: \log \pi(θ) = \sum_f \log \pi_f(θ_f)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motherlode.core import Parameters, philox_generator
from motherlode.core.streams import Stream
from motherlode.core.types import JSON, Array, LawLike
from motherlode.laws.adapters import TorchDistribution, adapter_for
from motherlode.laws.errors import LawError
from motherlode.laws.factor import Factor
from motherlode.laws.reading import factor_from_json, factor_of, read_bounds, read_text
from motherlode.laws.support import Support, split

__all__ = ["Law"]

_BLOCK = 4096
_DEFAULT = "theta"


@dataclass(frozen=True)
class Law:
    """A law of θ, whatever library wrote it.

    Attributes
    ----------
    names
        Of the D parameters.
    factors
        The independent laws side by side, in the order of the names.

    Raises
    ------
    LawError
        If names repeat or are not as many as the factors have components.

    Examples
    --------
    >>> law = Law.of({"mass": [100, 200], "width": {"log_normal": [0.0, 0.5]}})
    >>> law.names, law.sample(3, seed=1).shape
    (('mass', 'width'), (3, 2))
    >>> Law.from_json(law.to_json()) == law
    True
    """

    names: tuple[str, ...]
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        size = sum(factor.size for factor in self.factors)
        if not self.names or len(self.names) != size or len(set(self.names)) != size:
            raise LawError(
                f"{len(self.names)} names {self.names} were given for a law of {size} parameters. A law needs at least "
                "one parameter, and each has one name of its own. Give one distinct name for each."
            )

    @classmethod
    def of(cls, law: LawLike, names: Sequence[str] | None = None) -> "Law":
        """Return the law that is meant.

        Parameters
        ----------
        law
            A Law; a distribution of torch or Pyro with event shape ``(D,)`` (or batch shape ``(D,)`` or ``()`` of
            numbers, which is read as independent); a frozen distribution of scipy; ``"name=low:high,…"``; the path of a
            YAML file; :class:`motherlode.Parameters` with bounds; or a mapping from names to any of these, to
            ``[low, high]``, to a number that stays fixed, ``{"delta": value}``, or to ``{law: [a, b]}`` with a law of
            :mod:`motherlode.laws.table`. A key of a mapping may be a tuple of names.
        names
            Names of a law that has none of its own. Default: ``theta``, or ``theta_1 …``.

        Raises
        ------
        LawError
            If it cannot be read.
        """
        if isinstance(law, Law):
            return law
        if isinstance(law, str | Path):
            law = read_text(str(law))
        if isinstance(law, Parameters):
            law = read_bounds(law)
        if isinstance(law, Mapping):
            parts = [_part(name, part) for name, part in law.items()]
            return cls(
                tuple(name for given, _ in parts for name in given),
                tuple(factor for _, factors in parts for factor in factors),
            )
        factor = factor_of(law)
        return cls(tuple(names) if names is not None else _spread(_DEFAULT, factor.size), (factor,))

    @property
    def dimension(self) -> int:
        """Number D of parameters."""
        return len(self.names)

    @property
    def factorizes(self) -> bool:
        """Whether all parameters are independent and have quantiles."""
        return all(factor.factorizes for factor in self.factors)

    @property
    def support(self) -> Support:
        """Where the law has density."""
        return Support(self.factors)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Names of the parameters that the law fixes to one value."""
        support = self.support
        return tuple(name for name, a, b in zip(self.names, support.low, support.high, strict=True) if a == b)

    def quantile(self, unit: Array) -> Array:
        """Return the quantiles of each parameter at unit ``(*B, D)`` in [0, 1], with the same shape.

        Raises
        ------
        LawError
            If parameters depend on one another.
        """
        self._need_quantiles("Quantiles")
        parts = zip(self.factors, split(self.factors, unit), strict=True)
        return np.concatenate([factor.quantile(part) for factor, part in parts], axis=-1)

    def sample(self, count: int, seed: int) -> Array:
        """Return draws with shape ``(count, D)``: the same as the first ones of :meth:`draw`."""
        return self.draw(seed, 0, count)[:, 0]

    def draw(self, seed: int, first: int, count: int, copies: int = 1, near: float | None = None) -> Array:
        """Return independent draws for rows first to first + count - 1, each from a random stream of its own block.

        Rows are cut into fixed blocks of 4,096; block b draws from the proposals' stream of (seed, b), so row i is the
        same whichever rows are asked for.

        Parameters
        ----------
        seed, first, count
            Which rows.
        copies
            Draws a row, exchangeable.
        near
            None: the copies of a row are independent. A number w in (0, 1]: their quantiles are centre + w·(u - ½) with
            a centre of the row's own, reflected at 0 and 1, so that they lie close to each other.

        Returns
        -------
        Array
            Shape ``(count, copies, D)``.

        Raises
        ------
        LawError
            If copies near to each other are wanted of parameters that depend on one another.
        """
        if near is not None:
            self._need_quantiles("Alternatives near to θ")
        blocks = range(first // _BLOCK, (first + count - 1) // _BLOCK + 1)
        rows = np.concatenate([self._block(seed, block, copies, near) for block in blocks])
        offset = first - blocks[0] * _BLOCK
        return rows[offset : offset + count]

    def _block(self, seed: int, block: int, copies: int, near: float | None) -> Array:
        generator = philox_generator(seed, block, Stream.PROPOSALS)
        unit = generator.random((_BLOCK, 1 + copies, self.dimension))
        seeds = generator.integers(2**63, size=len(self.factors)).tolist()
        unit = unit[:, 1:] if near is None else _reflected(unit[:, :1] + near * (unit[:, 1:] - 0.5))
        columns = [
            factor.quantile(part)
            if factor.factorizes
            else factor.sample(_BLOCK * copies, own).reshape(_BLOCK, copies, factor.size)
            for factor, part, own in zip(self.factors, split(self.factors, unit), seeds, strict=True)
        ]
        return np.concatenate(columns, axis=-1)

    def log_prob(self, theta: Array) -> Array:
        """Return the log-density with shape ``(*B,)`` at theta ``(*B, D)``, float64; -inf outside the support."""
        parts = zip(self.factors, split(self.factors, np.asarray(theta, dtype=np.float64)), strict=True)
        return np.sum([factor.log_prob(part) for factor, part in parts], axis=0)

    def score(self, theta: Array) -> Array:
        """Return the gradient of the log-density with the shape of theta ``(*B, D)``.

        It is NaN outside the support, and for parameters that the law fixes.
        """
        parts = zip(self.factors, split(self.factors, np.asarray(theta, dtype=np.float64)), strict=True)
        return np.concatenate([factor.score(part) for factor, part in parts], axis=-1)

    def __str__(self) -> str:
        parts = zip(split(self.factors, np.array(self.names)), self.factors, strict=True)
        return " × ".join(f"{', '.join(names)} ~ {factor}" for names, factor in parts)

    def in_order(self, names: Sequence[str]) -> "Law":
        """Return the law with its factors in the order of the names.

        Raises
        ------
        LawError
            If the names are others, or would tear apart a factor over several parameters.
        """
        owner = {name: k for k, own in enumerate(split(self.factors, np.array(self.names))) for name in own.tolist()}
        order = list(dict.fromkeys(owner[name] for name in names if name in owner))
        found = tuple(name for k in order for name in self.names if owner[name] == k)
        if found != tuple(names) or len(order) != len(self.factors):
            raise LawError(
                f"The law is of {', '.join(self.names)}, and the parameters are {', '.join(names)}. A factor under "
                "another name would be the law of another parameter. Give every parameter one factor under its own "
                "name, in any order; the components of one factor over several stay together."
            )
        return Law(found, tuple(self.factors[k] for k in order))

    def to_torch(self) -> TorchDistribution:
        """Return a torch distribution with event shape ``(D,)``: the one it was made of, if it was."""
        adapter = adapter_for("torch")
        if adapter is None:
            raise LawError("Nobody here makes distributions of torch. Install motherlode whole.")
        return adapter.joint(self.factors)

    def to_json(self) -> dict[str, JSON]:
        """Return plain data that :meth:`from_json` rebuilds the law from.

        Raises
        ------
        LawError
            If a distribution cannot be told by its name and arguments.
        """
        return {"names": list(self.names), "factors": [entry for factor in self.factors for entry in factor.to_json()]}

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> "Law":
        """Return the law of :meth:`to_json`.

        Raises
        ------
        LawError
            If the data describe none.
        """
        names, factors = data.get("names"), data.get("factors")
        if not isinstance(names, list) or not isinstance(factors, list):
            raise LawError(f"{dict(data)!r} describes no law: it needs names and factors.")
        return cls(tuple(map(str, names)), tuple(map(factor_from_json, factors)))

    def _need_quantiles(self, what: str) -> None:
        if not self.factorizes:
            raise LawError(
                f"{what} need a law whose parameters are independent, and the one of {', '.join(self.names)} has "
                "parameters that depend on one another. Draw alternatives independently, or give each parameter a law."
            )


def _part(name: str | tuple[str, ...], law: LawLike) -> tuple[tuple[str, ...], tuple[Factor, ...]]:
    """Return the names and factors that one entry of a mapping stands for."""
    try:
        factors = law.factors if isinstance(law, Law) else (factor_of(law),)
    except LawError as error:
        raise LawError(f"The law of {name} cannot be used. {error}") from error
    size = sum(factor.size for factor in factors)
    return (name, factors) if isinstance(name, tuple) else (_spread(str(name), size), factors)


def _spread(name: str, size: int) -> tuple[str, ...]:
    return (name,) if size == 1 else tuple(f"{name}_{i + 1}" for i in range(size))


def _reflected(unit: Array) -> Array:
    folded = np.abs(unit)
    return np.where(folded > 1.0, 2.0 - folded, folded)
