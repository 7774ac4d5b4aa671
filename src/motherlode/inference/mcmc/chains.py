"""Run many chains in one batched evaluation: warm-up from the pooled chains, then draws with everything frozen."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from tqdm.auto import tqdm

from motherlode.core.streams import Stream, philox_generator
from motherlode.core.types import Array, Bools
from motherlode.inference.mcmc.adaptation import StepSize, Target, Whitening, reasonable_step, windows
from motherlode.inference.mcmc.chees import Chees
from motherlode.inference.mcmc.nuts import Finished, Nuts

__all__ = ["ChainSettings", "Chains", "run_chains"]


class ChainSettings(TypedDict, total=False):
    """How chains move; see :func:`run_chains`."""

    target_accept: float
    dense: bool
    max_depth: int


@dataclass(frozen=True)
class Chains:
    """Draws of C chains in unconstrained coordinates.

    Attributes
    ----------
    positions
        Shape ``(C, samples, d)``.
    log_density
        Shape ``(C, samples)``.
    divergences
        Shape ``(C, samples)``.
    acceptance
        Mean acceptance of each chain with shape ``(C,)``.
    step
        Step size in whitened coordinates.
    calls
        Batched gradient calls after warm-up and in it.
    seconds
        CPU time after warm-up and in it.
    """

    positions: Array
    log_density: Array
    divergences: Bools
    acceptance: Array
    step: float
    calls: tuple[int, int]
    seconds: tuple[float, float]


class _Counted:
    """A target that counts its calls."""

    def __init__(self, target: Target) -> None:
        self.calls = 0
        self._target = target

    def __call__(self, u: Array) -> tuple[Array, Array]:
        self.calls += 1
        return self._target(u)


def run_chains(
    target: Target,
    starts: Array,
    samples: int,
    warmup: int,
    seed: int,
    kernel: str = "nuts",
    target_accept: float = 0.9,
    dense: bool = True,
    max_depth: int = 10,
    progress: bool = False,
) -> Chains:
    """Sample a density with C chains whose gradients are evaluated together.

    Parameters
    ----------
    target
        Positions ``(C, d)`` to log-densities ``(C,)`` and gradients ``(C, d)``.
    starts
        Starting points with shape ``(C, d)``.
    samples, warmup
        Transitions of each chain that are kept, and (on average) discarded.
    seed
        Seed of all randomness.
    kernel
        ``"nuts"`` or ``"chees"``.
    target_accept
        Mean acceptance aimed at in warm-up. 0.8 spends a quarter fewer gradients on a posterior near a Gaussian, and is
        biased on curved ones: E[u²] of a banana by -1 % (z = -2.6 over 24 runs), of which 0.9 shows nothing.
    dense
        Learn the full covariance of the posterior, else only its diagonal.
    max_depth
        A NUTS tree has at most ``2**max_depth`` steps.
    progress
        Show a progress bar over transitions.

    Raises
    ------
    ValueError
        If ``target_accept`` is no probability between 0 and 1.
    """
    if not 0.0 < target_accept < 1.0:
        raise ValueError(
            f"target_accept is {target_accept}: no step size has that mean acceptance. Choose it in (0, 1), as 0.9."
        )
    generator = philox_generator(seed, 0, Stream.CHAINS)
    counted = _Counted(target)
    total = len(starts) * (warmup + samples)
    with tqdm(total=total, disable=not progress, unit=" draws", desc=kernel) as bar, np.errstate(all="ignore"):
        run = _Run(counted, starts, generator, kernel, target_accept, dense, max_depth, bar.update)
        run.warm_up(warmup)
        return run.draw(samples)


class _Run:
    """One run: the whitening found so far, where the chains are, and the sampler on top."""

    def __init__(
        self,
        target: _Counted,
        starts: Array,
        generator: np.random.Generator,
        kernel: str,
        target_accept: float,
        dense: bool,
        max_depth: int,
        progress: Callable[[int], bool | None],
    ) -> None:
        self.target, self.generator, self.kernel = target, generator, kernel
        self.target_accept, self.dense, self.max_depth, self.progress = target_accept, dense, max_depth, progress
        self.u, self.step, self.length = starts.copy(), 0.1, 1.5
        self.begin = time.process_time()
        self.whitening = Whitening(np.eye(starts.shape[1]))

    def warm_up(self, warmup: int) -> None:
        """Go through the windows; the first and the last leave the mass matrix alone."""
        lengths = windows(warmup)
        for i, length in enumerate(lengths):
            draws = self._window(length * len(self.u))
            if 0 < i < len(lengths) - 1 and len(draws) > 2 * self.u.shape[1]:
                self.whitening, self.length = Whitening.estimate(draws, self.dense), 1.5

    def draw(self, samples: int) -> Chains:
        """Collect exactly ``samples`` transitions of every chain."""
        warm_calls, warm = self.target.calls, time.process_time()
        sampler = self._sampler()
        if isinstance(sampler, Chees):
            sampler.settle()
        store = _Store(len(self.u), samples, self.u.shape[1])
        while store.missing:
            self.progress(store.add(sampler.tick()))
        calls, seconds = (self.target.calls - warm_calls, warm_calls), (time.process_time() - warm, warm - self.begin)
        positions, acceptance = self.whitening.apply(store.positions), store.acceptance.mean(axis=1)
        return Chains(positions, store.log_density, store.divergences, acceptance, self.step, calls, seconds)

    def _sampler(self) -> Nuts | Chees:
        target, w = self.whitening.pull_back(self.target), self.whitening.invert(self.u)
        if self.kernel == "chees":
            return Chees(target, w, self.step, self.generator, self.length)
        return Nuts(target, w, self.step, self.generator, self.max_depth)

    def _window(self, transitions: int) -> Array:
        """Adapt the step size over that many transitions of any chain; return their draws ``(n, d)``."""
        target, w = self.whitening.pull_back(self.target), self.whitening.invert(self.u)
        adaptation = StepSize(self.target_accept, np.log(reasonable_step(target, w, self.generator)))
        self.step = adaptation.step
        sampler, seen, draws = self._sampler(), 0, []
        round_ = _Round(len(self.u), waits=self.kernel == "nuts")
        while seen < transitions:
            finished = sampler.tick()
            if round_.complete(finished):
                adaptation.update(round_.mean())
                sampler.step = adaptation.step
            self.progress(min(len(finished.chains), transitions - seen))
            seen += len(finished.chains)
            draws.append(finished.positions)
            self.u[finished.chains] = self.whitening.apply(finished.positions)
        self.step = adaptation.mean_step
        self.length = sampler.length if isinstance(sampler, Chees) else self.length
        return self.whitening.apply(np.concatenate(draws))


class _Round:
    """One transition of every chain, all begun under the same step size.

    Bad steps end their trees at once and good ones late, so feeding transitions as they end would count the bad ones
    more often and drive the step size to zero.
    """

    def __init__(self, chains: int, waits: bool) -> None:
        self._waits = waits
        self._fresh = np.full(chains, fill_value=True)
        self._acceptance = np.full(chains, np.nan)

    def complete(self, finished: Finished) -> bool:
        """Take in what a tick finished; say whether every chain has contributed."""
        counts = finished.chains[self._fresh[finished.chains]]
        self._acceptance[counts] = finished.acceptance[self._fresh[finished.chains]]
        self._fresh[finished.chains] = True
        return not np.isnan(self._acceptance).any()

    def mean(self) -> float:
        """Return the mean acceptance of the round and begin the next."""
        mean = float(self._acceptance.mean())
        self._acceptance[:] = np.nan
        self._fresh[:] = not self._waits
        return mean


class _Store:
    """The first ``samples`` transitions of every chain."""

    def __init__(self, chains: int, samples: int, dimension: int) -> None:
        self.positions = np.zeros((chains, samples, dimension))
        self.log_density, self.acceptance = np.zeros((2, chains, samples))
        self.divergences = np.zeros((chains, samples), dtype=bool)
        self.count = np.zeros(chains, dtype=np.int64)
        self.missing = chains * samples

    def add(self, finished: Finished) -> int:
        """Keep the transitions of chains that still lack some; return how many were kept."""
        keep = self.count[finished.chains] < self.positions.shape[1]
        rows = finished.chains[keep]
        place = self.count[rows]
        self.positions[rows, place] = finished.positions[keep]
        self.log_density[rows, place] = finished.log_density[keep]
        self.acceptance[rows, place] = finished.acceptance[keep]
        self.divergences[rows, place] = finished.diverged[keep]
        self.count[rows] += 1
        self.missing -= len(rows)
        return len(rows)
