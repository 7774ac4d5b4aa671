r"""Propose θ and its alternatives, exchangeably, from uniform numbers of each event's own.

.. math:: \theta_d = F_d^{-1}(u_d)

Events are cut into fixed blocks of 4,096; block b draws its uniforms from stream 2 of (seed, b), so row i is the
same however the campaign is sharded. Alternatives are either drawn from the same law as θ, independently, or
close by: θ and alternatives then spread around one centre by the same rule, so they stay exchangeable.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy import stats

from motherlode.campaign.errors import ProposalError
from motherlode.core import Parameters, philox_generator
from motherlode.core.streams import Stream

__all__ = ["Proposal"]

Array = NDArray[np.float64]

_BLOCK = 4096
_LAWS = {
    "uniform": ("low", "high"),
    "log_uniform": ("low", "high"),
    "normal": ("mean", "stddev"),
}


@dataclass(frozen=True)
class Proposal:
    """Hold the law θ is proposed from.

    Attributes
    ----------
    laws
        For each parameter ``(kind, a, b)``: ("uniform", low, high), ("log_uniform", low, high) or
        ("normal", mean, stddev).
    near
        None: alternatives are drawn like θ. A number: the quantiles of θ and of its alternatives are
        centre + near·(u - ½) with a centre of their event's own, reflected at 0 and 1. Both then have one law.

    Examples
    --------
    >>> proposal = Proposal.parse("theta=-1:-0.4")
    >>> theta, alternatives = proposal.draw(seed=1, first=0, count=3, alternatives=2)
    >>> theta.shape, alternatives.shape
    ((3, 1), (3, 2, 1))
    """

    laws: Mapping[str, tuple[str, float, float]]
    near: float | None = None

    def __post_init__(self) -> None:
        for name, (kind, a, b) in self.laws.items():
            wrong = kind not in _LAWS or not np.all(np.isfinite([a, b]))
            wrong = wrong or (kind != "normal" and not a < b) or (kind == "normal" and not b > 0)
            if wrong or (kind == "log_uniform" and not a > 0):
                raise ProposalError(
                    f"The law of {name} is {kind}({a}, {b}), which does not exist. Known are uniform(low < high), "
                    "log_uniform(0 < low < high) and normal(mean, stddev > 0)."
                )
        if not self.laws or (self.near is not None and not 0 < self.near <= 1):
            raise ProposalError(f"A proposal needs at least one parameter and near in (0, 1], not near={self.near}.")

    @classmethod
    def parse(cls, spec: "str | Path | Mapping[str, Any] | Proposal") -> "Proposal":
        """Read ``name=low:high,…``, a YAML file, or a mapping of the same shape.

        Parameters
        ----------
        spec
            In YAML or a mapping each name has ``[low, high]`` or ``{law: [a, b]}``; the key ``alternatives`` may be
            ``prior`` (default) or ``{near: w}``.

        Raises
        ------
        ProposalError
            If it cannot be read.
        """
        if isinstance(spec, Proposal):
            return spec
        if isinstance(spec, Mapping):
            return cls._from_mapping(spec)
        text = str(spec)
        if "=" in text:
            return cls._from_text(text)
        try:
            data = yaml.safe_load(Path(text).read_text())
        except (OSError, yaml.YAMLError) as error:
            raise ProposalError(f"The prior {text!r} is neither name=low:high,… nor a YAML file: {error}.") from error
        if not isinstance(data, Mapping):
            raise ProposalError(f"{text} holds {type(data).__name__}, but a mapping from names to laws is needed.")
        return cls._from_mapping(data)

    @classmethod
    def _from_text(cls, text: str) -> "Proposal":
        laws = {}
        for part in text.split(","):
            try:
                name, bounds = part.split("=")
                low, high = (float(bound) for bound in bounds.split(":"))
            except ValueError as error:
                raise ProposalError(f"{part!r} in the prior {text!r} is not of the form name=low:high.") from error
            if name.strip() in laws:
                raise ProposalError(f"The prior {text!r} names {name.strip()} twice. Give each parameter one range.")
            laws[name.strip()] = ("uniform", low, high)
        return cls(laws)

    @classmethod
    def _from_mapping(cls, data: Mapping[str, Any]) -> "Proposal":
        try:
            entries = {name: law for name, law in data.items() if name != "alternatives"}
            laws = {str(name): _law(law) for name, law in entries.items()}
            alternatives = data.get("alternatives", "prior")
            near = None if alternatives == "prior" else float(alternatives["near"])
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ProposalError(
                f"The prior {dict(data)} cannot be read ({error!r}). Give each name [low, high] or {{law: [a, b]}}, "
                "and alternatives: prior or {near: width}."
            ) from error
        return cls(laws, near)

    @classmethod
    def from_bounds(cls, parameters: Parameters, near: float | None = None) -> "Proposal":
        """Return the uniform law on a simulator's declared bounds."""
        if parameters.low is None or parameters.high is None:
            raise ProposalError(
                f"No bounds are declared for {', '.join(parameters.names)}, so there is no box to propose from. "
                "Say --prior name=low:high, or wrap the simulator with low= and high=."
            )
        bounds = zip(parameters.names, parameters.low, parameters.high, strict=True)
        return cls({name: ("uniform", low, high) for name, low, high in bounds}, near)

    def check_fits(self, parameters: Parameters) -> None:
        """Refuse a proposal of other parameters than the simulator's, or one that leaves its bounds.

        Raises
        ------
        ProposalError
            Naming the difference.
        """
        if tuple(self.laws) != parameters.names:
            raise ProposalError(
                f"The prior names {', '.join(self.laws)}, but the simulator's parameters are "
                f"{', '.join(parameters.names)}, in this order."
            )
        if parameters.low is None or parameters.high is None:
            return
        for (name, (kind, a, b)), low, high in zip(self.laws.items(), parameters.low, parameters.high, strict=True):
            if kind == "normal" or a < low or b > high:
                raise ProposalError(
                    f"The prior of {name} is {kind}({a:g}, {b:g}), but the simulator is declared on "
                    f"[{low:g}, {high:g}] only. Propose inside these bounds, or widen the declaration."
                )

    def draw(self, seed: int, first: int, count: int, alternatives: int) -> tuple[Array, Array]:
        """Return θ with shape (N, D) and alternatives (N, K, D) for events first to first + count."""
        k, d = alternatives, len(self.laws)
        blocks = range(first // _BLOCK, (first + count - 1) // _BLOCK + 1)
        uniforms = [philox_generator(seed, block, Stream.PROPOSALS).random((_BLOCK, 2 + k, d)) for block in blocks]
        offset = first - blocks[0] * _BLOCK
        rows = np.concatenate(uniforms)[offset : offset + count]
        unit = rows[:, 1:] if self.near is None else _reflected(rows[:, :1] + self.near * (rows[:, 1:] - 0.5))
        points = np.stack([_quantile(law, unit[..., i]) for i, law in enumerate(self.laws.values())], axis=-1)
        return points[:, 0], points[:, 1:]

    @property
    def exchangeable(self) -> bool:
        """Whether θ and alternatives are exchangeable: always, by construction."""
        return True

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a manifest."""
        return json.loads(json.dumps({"laws": dict(self.laws), "near": self.near}))


def _law(law: Any) -> tuple[str, float, float]:
    kind, (a, b) = ("uniform", law) if not isinstance(law, Mapping) else next(iter(law.items()))
    return str(kind), float(a), float(b)


def _reflected(unit: Array) -> Array:
    folded = np.abs(unit)
    return np.where(folded > 1.0, 2.0 - folded, folded)


def _quantile(law: tuple[str, float, float], u: Array) -> Array:
    kind, a, b = law
    if kind == "normal":
        return a + b * stats.norm.ppf(np.clip(u, 2.0**-54, 1 - 2.0**-54))
    if kind == "log_uniform":
        return np.clip(a * (b / a) ** u, a, b)
    return np.clip(a + (b - a) * u, a, b)
