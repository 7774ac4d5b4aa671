"""Frequentist inference in one object: fit, profile, intervals by Wilks, by Neyman's construction and by CLs."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from tqdm.auto import tqdm

from motherlode.core.types import Array, LawLike
from motherlode.estimators.protocols import LogLikelihood, LogRatio
from motherlode.estimators.trained_range import warn_out_of_range
from motherlode.events.simulator import Simulates
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.baselines import Baselines
from motherlode.inference.frequentist.expected import asimov_region, expected_region
from motherlode.inference.frequentist.fit import Fit, Impacts, best_fit, impacts
from motherlode.inference.frequentist.grids import Box, Grid, Points, box_of
from motherlode.inference.frequentist.likelihood import Constraint, Experiment, Mode
from motherlode.inference.frequentist.neyman import construct
from motherlode.inference.frequentist.rate import Rate
from motherlode.inference.frequentist.regions import Region
from motherlode.inference.frequentist.toys import Scan, Toys
from motherlode.inference.frequentist.upper import UpperLimit, upper_limit
from motherlode.inference.frequentist.wilks import trace_contour, wilks_region
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior

__all__ = ["Limits", "limits"]


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

    def mle(self, starts: int = 10, seed: int = 0) -> Fit:
        """Maximize the likelihood inside the bounds, from several random starts.

        Raises
        ------
        InferenceError
            If none of them has a finite likelihood.
        """
        return best_fit(self.experiment, self.observation, starts, seed)

    def impacts(self, starts: int = 10, seed: int = 0) -> Impacts:
        """Return how far the data pull each constrained nuisance and how far it moves the first interest."""
        return impacts(self.experiment, self.observation, self.mle(starts, seed), self.interest[0])

    def wilks(self, points: Points = 51, starts: int = 5, seed: int = 0) -> Region:
        """Profile the likelihood over a grid of the parameters of interest and read p-values off χ².

        Right for many events, a maximum inside the bounds and a calibrated estimator; :meth:`neyman` needs none.
        Intervals of one parameter are roots of the profile, however coarse the grid.
        """
        box = self.experiment.box
        grid = Grid.over({name: box[name] for name in self.interest}, points)
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
        within: Box | None = None,
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
        self, simulator: Simulates, theta: ArrayLike, points: Points = 51, events: int = 10_000, seed: int = 0
    ) -> Region:
        """Return the region to be expected at θ: Wilks on the mean log-likelihood of ``events`` simulated there.

        It is centred on θ: the statistical error of the mean score is taken out, and told as ``info["score_z"]``.
        """
        return asimov_region(self.toys(simulator, points, seed), np.asarray(theta, dtype=np.float64), events)

    def expected(
        self, simulator: Simulates, theta: ArrayLike, points: Points = 51, toys: int = 500, seed: int = 0
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

        def region(experiment: Experiment, observation: Observation, toys_from: Simulates) -> Region:
            study = Limits(experiment, observation, self.interest)
            if method == "wilks":
                return study.wilks(points, seed=seed)
            return study.neyman(toys_from, points, toys, seed=seed)

        given = (self.experiment, self.observation, simulator)
        return {"learned": region(*given), **settings.regions(*given, self.scan(points).axes, region)}

    def credible(self, prior: LawLike, points: Points = 51) -> Region:
        """Return Bayesian regions of highest density on the same grid, nuisances integrated out.

        Parameters
        ----------
        prior
            A distribution over the parameters in the order of the bounds, or one of each by name, in any order.
        points
            As in :meth:`neyman`.

        Raises
        ------
        UnusablePrior
            If it names other parameters, or has no density at any grid point.
        """
        scan, law = self.scan(points), Prior(prior, self.experiment.names)
        return Region.credible(scan.axes, scan.log_posterior(self.observation, law))

    def toys(
        self, simulator: Simulates, points: Points, seed: int, pool: int | None = None, nodes: int | None = None
    ) -> Toys:
        """Return how experiments like this one are simulated and scanned."""
        return Toys(self.scan(points, nodes), simulator, len(self.observation), seed, pool)

    def scan(self, points: Points, nodes: int | None = None) -> Scan:
        """Return the grid over all parameters with the likelihood on it."""
        return Scan(self.experiment, Grid.over(self.experiment.box, points), self.interest, nodes)


def limits(
    estimator: LogRatio | LogLikelihood,
    x_observed: ArrayLike | Tensor,
    bounds: LawLike,
    *,
    interest: Sequence[str] | None = None,
    rate: Rate | None = None,
    mode: Mode = "full",
    constraints: Mapping[str, Constraint] | None = None,
) -> Limits:
    """Set up frequentist inference from an estimator and M observed events.

    Parameters
    ----------
    estimator
        Anything with ``log_ratio(theta, x)`` or ``log_prob(x, theta)``.
    x_observed
        Events with shape ``(M, *L)``.
    bounds
        ``(low, high)`` of each parameter by name, in the estimator's order, or any law with ends that
        :meth:`motherlode.Law.of` reads: only its support counts.
    interest
        Names of the parameters of interest; the others are nuisances and profiled. Default: all without a constraint.
    rate
        Expected number of events as a function of θ.
    mode
        ``"full"``, ``"kinematics"`` or ``"rate"``.
    constraints
        Auxiliary measurements of nuisance parameters by name: a :class:`Constraint` of one of ``bounds``, or a
        :class:`Shift`, which adds a parameter that the simulator does not know.

    Raises
    ------
    InferenceError, UnusableObservation, WrongEstimator
        If bounds, constraints, observation or estimator cannot be used.

    Warns
    -----
    OutOfRangeWarning
        If the bounds or the observation reach outside what the estimator was trained on.

    Examples
    --------
    >>> class Gaussian:
    ...     def log_prob(self, x, theta):
    ...         return torch.distributions.Normal(theta, 1.0).log_prob(x).sum(-1)
    >>> study = limits(Gaussian(), [[0.2], [0.4]], {"mean": (-3.0, 3.0)})
    >>> print(study.mle().theta.round(3), [round(end, 3) for end in study.wilks().interval(0.6827)])
    [0.3] [-0.407, 1.007]
    """
    box = box_of(bounds)
    experiment = Experiment(estimator, box, rate, mode, constraints)
    names = experiment.names
    chosen = tuple(interest) if interest is not None else tuple(n for n in names if n not in experiment.constraints)
    if not chosen or not set(chosen) <= set(names):
        raise InferenceError(
            f"the parameters of interest {list(chosen)} are not among {list(names)}. Everything would be profiled. "
            "Name at least one parameter that has bounds."
        )
    observation = Observation(x_observed, may_be_empty=experiment.counted)
    if mode != "rate":
        corners = torch.cartesian_prod(*torch.tensor(list(box.values()), dtype=torch.float64))
        warn_out_of_range(estimator, corners.reshape(-1, len(box)), observation.x, "corners of the bounds")
    return Limits(experiment, observation, chosen)
