r"""Hold the law of θ: what campaigns propose from, priors are, and manifests and records tell.

.. math:: \log \pi(θ) = \sum_f \log \pi_f(θ_f)
"""

from motherlode.laws.errors import LawError
from motherlode.laws.factor import Factor
from motherlode.laws.law import Law
from motherlode.laws.support import Support

__all__ = ["Factor", "Law", "LawError", "Support"]
