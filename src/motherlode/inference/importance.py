r"""Independent draws by importance resampling, with the tail of the weights as the judge.

.. math:: w_i = \frac{π(θ_i) \prod_j \hat r(x_j|θ_i)}{q(θ_i)}, \qquad \hat Z = \frac1N \sum_i w_i

The proposal q is a Student t fitted to the weighted draws of the round before, mixed with the prior so that no region
the prior allows is out of reach (population Monte Carlo: Cappé, Guillin, Marin, Robert (2004)). The judge is Pareto
k-hat: Vehtari, Simpson, Gelman, Yao, Gabry, "Pareto smoothed importance sampling" (2024), arXiv:1507.02646. The same
way tells whether a prior of the user's own integrates to one.
"""

import time
import warnings
from dataclasses import replace

import numpy as np
import torch
from pyro.distributions import MultivariateStudentT
from scipy.special import logsumexp
from torch import Tensor
from torch.distributions import Distribution

from motherlode.estimators.randomness import seeded
from motherlode.events import pareto_k
from motherlode.inference.errors import NoFiniteDensity, UnnormalizedPriorWarning
from motherlode.inference.potential import Potential
from motherlode.inference.prior import Prior
from motherlode.inference.results import MethodInfo, PosteriorSamples

__all__ = ["normalization", "resample", "warn_unnormalized", "weighted_draws"]


_DEFENSIVE = 0.2
_TRUSTED = ("torch.distributions", "pyro.distributions", "zuko.distributions", "motherlode.estimators.laws")


def resample(potential: Potential, count: int, seed: int, proposals: int = 10_000, rounds: int = 6) -> PosteriorSamples:
    """Draw independently from a posterior by weighting draws of a fitted proposal.

    Parameters
    ----------
    potential
        The log-posterior.
    count
        Draws wanted; they repeat where few proposals carry the weight, see ``info["effective_draws"]``.
    seed
        Seed of all randomness.
    proposals
        Proposal draws in a round.
    rounds
        Most rounds; they end early once the weights are even.

    Returns
    -------
    PosteriorSamples
        One chain, with ``k_hat``, and in ``info`` the effective draws, log Z and its error. Z is the evidence for an
        estimator that is a density, and the evidence over the reference density for a ratio.
    """
    begin = time.perf_counter()
    with torch.no_grad(), seeded(seed):
        u, log_weight = _rounds(potential, proposals, rounds)
        found = weighted_draws(potential, potential.prior.constrain(u)[0], log_weight, count, "importance", begin)
    weight = torch.softmax(log_weight, dim=0)
    evidence: MethodInfo = {
        "log_evidence": float(logsumexp(log_weight.numpy()) - np.log(len(weight))),
        "log_evidence_error": float(torch.sqrt((len(weight) * (weight**2).sum() - 1.0) / len(weight))),
    }
    return replace(found, info={**found.info, **evidence})


def weighted_draws(
    potential: Potential, theta: Tensor, log_weight: Tensor, count: int, method: str, begin: float
) -> PosteriorSamples:
    """Return one chain of points resampled in proportion to their weights, with torch's present random state.

    Parameters
    ----------
    potential
        The log-posterior.
    theta
        Points with shape ``(n, D)``.
    log_weight
        Their log-weights ``(n,)``, not all -inf.
    count
        Draws wanted; the effective number is in ``info["effective_draws"]``.
    method
        What to call it.
    begin
        ``time.perf_counter()`` when it began.
    """
    weight = torch.softmax(log_weight, dim=0)
    chosen = theta[_systematic(weight, count)]
    log_prob = potential.log_prob(chosen)
    effective = float(1.0 / (weight**2).sum())
    return PosteriorSamples(
        samples=chosen.numpy()[None],
        names=potential.prior.names,
        log_prob=log_prob.numpy()[None],
        method=method,
        divergences=np.zeros((1, count), dtype=bool),
        acceptance=np.array([effective / len(weight)]),
        k_hat=pareto_k(np.exp(log_weight.numpy() - float(log_weight.max()))),
        independent=True,
        seconds=time.perf_counter() - begin,
        info={"effective_draws": effective},
    )


def _student_t(points: Tensor, weight: Tensor) -> Distribution:
    """Return the Student t with five degrees of freedom, heavy enough in its tails, around weighted points.

    Parameters
    ----------
    points
        Shape ``(n, d)``.
    weight
        Their weights ``(n,)``, of sum one.
    """
    mean = weight @ points
    scale = (weight.unsqueeze(1) * (points - mean)).T @ (points - mean)
    factor = torch.linalg.cholesky(scale + 1e-12 * torch.eye(points.shape[1], dtype=torch.float64))
    law: Distribution = MultivariateStudentT(torch.tensor(5.0, dtype=torch.float64), mean, scale_tril=factor)
    return law


def warn_unnormalized(prior: Prior) -> None:
    """Warn if a factor of a class of the user's own does not integrate to one.

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
        around = _student_t(own, torch.full((draws,), 1.0 / draws, dtype=torch.float64))
        u = around.sample((draws,))
        weight = torch.exp(prior.log_prob_free(u)[1] - around.log_prob(u))
    return float(weight.mean()), float(weight.std() / draws**0.5)


def _systematic(weight: Tensor, count: int) -> Tensor:
    """Return indices drawn in proportion to the weights, evenly spread, in random order."""
    edges = torch.cumsum(weight, dim=0)
    points = (torch.arange(count, dtype=torch.float64) + torch.rand((), dtype=torch.float64)) / count
    chosen = torch.searchsorted(edges, points * edges[-1]).clamp(max=len(weight) - 1)
    return chosen[torch.randperm(count)]


def _rounds(potential: Potential, proposals: int, rounds: int) -> tuple[Tensor, Tensor]:
    """Propose from the prior, then from what the weights have shown, until half the draws are effective."""
    u = potential.prior.unconstrain(potential.prior.sample(proposals, int(torch.randint(2**62, ()))))
    log_weight = potential.log_likelihood(potential.prior.constrain(u)[0])
    log_weight = torch.where(torch.isfinite(log_weight), log_weight, -torch.inf)
    if not torch.isfinite(log_weight).any():
        raise NoFiniteDensity(proposals)
    for _ in range(rounds):
        if 1.0 / (torch.softmax(log_weight, dim=0) ** 2).sum() > 0.5 * proposals:
            break
        u, log_weight = _propose(potential, u, log_weight)
    return u, log_weight


def _propose(potential: Potential, u: Tensor, log_weight: Tensor) -> tuple[Tensor, Tensor]:
    """Fit a t to the weighted draws, draw from it and the prior, and weigh against the mixture of both."""
    count, dimension = u.shape
    weight = torch.softmax(_tempered(log_weight, dimension), dim=0)
    around = _student_t(u, weight)
    fresh = int(_DEFENSIVE * count)
    moved = around.sample((count - fresh,))
    from_prior = potential.prior.unconstrain(potential.prior.sample(fresh, int(torch.randint(2**62, ()))))
    drawn = torch.cat([moved, from_prior])
    theta, log_prior = potential.prior.log_prob_free(drawn)
    log_proposal = torch.logaddexp(np.log(1.0 - _DEFENSIVE) + around.log_prob(drawn), np.log(_DEFENSIVE) + log_prior)
    log_target = log_prior + potential.log_likelihood(theta)
    return drawn, torch.where(torch.isfinite(log_target), log_target - log_proposal, -torch.inf)


def _tempered(log_weight: Tensor, dimension: int) -> Tensor:
    """Flatten weights until enough draws count to fit a covariance."""
    power = 1.0
    while 1.0 / (torch.softmax(power * log_weight, dim=0) ** 2).sum() < 20.0 * dimension and power > 1e-6:
        power *= 0.7
    return power * log_weight


def _plain(factor: torch.distributions.Distribution) -> bool:
    base = getattr(factor, "base_dist", None)
    return base is None or (type(base).__module__.startswith(_TRUSTED) and _plain(base))
