"""Pyro's own kernels on the potential, one chain after another in this process."""

import time
from collections.abc import Mapping

import numpy as np
import torch
from pyro.infer import HMC, MCMC, NUTS, RandomWalkKernel
from torch import Tensor

from motherlode.core.types import Foreign, ForeignFunction
from motherlode.estimators.randomness import seeded
from motherlode.inference.potential import Potential
from motherlode.inference.results import PosteriorSamples

__all__ = ["KERNELS", "run_pyro"]

KERNELS: Mapping[str, ForeignFunction] = {
    "pyro-nuts": lambda potential, **settings: NUTS(potential_fn=potential.negative, **settings),
    "pyro-hmc": lambda potential, **settings: HMC(
        potential_fn=potential.negative, **{"trajectory_length": 1.5, **settings}
    ),
    "pyro-random-walk": lambda potential, **settings: RandomWalkKernel(potential.model, **settings),
}
"""Pyro's kernels by the name of the method: each takes a potential and its own settings."""


def run_pyro(
    potential: Potential,
    starts: Tensor,
    method: str,
    samples: int,
    warmup: int,
    seed: int,
    progress: bool = False,
    **settings: Foreign,
) -> PosteriorSamples:
    """Run ``pyro.infer.MCMC`` once per starting point.

    Parameters
    ----------
    potential
        The log-posterior.
    starts
        Starting points in unconstrained space with shape ``(chain, d)``.
    method
        A key of :data:`KERNELS`.
    samples, warmup
        Draws kept and discarded for each chain.
    seed
        Chain c uses torch's generator seeded with ``seed + c``.
    progress
        Show Pyro's progress bar.
    settings
        Passed to the kernel, e.g. ``target_accept_prob=0.9``.
    """
    begin, warm = time.perf_counter(), 0.0
    runs = []
    for chain, start in enumerate(starts):
        kernel = KERNELS[method](potential, **settings)
        mcmc = MCMC(
            kernel,
            num_samples=samples,
            warmup_steps=warmup,
            initial_params={"u": start},
            disable_progbar=not progress,
            hook_fn=(ended := _WarmupEnd()),
        )
        started = time.process_time()
        with seeded(seed + chain):
            mcmc.run()
        warm += ended.at - started
        runs.append((mcmc.get_samples()["u"], mcmc.diagnostics()))
    return _collect(potential, runs, method, time.perf_counter() - begin, warm)


class _WarmupEnd:
    """CPU time at the end of the last warm-up transition."""

    def __init__(self) -> None:
        self.at = time.process_time()

    def __call__(self, kernel: Foreign, parameters: Foreign, stage: str, step: int) -> None:
        """Be a hook of Pyro's MCMC, which calls it after each transition."""
        if "warmup" in stage.lower():
            self.at = time.process_time()


def _collect(
    potential: Potential, runs: list[tuple[Tensor, Mapping[str, Foreign]]], method: str, seconds: float, warm: float
) -> PosteriorSamples:
    with torch.no_grad():
        theta = potential.prior.constrain(torch.stack([u for u, _ in runs]))[0]
        log_prob = potential.log_prob(theta)
    diverged = np.zeros(theta.shape[:2], dtype=bool)
    for chain, (_, diagnostics) in enumerate(runs):
        diverged[chain, diagnostics.get("divergences", {}).get("chain 0", [])] = True
    rates = [diagnostics["acceptance rate"]["chain 0"] for _, diagnostics in runs]
    return PosteriorSamples(
        samples=theta.numpy(),
        names=potential.prior.names,
        log_prob=log_prob.numpy(),
        method=method,
        divergences=diverged,
        acceptance=np.asarray(rates, dtype=np.float64),
        seconds=seconds,
        info={"warmup_cpu_seconds": warm},
    )
