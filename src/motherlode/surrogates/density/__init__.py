r"""Conditional densities behind one interface, whichever library they come from.

.. math:: \log q(u | c), \qquad u \sim q(\cdot | c)
"""

from motherlode.surrogates.density.atoms import Atomic
from motherlode.surrogates.density.base import Density
from motherlode.surrogates.density.discrete import Categorical, Ordinal, WholeNumbers
from motherlode.surrogates.density.make import DENSITIES, make_density
from motherlode.surrogates.density.mixture import Mixture

__all__ = ["DENSITIES", "Atomic", "Categorical", "Density", "Mixture", "Ordinal", "WholeNumbers", "make_density"]
