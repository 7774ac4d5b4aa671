r"""Which experiment to do next: expected information gain of designs φ.

.. math:: EIG(φ) = E_{θ, x|φ}\left[\log p(x|θ, φ) - \log \int π(θ') p(x|θ', φ)\, dθ'\right]
"""

from motherlode.design.gain import Gain, information_gain, next_design

__all__ = ["Gain", "information_gain", "next_design"]
