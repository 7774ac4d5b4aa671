r"""Hold the one table of probability families.

.. math:: \log p(\text{value} \mid \text{parameters})

in float64, batched and exact in the tails, beside the sampler that draws from the same law. To add a
family, write one entry in :mod:`motherlode.families.table`, one struct in
``src/cpp/include/motherlode/families.hpp`` and one golden frame.
"""

from motherlode.families.family import Family
from motherlode.families.local import LOCAL
from motherlode.families.table import FAMILIES

__all__ = ["FAMILIES", "Family"]

FAMILIES.update(LOCAL)
