r"""From an estimator, a prior and an observation to a posterior.

.. math:: p(θ|x_1 … x_M) \propto π(θ) \prod_i \hat r(x_i|θ)
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from motherlode.core.types import Array, Foreign, LawLike
from motherlode.estimators.protocols import DirectPosterior, Estimate
from motherlode.estimators.randomness import seeded
from motherlode.estimators.trained_range import warn_out_of_range
from motherlode.inference.convergence import members_of
from motherlode.inference.direct import DirectRatio, as_one_outcome, draw_inside
from motherlode.inference.errors import UnusableObservation, UnusablePrior
from motherlode.inference.importance import resample, warn_unnormalized
from motherlode.inference.mcmc.batched import BATCHED, run_batched
from motherlode.inference.mcmc.pyro_kernels import KERNELS, run_pyro
from motherlode.inference.potential import Observation, Potential
from motherlode.inference.prior import Prior
from motherlode.inference.proposed import in_recorded_order, proposal_of, sample_reweighted, warn_unlike_proposal
from motherlode.inference.results import PosteriorSamples
from motherlode.inference.search import maximize, starting_points
from motherlode.inference.variational.guides import Guide, GuideSettings, fit_guide

__all__ = ["Posterior", "posterior"]


def posterior(
    estimator: Estimate,
    prior: LawLike,
    x_observed: ArrayLike | Tensor,
    names: Sequence[str] | None = None,
    proposal: LawLike | None = None,
) -> "Posterior":
    """Combine an estimator, a prior and M independent observed events into a posterior.

    Parameters
    ----------
    estimator
        Anything with ``log_ratio(theta, x)`` or ``log_prob(x, theta)``, a closed form as well as a network; or a
        posterior density ``log_prob(theta, x)``, trained on sets of M where M > 1.
    prior
        The law of θ in any form that :meth:`motherlode.Law.of` reads: a torch or Pyro distribution, a mapping from
        parameter names to distributions, a Law.
    x_observed
        Events with shape ``(M, *L)``.
    names
        Parameter names in the estimator's order; a mapping's distributions are put in this order. Default: the
        mapping's keys, in the order that the estimator's record has them in, else ``theta`` or ``theta_1 …``.
    proposal
        The law that θ was drawn from when a posterior density was trained, in any such form. Default: the one that its
        record tells, as after training from a store; else it is taken to be the prior. Where the two differ, the
        density is reweighted by prior over proposal. Ratios and likelihoods hold under any prior: to them it is of no
        consequence.

    Raises
    ------
    UnusableObservation
        If it is empty, has values that are not finite, or holds more events than a posterior density can take.
    UnusablePrior
        If the prior is discrete, improper, or the names or the proposal do not fit.
    WrongEstimator
        If the estimator has no likelihood.

    Warns
    -----
    OutOfRangeWarning
        If the prior or the observation reaches outside what the estimator was trained on, or the prior of a posterior
        density of unknown proposal is much narrower than that.
    UnnormalizedPriorWarning
        If a prior of your own does not integrate to one.

    Examples
    --------
    A closed form will do: x ~ Normal(θ, 1).

    >>> import torch
    >>> import motherlode
    >>> class Gaussian:
    ...     def log_prob(self, x, theta):
    ...         return torch.distributions.Normal(theta[..., 0], 1.0).log_prob(x[..., 0])
    >>> prior = {"mean": torch.distributions.Normal(0.0, 10.0)}
    >>> samples = motherlode.posterior(Gaussian(), prior, [[0.9], [1.1]]).mcmc(chains=4, samples=100, seed=1)
    >>> samples.samples.shape
    (4, 100, 1)
    """
    law, observation = Prior(prior, names), Observation(x_observed)
    law = law if names is not None else in_recorded_order(estimator, law)
    _check_shapes(estimator, law, observation)
    warn_unnormalized(law)
    warn_out_of_range(estimator, law.sample(1000, seed=0), observation.x, "prior")
    if not isinstance(estimator, DirectPosterior):
        return Posterior(Potential(estimator, law, observation), estimator)
    whole = Observation(as_one_outcome(estimator, observation.x))
    proposed = proposal_of(estimator, law, proposal)
    warn_unlike_proposal(estimator, law, proposed)
    proposed = proposed or law
    return Posterior(Potential(DirectRatio(estimator, proposed), law, whole), estimator, proposed)


@dataclass(frozen=True)
class Posterior:
    """A posterior that can be evaluated, maximized and sampled.

    Attributes
    ----------
    potential
        Its unnormalized log-density.
    estimator
        The estimator behind it.
    proposal
        What the θ of a posterior density were proposed from: ``potential.prior`` itself where they are one law.
    """

    potential: Potential
    estimator: Estimate
    proposal: Prior | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the D parameters."""
        return self.potential.prior.names

    def log_prob(self, theta: ArrayLike | Tensor) -> Array:
        """Return the log-posterior up to a constant, with shape ``(*B,)`` for theta ``(*B, D)``; -inf off the prior."""
        points = torch.as_tensor(theta if isinstance(theta, Tensor) else np.asarray(theta), dtype=torch.float64)
        with torch.no_grad():
            value: Array = self.potential.log_prob(points).numpy()
        return value

    def map(self, starts: int = 10, seed: int = 0) -> Array:
        """Return the θ of highest posterior density, shape ``(D,)``, best of several local climbs."""
        return maximize(self.potential, starts, seed)

    def sample(self, count: int = 1000, seed: int = 0) -> PosteriorSamples:
        """Draw independently: directly from a posterior density of this prior, else by importance resampling.

        Parameters
        ----------
        count
            Draws wanted.
        seed
            The same seed gives the same draws.

        Warns
        -----
        ConvergenceWarning
            If the Pareto k-hat of the importance weights exceeds 0.7: then use :meth:`mcmc`.

        Raises
        ------
        UnusableObservation
            If a posterior density has no draws inside the prior.
        """
        if not isinstance(self.estimator, DirectPosterior):
            return resample(self.potential, count, seed).warn()
        if self.proposal is not None and self.proposal is not self.potential.prior:
            return sample_reweighted(self.potential, self.estimator, self.proposal, count, seed).warn()
        begin, x = time.perf_counter(), self.potential.observation.x
        with torch.no_grad(), seeded(seed):
            theta, inside = draw_inside(self.estimator, self.potential.prior, x, count)
        return PosteriorSamples(
            samples=theta.numpy()[None],
            names=self.names,
            log_prob=self.log_prob(theta)[None],
            method="direct",
            divergences=np.zeros((1, count), dtype=bool),
            acceptance=np.array([inside]),
            independent=True,
            seconds=time.perf_counter() - begin,
        )

    def vi(
        self,
        guide: str | Callable[[Callable[[], None]], Guide] = "multivariate_normal",
        steps: int = 2000,
        samples: int = 4000,
        seed: int = 0,
        **settings: Unpack[GuideSettings],
    ) -> PosteriorSamples:
        """Fit a guide by Pyro's SVI in unconstrained coordinates and draw from it.

        Parameters
        ----------
        guide
            ``"normal"``, ``"multivariate_normal"``, ``"low_rank"``, ``"flow"``, or one of Pyro's autoguide classes.
        steps
            Most optimizer steps; fewer once the ELBO has settled.
        samples
            Draws from the guide.
        seed
            The same seed gives the same draws.
        settings
            ``learning_rate``, ``particles``, ``tolerance``, ``progress``.

        Warns
        -----
        ConvergenceWarning
            If importance weights, or the gap between ELBO and evidence, say that the guide misses a part.
        """
        starts = starting_points(self.potential, 20 * self.potential.prior.free_dimension, seed)
        return fit_guide(self.potential, starts, guide, steps, samples, seed, **settings).warn()

    def mcmc(
        self,
        method: str = "nuts",
        chains: int = 20,
        samples: int = 500,
        warmup: int = 200,
        seed: int = 0,
        progress: bool = False,
        superchains: int | None = None,
        **settings: Foreign,
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
        superchains
            Start the chains at this many points, a divisor of ``chains``, instead of one each, and judge them by the
            nested R-hat: for many short chains, whose single means R-hat would find too noisy.
        settings
            Passed on: ``target_accept``, ``dense``, ``max_depth`` of the batched kernels, or the arguments of Pyro's.

        Warns
        -----
        ConvergenceWarning
            If R-hat exceeds 1.01, a chain stays away from the others, or trajectories diverged.
        """
        if method not in (*BATCHED, *KERNELS):
            choices = ", ".join(map(repr, (*BATCHED, *KERNELS)))
            raise ValueError(f"{method!r} is no sampler known here. Nothing was run. Choose one of {choices}.")
        _check_counts(chains=(chains, 1), samples=(samples, 1), warmup=(warmup, 0), seed=(seed, 0))
        run = run_batched if method in BATCHED else run_pyro
        starts = starting_points(self.potential, superchains or chains, seed)
        if superchains:
            starts = starts.repeat_interleave(members_of(chains, superchains), dim=0)
        result = run(self.potential, starts, method, samples, warmup, seed, progress, **settings)
        return replace(result, superchains=superchains, fixed=self.potential.prior.law.fixed).warn()


def _check_counts(**counts: tuple[int, int]) -> None:
    for name, (given, least) in counts.items():
        if given < least:
            raise ValueError(f"{name} is {given}: nothing can be drawn so. Pass at least {least}.")


def _check_shapes(estimator: Estimate, prior: Prior, observation: Observation) -> None:
    """Refuse θ and x of other shapes than a trained estimator says it was trained on."""
    parameters, shape = getattr(estimator, "parameters_count", None), getattr(estimator, "shape", None)
    if not isinstance(parameters, int) or not isinstance(shape, tuple):
        return
    name = type(estimator).__name__
    if prior.dimension != parameters:
        raise UnusablePrior(
            f"the prior has {prior.dimension} parameters {prior.names}, and the {name} was trained on {parameters}. "
            "Both must be the same, in one order. Give every parameter of the simulator a prior."
        )
    if not isinstance(estimator, DirectPosterior) and tuple(observation.x.shape[1:]) != shape:
        rows = ", ".join(("M", *map(str, shape)))
        raise UnusableObservation(
            observation.x.shape,
            f"is not made of events of shape {shape}, on which the {name} was trained.",
            f"Pass x_observed with shape ({rows}), one row an event.",
        )
