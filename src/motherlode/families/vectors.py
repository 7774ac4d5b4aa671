"""List the families of whole vectors that no vector of conditionals gives, a row each.

The density of each vector along the last axis stands in its first element, and 0 in the others.
"""

from motherlode.families import densities, samplers
from motherlode.families.calls import Call
from motherlode.families.domains import COUNT, POSITIVE
from motherlode.families.family import Family

__all__ = ["VECTORS"]

VECTORS: tuple[Family, ...] = (
    Family(
        "Dirichlet", None, {"concentration": POSITIVE}, densities.dirichlet,
        lambda generator, size, concentration: generator.dirichlet(concentration, size),
        numpy=(Call("dirichlet", ("alpha",)),),
    ),
    Family(
        "Arrangement", None, {"count": COUNT}, densities.arrangement, samplers.arrangement,
        discrete=True, moving=("count",),
        numpy=(Call("permutation", ("x",)),),
        python=(Call("sample", ("population", "k"), lambda population, k: (len(population),)),),
    ),
)  # fmt: skip
"""The rows."""
