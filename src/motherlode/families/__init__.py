r"""Hold the one table of probability families.

.. math:: \log p(\text{value} \mid \text{parameters})

in float64, batched and exact in the tails, beside the sampler that draws from the same law and the names that NumPy,
``random``, SciPy, torch, Pyro and pyprob have for both. To add a family, write one row in
:mod:`motherlode.families.continuous` or :mod:`motherlode.families.discrete`, one struct in ``src/cpp`` and one golden
frame with its table in ``protocols``.
"""

from motherlode.families.calls import Call
from motherlode.families.family import Family
from motherlode.families.table import FAMILIES, PYRO_FAMILIES, WIRE_FAMILIES, family_named

__all__ = ["FAMILIES", "PYRO_FAMILIES", "WIRE_FAMILIES", "Call", "Family", "family_named"]
