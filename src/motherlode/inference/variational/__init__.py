r"""Fit a tractable law to a posterior by the evidence lower bound, once or for all x.

.. math:: \max_q E_q[\log p(x, θ) - \log q(θ)]
"""

from motherlode.inference.variational.amortized import AmortizedGuide, amortize
from motherlode.inference.variational.guides import FlowGuide, fit_guide

__all__ = ["AmortizedGuide", "FlowGuide", "amortize", "fit_guide"]
