"""Frequentist inference in one object: fit, profile, intervals by Wilks, by Neyman's construction and by CLs."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from scipy.stats import chi2
from torch import Tensor
from torch.distributions import Distribution
from tqdm.auto import tqdm

from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.fit import Estimate, fit
from motherlode.inference.frequentist.impacts import Impacts, impacts
from motherlode.inference.frequentist.likelihood import Constraint, Experiment, Mode, Rate
from motherlode.inference.frequentist.neyman import construct
from motherlode.inference.frequentist.regions import Grid, Region
from motherlode.inference.frequentist.toys import Scan, Simulates, Toys
from motherlode.inference.frequentist.upper import UpperLimit, upper_limit
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior

__all__ = ["Limits", "limits"]

Array = NDArray[np.float64]


def limits(
    estimator: object,
    x_observed: ArrayLike | Tensor,
    bounds: Mapping[str, tuple[float, float]],
    *,
    interest: Sequence[str] | None = None,
    rate: Rate | None = None,
    mode: Mode = "full",
    constraints: Mapping[str, Constraint] | None = None,
) -> "Limits":
    """Set up frequentist inference from an estimator and M observed events.

    Parameters
    ----------
    estimator
        Anything with ``log_ratio(theta, x)`` or ``log_prob(x, theta)``.
    x_observed
        Events with shape ``(M, *L)``.
    bounds
        ``(low, high)`` of each parameter by name, in the estimator's order.
    interest
        Names of the parameters of interest; the others are nuisances and profiled. Default: all without a constraint.
    rate
        Expected number of events as a function of θ.
    mode
        ``"full"``, ``"kinematics"`` or ``"rate"``.
    constraints
        Auxiliary measurements of nuisance parameters by name.

    Raises
    ------
    InferenceError, UnusableObservation, WrongEstimator
        If bounds, constraints, observation or estimator cannot be used.
    """
    experiment = Experiment(estimator, bounds, rate, mode, constraints)
    chosen = tuple(interest) if interest is not None else tuple(n for n in bounds if n not in experiment.constraints)
    if not chosen or not set(chosen) <= set(bounds):
        raise InferenceError(
            f"the parameters of interest {list(chosen)} are not among {list(bounds)}. Everything would be profiled. "
            "Name at least one parameter that has bounds."
        )
    counted = rate is not None and mode != "kinematics"
    return Limits(experiment, Observation(x_observed, may_be_empty=counted), chosen)


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
        """Maximize the likelihood inside the bounds, from several random starts."""
        low, high = self.experiment.bounds.T
        points = low + (high - low) * np.random.default_rng(seed).random((starts, len(low)))
        return fit(self.experiment, self.observation, points)

    def impacts(self, starts: int = 10, seed: int = 0) -> Impacts:
        """Return how far the data pull each constrained nuisance and how far it moves the first interest."""
        return impacts(self.experiment, self.observation, self.mle(starts, seed), self.interest[0])

    def wilks(self, points: int | Mapping[str, int] = 51, starts: int = 5, seed: int = 0) -> Region:
        """Profile the likelihood over a grid of the parameters of interest and read p-values off χ².

        Right for many events, a maximum inside the bounds and a calibrated estimator; :meth:`neyman` needs none.
        """
        best = self.mle(starts, seed)
        grid = Grid.over({name: self._bounds(name) for name in self.interest}, points)
        indices = [self.experiment.names.index(name) for name in self.interest]
        heights, start = [], best.theta
        for point in grid.points:
            held = dict(zip(indices, point.tolist(), strict=True))
            found = fit(self.experiment, self.observation, np.stack([start, best.theta]), held, with_covariance=False)
            heights.append(found.log_likelihood)
            start = found.theta
        top = max(best.log_likelihood, *heights)
        statistic = 2.0 * (top - np.array(heights))
        return Region(grid, chi2.sf(statistic, len(indices)), statistic, "wilks", best.theta[indices])

    def neyman(
        self,
        simulator: Simulates,
        points: int | Mapping[str, int] = 25,
        toys: int = 1000,
        level: float = 0.68,
        seed: int = 0,
        pool: int | None = None,
        executor: Executor | None = None,
        progress: bool = False,
    ) -> Region:
        """Construct confidence regions by toys from the simulator, in likelihood-ratio order (Feldman, Cousins).

        Parameters
        ----------
        simulator
            Has ``simulate(theta (N, D), seed, first) -> x (N, *L)``.
        points
            Grid points of each parameter, nuisances too.
        toys
            Most toys at a point; fewer where the decision at ``level`` is settled.
        level
            The smallest confidence level you will ask of the region.
        seed
            Seed of the toys.
        pool
            Events simulated at each point for toys to share; None gives every toy events of its own.
        executor
            Runs the points in parallel.
        progress
            Show a progress bar over points.
        """
        made = self.toys(simulator, points, seed, pool)
        bar = partial(tqdm, disable=not progress, unit=" points", desc="neyman")
        return construct(made, self.observation, toys, level, executor, bar)

    def cls(
        self, simulator: Simulates, points: int = 41, toys: int = 1000, level: float = 0.95, seed: int = 0
    ) -> UpperLimit:
        """Set an upper limit on one signal strength by CLs with its expected bands; arguments as in :meth:`neyman`."""
        return upper_limit(self.toys(simulator, points, seed, None), self.observation, toys, level)

    def asimov(
        self,
        simulator: Simulates,
        theta: ArrayLike,
        points: int | Mapping[str, int] = 51,
        events: int = 10_000,
        seed: int = 0,
    ) -> Region:
        """Return the region to be expected at θ: Wilks on the mean log-likelihood of ``events`` simulated there."""
        truth = np.asarray(theta, dtype=np.float64)
        scan = self.scan(points)
        x = np.asarray(simulator.simulate(np.tile(truth, (events, 1)), seed, 0), dtype=np.float64)
        number = float(len(self.observation))
        if self.experiment.rate is not None and self.experiment.mode != "kinematics":
            number = float(self.experiment.rate.expected(torch.from_numpy(truth)))
        points_ = scan.grid.points
        measured = np.array([[truth[self.experiment.names.index(name)] for name in self.experiment.constraints]])
        mean = number * self.experiment.table(x, points_).mean(axis=0)
        total = mean + self.experiment.counts(np.array([number]), points_)[0]
        statistic = scan.statistic((total + self.experiment.auxiliary(measured, points_)[0])[None])[0]
        best = scan.axes.points[int(statistic.argmin())]
        return Region(scan.axes, chi2.sf(statistic, len(self.interest)), statistic, "asimov", best, {"theta": truth})

    def credible(
        self, prior: Distribution | Mapping[str, Distribution], points: int | Mapping[str, int] = 51
    ) -> Region:
        """Return Bayesian regions of highest density on the same grid, nuisances integrated out."""
        scan = self.scan(points)
        law = Prior(prior, self.experiment.names)
        log_prior = law.log_prob(torch.from_numpy(scan.grid.points)).numpy()
        log_posterior = scan.observed(self.observation) + log_prior
        log_mass = logsumexp(scan.fold(log_posterior[None])[0], axis=1)
        mass = np.exp(log_mass - log_mass.max())
        order = np.argsort(-mass, kind="stable")
        inside = np.empty(len(mass))
        inside[order] = (np.cumsum(mass[order]) - mass[order]) / mass.sum()
        best = scan.axes.points[int(mass.argmax())]
        return Region(scan.axes, 1.0 - inside, 2.0 * (log_mass.max() - log_mass), "credible", best)

    def toys(self, simulator: Simulates, points: int | Mapping[str, int], seed: int, pool: int | None = None) -> Toys:
        """Return how experiments like this one are simulated and scanned."""
        return Toys(self.scan(points), simulator, len(self.observation), seed, pool)

    def scan(self, points: int | Mapping[str, int]) -> Scan:
        """Return the grid over all parameters with the likelihood on it."""
        bounds = {name: self._bounds(name) for name in self.experiment.names}
        return Scan(self.experiment, Grid.over(bounds, points), self.interest)

    def _bounds(self, name: str) -> tuple[float, float]:
        low, high = self.experiment.bounds[self.experiment.names.index(name)]
        return float(low), float(high)
