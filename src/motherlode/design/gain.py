r"""Expected information gain by contrast with other prior draws.

.. math:: \frac1N \sum_n \left[\log r(x_n|θ_n) - \log \frac{1}{L+1} \sum_{l=0}^{L} r(x_n|θ_l)\right] \le EIG

The sum over l includes θ_n itself, which makes it a lower bound (Foster et al., "A unified stochastic gradient approach
to designing Bayesian-optimal experiments" (2020), arXiv:1911.00294), tight for many contrasts; without θ_n it is the
upper bound of nested Monte Carlo. Any function of x cancels, so a ratio does as well as a likelihood.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor

from motherlode.core.types import LawLike
from motherlode.estimators.protocols import LogLikelihood, LogRatio
from motherlode.events.simulator import Simulates
from motherlode.inference.errors import WrongEstimator
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.prior import Prior

__all__ = ["Gain", "information_gain", "next_design"]


@dataclass(frozen=True)
class Gain:
    """Expected information gain in nats, between its bounds.

    Attributes
    ----------
    lower, upper
        Bounds: contrast with and without the true parameter.
    error
        Standard error of the lower one.
    """

    lower: float
    upper: float
    error: float


def information_gain(
    estimator: LogRatio | LogLikelihood,
    simulator: Simulates,
    prior: LawLike | Tensor,
    samples: int = 500,
    contrasts: int = 500,
    events: int = 1,
    seed: int = 0,
) -> Gain:
    """Return what an experiment of M events is expected to teach about θ.

    Parameters
    ----------
    estimator
        Ratio or likelihood of one event of this design.
    simulator
        The design's simulator.
    prior
        What is known now: a distribution, or posterior draws ``(n, D)`` of the last experiment.
    samples
        Simulated experiments.
    contrasts
        Other parameters that each is contrasted with.
    events
        M.
    seed
        Seed of all randomness.

    Raises
    ------
    WrongEstimator
        If the estimator does not return one number for each θ and x.
    """
    theta = _draw(prior, samples, seed)
    others = _draw(prior, contrasts, seed + 1)
    x = torch.as_tensor(
        np.asarray(simulator.simulate(np.repeat(theta.numpy(), events, axis=0), seed, 0), dtype=np.float64)
    )
    x = x.reshape(samples, events, *x.shape[1:])
    with torch.no_grad():
        own = _log_likelihood(estimator, theta.unsqueeze(1).expand(-1, events, -1), x)
        wide = others.unsqueeze(1).expand(-1, events, -1)
        rows = [_log_likelihood(estimator, wide, event.expand(contrasts, *event.shape)) for event in x]
    contrast = torch.stack(rows)
    with_own = torch.logsumexp(torch.cat([own.unsqueeze(1), contrast], dim=1), dim=1) - np.log(contrasts + 1)
    without = torch.logsumexp(contrast, dim=1) - np.log(contrasts)
    gains = own - with_own
    return Gain(float(gains.mean()), float((own - without).mean()), float(gains.std() / np.sqrt(samples)))


def next_design(
    gain: Callable[[float], Gain], bounds: tuple[float, float], coarse: int = 9
) -> tuple[float, Sequence[tuple[float, float]]]:
    """Return the one-dimensional design of the largest gain: a coarse scan, then a bounded search around its best.

    Parameters
    ----------
    gain
        Expected gain of a design.
    bounds
        Smallest and largest design.
    coarse
        Points of the scan.

    Returns
    -------
    tuple
        The design, and the scan as pairs (design, gain).
    """
    scan = [(float(phi), gain(float(phi)).lower) for phi in np.linspace(*bounds, coarse)]
    best = int(np.argmax([value for _, value in scan]))
    low, high = scan[max(best - 1, 0)][0], scan[min(best + 1, coarse - 1)][0]
    found = minimize_scalar(
        lambda phi: -gain(float(phi)).lower, bounds=(low, high), method="bounded", options={"maxiter": 15}
    )
    return (float(found.x) if -found.fun > scan[best][1] else scan[best][0]), scan


def _log_likelihood(estimator: LogRatio | LogLikelihood, theta: Tensor, x: Tensor) -> Tensor:
    """Return the sum over events of log r with shape ``(n,)`` for theta ``(n, M, D)`` and x ``(n, M, *L)``."""
    value = log_likelihood_of(estimator)(theta, x)
    if value.shape != theta.shape[:-1]:
        raise WrongEstimator(
            estimator,
            f"one number for each θ and x, shape {tuple(theta.shape[:-1])}; it returned {tuple(value.shape)}",
            f"Sum or squeeze the last dimension, and see that it was written for events of shape {tuple(x.shape[2:])}.",
        )
    return value.sum(dim=-1)


def _draw(prior: LawLike | Tensor, count: int, seed: int) -> Tensor:
    if isinstance(prior, Tensor):
        chosen = np.random.default_rng(seed).integers(0, len(prior), count)
        return prior[torch.from_numpy(chosen)].to(torch.float64)
    return Prior(prior).sample(count, seed)
