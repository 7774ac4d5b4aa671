r"""From an estimator, a prior and an observation to a posterior.

.. math:: p(θ|x_1 … x_M) \propto π(θ) \prod_i \hat r(x_i|θ)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor
from torch.distributions import Distribution

from motherlode.inference.batched import BATCHED, run_batched
from motherlode.inference.optimize import maximize
from motherlode.inference.potential import Observation, Potential
from motherlode.inference.prior import Prior
from motherlode.inference.pyro_mcmc import KERNELS, run_pyro
from motherlode.inference.results import PosteriorSamples
from motherlode.inference.start import starting_points

__all__ = ["Posterior", "posterior"]


def posterior(
    estimator: object,
    prior: Distribution | Mapping[str, Distribution],
    x_observed: ArrayLike | Tensor,
    names: Sequence[str] | None = None,
) -> "Posterior":
    """Combine an estimator, a prior and M independent observed events into a posterior.

    Parameters
    ----------
    estimator
        Anything with ``log_ratio(theta, x)`` or ``log_prob(x, theta)``; a closed form is as good as a network.
    prior
        A torch or Pyro distribution, or a mapping from parameter names to distributions.
    x_observed
        Events with shape ``(M, *L)``.
    names
        Parameter names. Default: the mapping's keys, else ``theta`` or ``theta_1 …``.

    Raises
    ------
    UnusableObservation
        If it is empty or has values that are not finite.
    UnusablePrior
        If the prior is discrete, improper, or the names do not fit.
        If the estimator has no likelihood.
    """
    return Posterior(Potential(estimator, Prior(prior, names), Observation(x_observed)))


@dataclass(frozen=True)
class Posterior:
    """A posterior that can be evaluated, maximized and sampled.

    Attributes
    ----------
    potential
        Its unnormalized log-density.
    """

    potential: Potential

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the D parameters."""
        return self.potential.prior.names

    def log_prob(self, theta: ArrayLike | Tensor) -> NDArray[np.float64]:
        """Return the log-posterior up to a constant, with shape ``(*B,)`` for theta ``(*B, D)``; -inf off the prior."""
        points = torch.as_tensor(theta if isinstance(theta, Tensor) else np.asarray(theta), dtype=torch.float64)
        with torch.no_grad():
            value: NDArray[np.float64] = self.potential.log_prob(points).numpy()
        return value

    def map(self, starts: int = 10, seed: int = 0) -> NDArray[np.float64]:
        """Return the θ of highest posterior density, shape ``(D,)``, best of several local climbs."""
        return maximize(self.potential, starts, seed)

    def mcmc(
        self,
        method: str = "nuts",
        chains: int = 20,
        samples: int = 500,
        warmup: int = 300,
        seed: int = 0,
        progress: bool = False,
        **settings: Any,
    ) -> PosteriorSamples:
        """Sample by Markov chains.

        Parameters
        ----------
        method
            ``"nuts"`` or ``"chees"``: all chains in one batched evaluation, so 20 cost little more than one. Or Pyro's
            own kernels, one chain after another: ``"pyro-nuts"``, ``"pyro-hmc"``, ``"pyro-random-walk"``.
        chains
            Number of chains, started at distinct prior draws.
        samples, warmup
            Draws kept and discarded for each chain.
        seed
            The same seed gives the same draws.
        progress
            Show a progress bar.
        settings
            Passed on: ``target_accept``, ``dense``, ``max_depth`` of the batched kernels, or the arguments of Pyro's.

        Warns
        -----
        ConvergenceWarning
            If R-hat exceeds 1.01 or trajectories diverged.
        """
        if method not in (*BATCHED, *KERNELS):
            choices = ", ".join(map(repr, (*BATCHED, *KERNELS)))
            raise ValueError(f"{method!r} is no sampler known here. Nothing was run. Choose one of {choices}.")
        run = run_batched if method in BATCHED else run_pyro
        starts = starting_points(self.potential, chains, seed)
        return run(self.potential, starts, method, samples, warmup, seed, progress, **settings).warn()
