r"""A posterior network under another prior than the law that its θ were proposed from.

.. math:: p(θ|x) \propto \hat q(θ|x)\, π(θ) / \tilde π(θ)
"""

import math
import time
import warnings
from collections.abc import Mapping

import torch
from torch import Tensor

from motherlode.campaign import recorded_law
from motherlode.core.types import LawLike
from motherlode.estimators.protocols import DirectPosterior, Estimate
from motherlode.estimators.randomness import seeded
from motherlode.estimators.trained_range import OutOfRangeWarning
from motherlode.inference.direct import draw_inside
from motherlode.inference.errors import UnusableObservation, UnusablePrior
from motherlode.inference.importance import weighted_draws
from motherlode.inference.potential import Potential
from motherlode.inference.prior import Prior
from motherlode.inference.results import PosteriorSamples
from motherlode.laws import Law

__all__ = ["in_recorded_order", "proposal_of", "sample_reweighted", "warn_unlike_proposal"]

_DRAWS, _DEFENSIVE = 1000, 0.2
_EXTREMES, _FAR = 10, 10.0


def _recorded(estimator: Estimate) -> Law | None:
    """Return the law that θ was proposed from, as a trained estimator remembers; or None."""
    origin = getattr(getattr(estimator, "record", None), "origin", None)
    return recorded_law(origin) if isinstance(origin, Mapping) else None


def in_recorded_order(estimator: Estimate, prior: Prior) -> Prior:
    """Return the prior in the order of the recorded law, which is the estimator's, where both have the same names."""
    law = _recorded(estimator)
    if law is None or law.names == prior.names or set(law.names) != set(prior.names):
        return prior
    return Prior(prior.law, law.names)


def proposal_of(estimator: DirectPosterior, prior: Prior, given: LawLike | None = None) -> Prior | None:
    """Return the law that a posterior density's θ were proposed from: the one given, else the recorded one.

    Parameters
    ----------
    estimator
        The posterior density; ``record.origin["proposal"]["law"]`` is what a training from a store leaves.
    prior
        The prior it is asked for now.
    given
        The law, where the user knows it.

    Returns
    -------
    Prior or None
        The proposal, or the prior itself where both agree within 1e-3 nats at 1000 draws of each; None if nobody knows.

    Raises
    ------
    UnusablePrior
        If the proposal has other parameters than the prior.
    """
    recorded = _recorded(estimator) if given is None else None
    if given is None and recorded is None:
        return None
    proposal = Prior(recorded) if given is None else Prior(given, prior.names if isinstance(given, Mapping) else None)
    if proposal.dimension != prior.dimension:
        raise UnusablePrior(
            f"the proposal has {proposal.dimension} parameters {proposal.names}, and the prior {prior.dimension}, "
            f"{prior.names}. One is divided by the other at the same θ. Give both the same parameters in one order."
        )
    return prior if _agree(prior, proposal) else proposal


def warn_unlike_proposal(estimator: DirectPosterior, prior: Prior, proposal: Prior | None) -> None:
    """Warn if the prior reaches beyond a known proposal, or is narrower than the training set where none is known.

    Where nobody knows the proposal, as many draws of the prior are compared with the extremes of the training set,
    ``theta_low`` and ``theta_high``: a gap of ten times the distance between the outermost and the tenth draw, which
    two samples of one law show about once in 10⁵ times.

    Warns
    -----
    OutOfRangeWarning
        With what was compared.
    """
    if proposal is not None:
        beyond = float((~torch.isfinite(proposal.log_prob(prior.sample(_DRAWS, seed=0)))).double().mean())
        if beyond > 0.0:
            warnings.warn(
                f"{beyond:.1%} of the prior lies where θ was never proposed. What a posterior density says there is no "
                "information, so the posterior is cut off there. Train it with θ from all of the prior.",
                OutOfRangeWarning,
                stacklevel=3,
            )
        return
    narrow = _narrower(estimator, prior)
    if narrow is not None:
        name, seen, drawn = narrow
        warnings.warn(
            f"the prior of {name!r} draws from [{drawn[0]:.4g}, {drawn[1]:.4g}], and the posterior density was trained "
            f"on θ in [{seen[0]:.4g}, {seen[1]:.4g}]. It does not tell its proposal, so this prior is taken to be it, "
            "and the result is the posterior under the law it was trained with. Pass that law as proposal=, and the "
            "posterior is reweighted to this prior.",
            OutOfRangeWarning,
            stacklevel=3,
        )


def sample_reweighted(
    potential: Potential, estimator: DirectPosterior, proposal: Prior, count: int, seed: int
) -> PosteriorSamples:
    """Draw from a posterior density, a fifth from the prior, and resample by the weights of the posterior over both.

    The share of the prior bounds the weights by five times the largest ratio, whatever the tails of the density.

    Parameters
    ----------
    potential
        The log-posterior under the prior wanted.
    estimator
        Has ``sample(shape, x)``.
    proposal
        The law that its θ were proposed from.
    count
        Draws wanted; they repeat where few carry the weight, see ``info["effective_draws"]``.
    seed
        Seed of all randomness.

    Raises
    ------
    UnusableObservation
        If no draw has a finite weight.
    """
    begin, x = time.perf_counter(), potential.observation.x
    with torch.no_grad(), seeded(seed):
        theta, log_weight = _weighted(potential, estimator, proposal, max(10_000, 2 * count))
        if not torch.isfinite(log_weight).any():
            raise UnusableObservation(
                x.shape,
                f"has a posterior density of 0 at all of {len(theta)} draws from the estimator and from the prior.",
                "There is nothing to draw from. Check that the prior reaches into the law of the training, or train "
                "with θ from this prior.",
            )
        return weighted_draws(potential, theta, log_weight, count, "direct, reweighted", begin)


def _weighted(potential: Potential, estimator: DirectPosterior, proposal: Prior, count: int) -> tuple[Tensor, Tensor]:
    """Return draws of the mixture of density and prior ``(count, D)``, and their log-weights ``(count,)``."""
    prior, fresh = potential.prior, int(_DEFENSIVE * count)
    direct, inside = draw_inside(estimator, proposal, potential.observation.x, count - fresh)
    theta = torch.cat([direct, prior.sample(fresh, int(torch.randint(2**62, ())))])
    log_prior, log_ratio = prior.log_prob(theta), potential.log_likelihood(theta)
    log_density = log_ratio + proposal.log_prob(theta) - math.log(inside)
    mixture = torch.logaddexp(math.log(1.0 - _DEFENSIVE) + log_density, math.log(_DEFENSIVE) + log_prior)
    log_target = log_prior + log_ratio
    return theta, torch.where(torch.isfinite(log_target), log_target - mixture, -torch.inf)


def _agree(one: Prior, other: Prior) -> bool:
    """Say whether two laws have one density up to a constant factor, which priors of the user's own may lack."""
    theta = torch.cat([one.sample(_DRAWS, seed=0), other.sample(_DRAWS, seed=0)])
    difference = one.log_prob(theta) - other.log_prob(theta)
    return bool(torch.isfinite(difference).all() and difference.max() - difference.min() < 1e-3)


def _narrower(estimator: DirectPosterior, prior: Prior) -> tuple[str, tuple[float, float], tuple[float, float]] | None:
    """Return name, range in training and range of the prior of the first parameter whose prior is narrower."""
    low, high = getattr(estimator, "theta_low", None), getattr(estimator, "theta_high", None)
    events = getattr(getattr(estimator, "record", None), "events", None)
    if not isinstance(low, Tensor) or not isinstance(high, Tensor) or not isinstance(events, int):
        return None
    drawn = torch.sort(prior.sample(max(events, _EXTREMES), seed=0), dim=0).values
    low, high = low.to(drawn), high.to(drawn)
    gaps = torch.maximum(
        (drawn[0] - low) / (drawn[_EXTREMES - 1] - drawn[0]), (high - drawn[-1]) / (drawn[-1] - drawn[-_EXTREMES])
    )
    for d in torch.nonzero(torch.isfinite(low) & torch.isfinite(high) & (gaps > _FAR)).flatten().tolist():
        return prior.names[d], (float(low[d]), float(high[d])), (float(drawn[0, d]), float(drawn[-1, d]))
    return None
