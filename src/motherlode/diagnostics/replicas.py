r"""The experiment behind SBC, coverage and TARP: draw a truth, simulate data, infer, and see where the truth falls.

.. math:: θ^* \sim π, \quad x \sim p(x|θ^*), \quad θ_1 … θ_S \sim \hat p(θ|x)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from tqdm.auto import tqdm

from motherlode.core.types import Array, LawLike
from motherlode.events.simulator import Simulates
from motherlode.inference import Posterior, PosteriorSamples, Prior, UnusablePrior

__all__ = ["Replicas", "replicate"]


@dataclass(frozen=True)
class Replicas:
    """Truths and the posterior draws from data simulated at them.

    Attributes
    ----------
    theta
        Truths with shape ``(n, D)``.
    draws
        Posterior draws with shape ``(n, S, D)``.
    log_prob
        log-posterior of the draws with shape ``(n, S)``.
    log_prob_true
        log-posterior of the truth with shape ``(n,)``.
    names
        Parameter names.
    """

    theta: Array
    draws: Array
    log_prob: Array
    log_prob_true: Array
    names: tuple[str, ...]


def replicate(
    posterior_of: Callable[[Array], Posterior],
    prior: LawLike,
    simulator: Simulates,
    events: int = 1,
    replicas: int = 200,
    draws: int = 100,
    sampler: Callable[[Posterior, int], PosteriorSamples] | None = None,
    seed: int = 0,
    progress: bool = False,
) -> Replicas:
    """Infer from many simulated data sets whose truth is known.

    Parameters
    ----------
    posterior_of
        From an observation ``(M, *L)`` to a posterior, e.g. ``lambda x: posterior(estimator, prior, x)``.
    prior
        Where truths come from; it must be the posterior's.
    simulator
        Has ``simulate(theta, seed, first)``.
    events
        M, events in each data set.
    replicas
        Number of data sets.
    draws
        Draws kept of each posterior.
    sampler
        Draws from a posterior with a seed. Default: ``posterior.sample``, which is fast; pass
        ``lambda p, seed: p.mcmc(seed=seed)`` to test a sampler.
    seed
        Seed of all randomness.
    progress
        Show a progress bar.

    Raises
    ------
    UnusablePrior
        If the posterior has the prior's parameters in another order.
    """
    law = Prior(prior)
    theta = law.sample(replicas, seed).numpy()
    x = np.asarray(simulator.simulate(np.repeat(theta, events, axis=0), seed, 0), dtype=np.float64)
    data = x.reshape(replicas, events, *x.shape[1:])
    draw = sampler if sampler is not None else lambda problem, at: problem.sample(4 * draws, at)
    generator = np.random.default_rng(seed)
    chosen, log_prob, log_prob_true = [], [], []
    for i in tqdm(range(replicas), disable=not progress, unit=" posteriors"):
        problem = posterior_of(data[i])
        _check_order(law.names, problem.names)
        result = draw(problem, seed + i)
        kept = generator.choice(len(result), draws, replace=False)
        chosen.append(result.flat[kept])
        log_prob.append(result.log_prob.reshape(-1)[kept])
        log_prob_true.append(problem.log_prob(theta[i]))
    return Replicas(theta, np.stack(chosen), np.stack(log_prob), np.array(log_prob_true), law.names)


def _check_order(truths: tuple[str, ...], found: tuple[str, ...]) -> None:
    if truths != found and set(truths) == set(found):
        raise UnusablePrior(
            f"truths are drawn as {', '.join(truths)} and the posterior is of {', '.join(found)}. Parameters would be "
            "compared with one another. Give the prior's distributions in the order of the estimator's parameters."
        )
