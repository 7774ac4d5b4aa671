r"""Take several trainings as one: the mean is better than a member, the spread says how far to trust it.

.. math:: \log \hat r = \frac1M \sum_m \log \hat r_m, \qquad \log \hat p = \log \frac1M \sum_m \hat p_m
"""

from motherlode.estimators.ensemble.ensemble import Ensemble

__all__ = ["Ensemble"]
