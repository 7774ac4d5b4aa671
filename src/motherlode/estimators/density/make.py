"""Build a density by name; the names are the whole list of what there is."""

from collections.abc import Callable, Sequence

from motherlode.estimators.density.base import Density
from motherlode.estimators.density.mixture import Mixture
from motherlode.estimators.density.nflows_flows import nflows_flow
from motherlode.estimators.density.zuko_flows import zuko_flow

__all__ = ["DENSITIES", "make_density"]


def _mixture(features: int, context: int, hidden: Sequence[int], activation: str, transforms: int) -> Density:
    return Mixture(features, context, hidden, activation)


DENSITIES: dict[str, Callable[[int, int, Sequence[int], str, int], Density]] = {
    "maf": zuko_flow("maf"),
    "nsf": zuko_flow("nsf"),
    "coupling": zuko_flow("coupling"),
    "nflows_maf": nflows_flow("maf"),
    "nflows_nsf": nflows_flow("nsf"),
    "nflows_coupling": nflows_flow("coupling"),
    "mixture": _mixture,
}
"""Flows by zuko (maf, nsf, coupling) and by nflows, and the mixture density; all continuous."""


def make_density(
    name: str, features: int, context: int, hidden: Sequence[int], activation: str, transforms: int
) -> Density:
    """Return an untrained density of ``features`` columns given ``context`` columns.

    A single column has nothing to couple with: coupling flows become autoregressive ones.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    if name not in DENSITIES:
        raise ValueError(f"No density {name!r}: choose of {sorted(DENSITIES)}.")
    if features == 1 and name.endswith("coupling"):
        name = name.replace("coupling", "nsf")
    return DENSITIES[name](features, context, hidden, activation, transforms)
