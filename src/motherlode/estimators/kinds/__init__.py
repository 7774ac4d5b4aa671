r"""Estimate one quantity a kind: a ratio, a likelihood, a posterior or a score; alone, corrected or as an ensemble.

.. math:: \hat r(x|θ_0, θ_1), \quad \hat p(x|θ), \quad \hat q(θ|x), \quad \hat t(x|θ_{ref})
"""

__all__: list[str] = []
