"""Frequentist inference in one object: fit, profile, intervals by Wilks, by Neyman's construction and by CLs."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from torch.distributions import Distribution
from tqdm.auto import tqdm

from motherlode.events.simulator import Simulates
from motherlode.inference.errors import InferenceError, UnusablePrior
from motherlode.inference.frequentist.baselines import Baselines, Seen, abc_region, default_prior
from motherlode.inference.frequentist.contours import trace_contour
from motherlode.inference.frequentist.expected import asimov_region, expected_region
from motherlode.inference.frequentist.fit import Estimate, fit
from motherlode.inference.frequentist.impacts import Impacts, impacts
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.frequentist.neyman import construct
from motherlode.inference.frequentist.regions import Grid, Points, Region
from motherlode.inference.frequentist.toys import Scan, Toys
from motherlode.inference.frequentist.upper import UpperLimit, upper_limit
from motherlode.inference.frequentist.wilks import wilks_region
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior

__all__ = ["Limits"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """What the observed events say about θ, without a prior.

    Attributes
    ----------
    experiment
        The likelihood.
    observation
        The observed events.
    interest
        Names of the parameters of interest.
    """

    experiment: Experiment
    observation: Observation
    interest: tuple[str, ...]

    def mle(self, starts: int = 10, seed: int = 0) -> Estimate:
        """Maximize the likelihood inside the bounds, from several random starts.

        Raises
        ------
        InferenceError
            If none of them has a finite likelihood.
        """
        low, high = self.experiment.bounds.T
        points = low + (high - low) * np.random.default_rng(seed).random((starts, len(low)))
        best = fit(self.experiment, self.observation, points)
        if not np.isfinite(best.log_likelihood):
            raise InferenceError(
                f"none of {starts} points inside the bounds has a finite likelihood. A fit has nowhere to begin. Check "
                "the estimator at a θ that you believe in, narrow the bounds, or raise starts=."
            )
        return best

    def impacts(self, starts: int = 10, seed: int = 0) -> Impacts:
        """Return how far the data pull each constrained nuisance and how far it moves the first interest."""
        return impacts(self.experiment, self.observation, self.mle(starts, seed), self.interest[0])

    def wilks(self, points: Points = 51, starts: int = 5, seed: int = 0) -> Region:
        """Profile the likelihood over a grid of the parameters of interest and read p-values off χ².

        Right for many events, a maximum inside the bounds and a calibrated estimator; :meth:`neyman` needs none.
        Intervals of one parameter are roots of the profile, however coarse the grid.
        """
        grid = Grid.over({name: self._bounds(name) for name in self.interest}, points)
        return wilks_region(self.experiment, self.observation, self.mle(starts, seed), self.interest, grid)

    def contour(self, level: float = 0.6827, points: int = 48, starts: int = 5, seed: int = 0) -> Array:
        """Trace the profile likelihood ratio's contour in two parameters of interest, without a grid.

        Parameters
        ----------
        level
            Confidence level by Wilks.
        points
            Points on the contour, one on each ray from the maximum: the region must be star-shaped around it.
        starts, seed
            Of the search for the maximum.

        Returns
        -------
        Array
            A closed polygon with shape ``(points + 1, 2)``.
        """
        best = self.mle(starts, seed)
        return trace_contour(self.experiment, self.observation, best, self.interest, level, points)

    def neyman(
        self,
        simulator: Simulates,
        points: Points = 25,
        toys: int = 1000,
        level: float = 0.68,
        seed: int = 0,
        pool: int | None = None,
        nodes: int | None = None,
        within: Mapping[str, tuple[float, float]] | None = None,
        executor: Executor | None = None,
        progress: bool = False,
    ) -> Region:
        """Construct confidence regions by toys from the simulator, in likelihood-ratio order (Feldman, Cousins).

        Parameters
        ----------
        simulator
            Has ``simulate(theta (N, D), seed, first) -> x (N, *L)``.
        points
            Grid points of each parameter, nuisances too; or by name their number or their values.
        toys
            Most toys at a point; fewer where the decision at ``level`` is settled.
        level
            The smallest confidence level you will ask of the region.
        seed
            Seed of the toys.
        pool
            Events simulated at each point for toys to share; None gives every toy events of its own.
        nodes
            Evaluate log r̂ at so many Chebyshev points of each parameter and interpolate: 8 in place of 25 in two
            dimensions cost a tenth. Observation and toys see the same statistic, so coverage stays what it is;
            ``info["interpolation_error"]`` says how far it is from the one without interpolation.
        within
            Test only the points of interest in this box, by name, and return the region there; θ̂ still ranges over the
            whole grid, so a box chosen by an earlier scan leaves the statistic what it was.
        executor
            Runs the points in parallel.
        progress
            Show a progress bar over points.
        """
        made = self.toys(simulator, points, seed, pool, nodes)
        bar = partial(tqdm, disable=not progress, unit=" points", desc="neyman")
        return construct(made, self.observation, toys, level, within, executor, bar)

    def cls(
        self, simulator: Simulates, points: int = 41, toys: int = 1000, level: float = 0.95, seed: int = 0
    ) -> UpperLimit:
        """Set an upper limit on one signal strength by CLs with its expected bands; arguments as in :meth:`neyman`.

        A limit beyond the upper bound is +inf, and a :class:`GridWarning` says so.
        """
        return upper_limit(self.toys(simulator, points, seed, None), self.observation, toys, level)

    def asimov(
        self,
        simulator: Simulates,
        theta: ArrayLike,
        points: Points = 51,
        events: int = 10_000,
        seed: int = 0,
    ) -> Region:
        """Return the region to be expected at θ: Wilks on the mean log-likelihood of ``events`` simulated there.

        It is centred on θ: the statistical error of the mean score is taken out, and told as ``info["score_z"]``.
        """
        return asimov_region(self.toys(simulator, points, seed), np.asarray(theta, dtype=np.float64), events)

    def expected(
        self,
        simulator: Simulates,
        theta: ArrayLike,
        points: Points = 51,
        toys: int = 500,
        seed: int = 0,
    ) -> Region:
        """Return the median over toys at θ of Wilks' p-values, with their spread in ``info["band"]`` ``(5, P)``."""
        return expected_region(self.toys(simulator, points, seed), np.asarray(theta, dtype=np.float64), toys)

    def compare(
        self,
        simulator: Simulates,
        points: Points = 41,
        method: Literal["wilks", "neyman"] = "wilks",
        toys: int = 500,
        baselines: Baselines | None = None,
        seed: int = 0,
    ) -> dict[str, Region]:
        """Set the limits of this estimator beside those of simpler statistics, by label, for one figure.

        Parameters
        ----------
        simulator
            Fills the histograms, feeds ABC, and throws the toys of ``method="neyman"``.
        points
            Grid points of each parameter.
        method
            How the likelihoods become regions; ABC gives credible ones under a flat prior.
        toys
            Most toys at a point.
        baselines
            What to compare with: summary histograms, SALLY and SALLINO, ABC.
        seed
            Seed of the toys.
        """
        settings = baselines if baselines is not None else Baselines()
        x, experiment = self.observation.numpy(), self.experiment
        bounds = {name: self._bounds(name) for name in experiment.inner}
        simpler = settings.likelihoods(simulator, bounds, tuple(x.shape[1:]))
        found = {"learned": self._region(simulator, points, method, toys, seed)}
        for label, (likelihood, statistic) in simpler.items():
            other = Experiment(likelihood, bounds, experiment.rate, experiment.mode, experiment.constraints)
            observed = Observation(statistic(x), may_be_empty=experiment.counted)
            study = Limits(other, observed, self.interest)
            found[label] = study._region(Seen(simulator, statistic), points, method, toys, seed)
        if settings.simulations and len(self.observation) > 0:
            axes, prior = self.scan(points).axes, default_prior(experiment)
            found["ABC"] = abc_region(experiment, simulator, self.observation, axes, prior, settings)
        return found

    def credible(self, prior: Distribution | Mapping[str, Distribution], points: Points = 51) -> Region:
        """Return Bayesian regions of highest density on the same grid, nuisances integrated out.

        Parameters
        ----------
        prior
            A distribution over the parameters in the order of the bounds, or one of each by name, in any order.
        points
            As in :meth:`neyman`; masses are densities times the distance between neighbouring points.

        Raises
        ------
        UnusablePrior
            If it names other parameters, or has no density at any grid point.
        """
        scan = self.scan(points)
        log_prior = Prior(prior, self.experiment.names).log_prob(torch.from_numpy(_inside(scan.grid.points))).numpy()
        if not np.isfinite(log_prior).any():
            raise UnusablePrior(
                f"the prior has no density at any of {len(scan.grid)} grid points, so no region holds any of it. "
                "Choose bounds inside the prior, or more points."
            )
        log_mass = scan.observed(self.observation) + log_prior + np.log(scan.grid.cells)
        log_density = logsumexp(scan.fold(log_mass[None])[0], axis=1) - np.log(scan.axes.cells)
        return Region.credible(scan.axes, log_density)

    def toys(
        self,
        simulator: Simulates,
        points: Points,
        seed: int,
        pool: int | None = None,
        nodes: int | None = None,
    ) -> Toys:
        """Return how experiments like this one are simulated and scanned."""
        return Toys(self.scan(points, nodes), simulator, len(self.observation), seed, pool)

    def scan(self, points: Points, nodes: int | None = None) -> Scan:
        """Return the grid over all parameters with the likelihood on it."""
        bounds = {name: self._bounds(name) for name in self.experiment.names}
        return Scan(self.experiment, Grid.over(bounds, points), self.interest, nodes)

    def _region(self, simulator: Simulates, points: Points, method: str, toys: int, seed: int) -> Region:
        if method == "wilks":
            return self.wilks(points, seed=seed)
        return self.neyman(simulator, points, toys, seed=seed)

    def _bounds(self, name: str) -> tuple[float, float]:
        low, high = self.experiment.bounds[self.experiment.names.index(name)]
        return float(low), float(high)


def _inside(points: Array) -> Array:
    """Move the outermost of grid points a millionth inside: at its very end a uniform law has no density."""
    low, high = points.min(axis=0), points.max(axis=0)
    step = 1e-6 * (high - low) + 2.0**-23 * np.maximum(np.abs(low), np.abs(high))
    step = np.minimum(step, 0.5 * (high - low))
    return np.asarray(np.clip(points, low + step, high - step))
