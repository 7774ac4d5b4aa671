r"""Approximate Bayesian computation: the baseline that needs no estimator.

.. math:: \{θ_i : |s(x_i) - s(x^{obs})| < ε\}

The draws nearest to the observation are kept and, if asked, moved along a local linear regression (Beaumont, Zhang,
Balding, "Approximate Bayesian computation in population genetics" (2002)), in the prior's unconstrained coordinates.
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import ArrayLike

from motherlode.core.types import Array, LawLike
from motherlode.events.simulator import Simulates
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior
from motherlode.inference.results import PosteriorSamples

__all__ = ["abc"]


def abc(
    simulator: Simulates,
    prior: LawLike,
    x_observed: ArrayLike,
    summary: Callable[[Array], Array] | None = None,
    simulations: int = 100_000,
    keep: int = 500,
    adjust: bool = True,
    seed: int = 0,
) -> PosteriorSamples:
    """Keep the prior draws whose simulated data come nearest to the observed.

    Parameters
    ----------
    simulator
        Has ``simulate(theta, seed, first)``.
    prior
        The prior.
    x_observed
        Observed events with shape ``(M, *L)``; each simulation makes M too.
    summary
        From data sets ``(n, M, *L)`` to ``(n, k)``. Default: the mean over events.
    simulations, keep
        Data sets simulated, and kept.
    adjust
        Correct kept draws for their remaining distance by linear regression.
    seed
        Seed of all randomness.

    Returns
    -------
    PosteriorSamples
        One chain of ``keep`` draws; ``info["tolerance"]`` is the largest distance kept, in standard deviations.
    """
    begin = time.perf_counter()
    observed, law = Observation(x_observed).numpy(), Prior(prior)
    summarize = summary if summary is not None else lambda data: data.mean(axis=1).reshape(len(data), -1)
    theta = law.sample(simulations, seed).numpy()
    x = np.asarray(simulator.simulate(np.repeat(theta, len(observed), axis=0), seed, 0), dtype=np.float64)
    features = summarize(x.reshape(simulations, len(observed), *x.shape[1:]))
    target = summarize(observed[None])[0]
    scale = np.maximum(np.median(np.abs(features - np.median(features, axis=0)), axis=0) * 1.4826, 1e-12)
    offset = (features - target) / scale
    distance = np.sqrt((offset**2).sum(axis=1))
    nearest = np.argsort(distance, kind="stable")[:keep]
    u = law.unconstrain(torch.from_numpy(theta[nearest])).numpy()
    moved = _regress(u, offset[nearest], distance[nearest]) if adjust else u
    samples = law.constrain(torch.from_numpy(moved))[0].numpy()[None]
    return PosteriorSamples(
        samples=samples,
        names=law.names,
        log_prob=np.full((1, keep), np.nan),
        method="abc",
        divergences=np.zeros((1, keep), dtype=bool),
        acceptance=np.array([keep / simulations]),
        independent=True,
        seconds=time.perf_counter() - begin,
        info={"tolerance": float(distance[nearest].max())},
    )


def _regress(u: Array, offset: Array, distance: Array) -> Array:
    """Subtract what a local linear regression explains by the distance, near draws counting more."""
    weight = np.sqrt(np.maximum(1.0 - (distance / (distance.max() * 1.0001)) ** 2, 0.0))[:, None]
    design = np.hstack([np.ones((len(u), 1)), offset])
    coefficients = np.linalg.lstsq(weight * design, weight * u, rcond=None)[0]
    moved: Array = u - offset @ coefficients[1:]
    return moved
