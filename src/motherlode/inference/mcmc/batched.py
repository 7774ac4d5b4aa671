"""Many chains on a potential: from starting points to posterior samples."""

import time
from typing import Unpack

import numpy as np
import torch
from torch import Tensor

from motherlode.inference.mcmc.chains import ChainSettings, run_chains
from motherlode.inference.mcmc.gradients import gradient_of
from motherlode.inference.potential import Potential
from motherlode.inference.results import PosteriorSamples

__all__ = ["BATCHED", "run_batched"]

BATCHED = ("nuts", "chees")
"""Methods whose chains share one batched evaluation."""


def run_batched(
    potential: Potential,
    starts: Tensor,
    method: str,
    samples: int,
    warmup: int,
    seed: int,
    progress: bool = False,
    **settings: Unpack[ChainSettings],
) -> PosteriorSamples:
    """Sample a potential by :func:`motherlode.inference.mcmc.chains.run_chains`.

    Parameters
    ----------
    potential
        The log-posterior.
    starts
        Starting points in unconstrained space with shape ``(chain, d)``.
    method
        ``"nuts"`` or ``"chees"``.
    samples, warmup, seed, progress, settings
        As in :func:`~motherlode.inference.mcmc.chains.run_chains`.
    """
    begin = time.perf_counter()
    chains = run_chains(
        gradient_of(potential), starts.numpy(), samples, warmup, seed, method, progress=progress, **settings
    )
    with torch.no_grad():
        theta, log_det = potential.prior.constrain(torch.from_numpy(chains.positions))
    return PosteriorSamples(
        samples=theta.numpy(),
        names=potential.prior.names,
        log_prob=np.asarray(chains.log_density - log_det.numpy()),
        method=method,
        divergences=chains.divergences,
        acceptance=chains.acceptance,
        seconds=time.perf_counter() - begin,
        info={
            "step": chains.step,
            "calls": chains.calls[0],
            "warmup_calls": chains.calls[1],
            "warmup_cpu_seconds": chains.seconds[1],
        },
    )
