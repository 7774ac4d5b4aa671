r"""When not to trust: checks of estimators, posteriors and confidence regions; each returns data with a verdict.

.. math:: P(θ^* \in C_α(x)) = 1 - α, \qquad θ^* \sim π,\ x \sim p(x|θ^*)
"""

from motherlode.diagnostics.coverage import Coverage, coverage

__all__ = ["Coverage", "coverage"]
