r"""Conditional densities behind one interface, whichever library they come from.

.. math:: \log q(u | c), \qquad u \sim q(\cdot | c)
"""

from motherlode.estimators.density.atoms import Atomic
from motherlode.estimators.density.base import Density
from motherlode.estimators.density.discrete import Categorical, Ordinal, WholeNumbers
from motherlode.estimators.density.make import DENSITIES, make_density
from motherlode.estimators.density.mixture import Mixture

__all__ = ["DENSITIES", "Atomic", "Categorical", "Density", "Mixture", "Ordinal", "WholeNumbers", "make_density"]
