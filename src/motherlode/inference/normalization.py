r"""Does a prior written by the user integrate to one.

.. math:: Z = \int π(θ)\, dθ = E_{u \sim q}\left[π(u)/q(u)\right]
"""

import warnings

import torch

from motherlode.inference.errors import UnnormalizedPriorWarning
from motherlode.inference.importance import student_t
from motherlode.inference.prior import Prior
from motherlode.inference.randomness import seeded

__all__ = ["normalization", "warn_unnormalized"]

_TRUSTED = ("torch.distributions", "pyro.distributions")


def warn_unnormalized(prior: Prior) -> None:
    """Warn if a factor that is not torch's or Pyro's own does not integrate to one.

    Warns
    -----
    UnnormalizedPriorWarning
        Chains do not mind; evidences and comparisons of models do.
    """
    if all(type(factor).__module__.startswith(_TRUSTED) and _plain(factor) for factor in prior.factors):
        return
    total, error = normalization(prior)
    if abs(total - 1.0) > 5.0 * error + 0.01:
        warnings.warn(
            f"the prior integrates to {total:.4g} ± {error:.2g} and not to 1. Chains do not mind, but log_evidence is "
            f"off by {torch.log(torch.tensor(total)):.3f} and the posterior may not exist. Subtract the "
            "logarithm of its integral in log_prob.",
            UnnormalizedPriorWarning,
            stacklevel=3,
        )


def normalization(prior: Prior, draws: int = 4000, seed: int = 0) -> tuple[float, float]:
    """Return the integral of a prior and its standard error, by importance sampling around its own draws."""
    with torch.no_grad(), seeded(seed):
        own = prior.unconstrain(prior.sample(draws, seed))
        around = student_t(own, torch.full((draws,), 1.0 / draws, dtype=torch.float64))
        u = around.sample((draws,))
        weight = torch.exp(prior.log_prob_free(u)[1] - around.log_prob(u))
    return float(weight.mean()), float(weight.std() / draws**0.5)


def _plain(factor: torch.distributions.Distribution) -> bool:
    base = getattr(factor, "base_dist", None)
    return base is None or (type(base).__module__.startswith(_TRUSTED) and _plain(base))
