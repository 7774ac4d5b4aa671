"""Hold every probability family once, by its name."""

import copyreg
from collections.abc import Callable

from motherlode.families.calls import Call
from motherlode.families.continuous import CONTINUOUS
from motherlode.families.discrete import DISCRETE
from motherlode.families.family import Family
from motherlode.families.vectors import VECTORS

__all__ = ["FAMILIES", "PYRO_FAMILIES", "WIRE_FAMILIES", "family_named"]

FAMILIES: dict[str, Family] = {family.name: family for family in (*CONTINUOUS, *DISCRETE, *VECTORS)}
"""Every family by its name."""

WIRE_FAMILIES: tuple[Family, ...] = tuple(
    sorted((family for family in FAMILIES.values() if family.number), key=lambda family: family.number or 0)
)
"""The families that the wire knows, in the order of its ``Distribution`` union."""

PYRO_FAMILIES: dict[str, tuple[Family, Call]] = {
    family.pyro.name: (family, family.pyro) for family in FAMILIES.values() if family.pyro is not None
}
"""The families that torch, Pyro or pyprob have, by their names there, with the way to call them there."""


def family_named(name: str) -> Family:
    """Return the family of a name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return FAMILIES[name]


def _reduce(family: Family) -> tuple[Callable[[str], Family], tuple[str]]:
    return family_named, (family.name,)


copyreg.pickle(Family, _reduce)
