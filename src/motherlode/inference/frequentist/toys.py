r"""Simulated experiments: their log-likelihoods over a grid, from one table of log r̂ per event.

.. math:: q(ψ) = -2 \log \frac{\max_ν L(ψ, ν)}{\max_{ψ', ν} L(ψ', ν)}

Each event of a pool simulated at θ is evaluated once at every grid point; an experiment is a sum of rows. Where the
grid is fine, log r̂ can be evaluated at a few Chebyshev nodes and its sums interpolated to the grid: the observation and
the toys see the same statistic, so the construction covers whatever the interpolation leaves out.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp

from motherlode.core.streams import Stream, philox_generator
from motherlode.core.types import Array, Integers
from motherlode.events.simulator import Simulates
from motherlode.inference.errors import InferenceError, UnusablePrior
from motherlode.inference.frequentist.grids import Chebyshev, Grid
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.potential import Observation
from motherlode.inference.prior import Prior

__all__ = ["Scan", "Toys", "simulate_at"]


@dataclass(frozen=True)
class Scan:
    """The grid over all parameters, interest first, and how it folds onto the parameters of interest.

    Attributes
    ----------
    experiment
        The likelihood.
    grid
        Over all parameters, in the estimator's order.
    interest
        Names of the parameters of interest.
    nodes
        Points along each axis at which log r̂ is evaluated, to be interpolated to the grid; None evaluates every point.
    """

    experiment: Experiment
    grid: Grid
    interest: tuple[str, ...]
    nodes: int | None = None

    @property
    def axes(self) -> Grid:
        """The grid of the parameters of interest."""
        return Grid({name: self.grid.axes[name] for name in self.interest})

    @cached_property
    def sites(self) -> Array:
        """The points ``(S, D)`` at which log r̂ is evaluated."""
        return self.grid.points if self._chebyshev is None else self._chebyshev.grid.points

    @cached_property
    def _chebyshev(self) -> Chebyshev | None:
        bounds = {name: (float(axis[0]), float(axis[-1])) for name, axis in self.grid.axes.items()}
        return None if self.nodes is None else Chebyshev(bounds, self.nodes)

    @cached_property
    def _to_grid(self) -> Array:
        if self._chebyshev is None:
            return np.eye(len(self.grid))
        weights: Array = self._chebyshev.weights(torch.from_numpy(self.grid.points)).numpy()
        return weights

    def spread(self, sums: Array) -> Array:
        """Take sums of log r̂ at the sites ``(T, S)`` to the grid ``(T, G)``."""
        return sums if self.nodes is None else sums @ self._to_grid.T

    def fold(self, values: Array) -> Array:
        """Reorder values ``(T, G)`` on the full grid to ``(T, points of interest, points of nuisance)``."""
        names = self.grid.names
        order = [names.index(n) for n in (*self.interest, *(n for n in names if n not in self.interest))]
        cube = values.reshape(len(values), *self.grid.shape).transpose(0, *(i + 1 for i in order))
        return cube.reshape(len(values), len(self.axes), -1)

    def statistic(self, log_likelihood: Array) -> Array:
        """Return q at every point of interest with shape ``(T, P)`` for log L ``(T, G)``."""
        profile = self.fold(log_likelihood).max(axis=2)
        statistic: Array = 2.0 * (profile.max(axis=1, keepdims=True) - profile)
        return statistic

    def truths(self, log_likelihood: Array) -> Array:
        """Return for each point of interest the θ ``(P, D)`` whose nuisances fit one log L ``(G,)`` best."""
        which = self.fold(log_likelihood[None])[0].argmax(axis=1)
        indices = self.fold(np.arange(len(self.grid), dtype=np.float64)[None])[0]
        chosen = indices[np.arange(len(which)), which].astype(np.int64)
        return self.grid.points[chosen]

    def observed(self, observation: Observation) -> Array:
        """Return log L of the observation at every grid point with shape ``(G,)``."""
        points, experiment = self.grid.points, self.experiment
        table = experiment.table(observation.distinct.numpy(), self.sites)
        total: Array = self.spread((observation.counts.numpy() @ table)[None])[0]
        number = experiment.counts(np.array([float(len(observation))]), points)[0]
        auxiliary = experiment.auxiliary(experiment.measured(), points)[0]
        return total + number + auxiliary

    def log_posterior(self, observation: Observation, prior: Prior) -> Array:
        """Return the log posterior density at every point of interest up to a constant, nuisances integrated out.

        Parameters
        ----------
        observation
            The observed events.
        prior
            Over all parameters, in the order of the grid.

        Returns
        -------
        Array
            With shape ``(P,)``. Masses are densities times the distance between neighbouring points.

        Raises
        ------
        UnusablePrior
            If the prior has no density at any grid point.
        """
        log_prior = prior.log_prob(torch.from_numpy(_inside(self.grid.points))).numpy()
        if not np.isfinite(log_prior).any():
            raise UnusablePrior(
                f"the prior has no density at any of {len(self.grid)} grid points, so no region holds any of it. "
                "Choose bounds inside the prior, or more points."
            )
        log_mass = self.observed(observation) + log_prior + np.log(self.grid.cells)
        log_density: Array = logsumexp(self.fold(log_mass[None])[0], axis=1) - np.log(self.axes.cells)
        return log_density

    def interpolation_error(self, observation: Observation) -> float:
        """Return the largest error that interpolation makes in q of the observation; 0 without nodes."""
        if self.nodes is None:
            return 0.0
        whole = Scan(self.experiment, self.grid, self.interest)
        ours, exact = (self.statistic(scan.observed(observation)[None])[0] for scan in (self, whole))
        return float(np.abs(ours - exact).max())


@dataclass(frozen=True)
class Toys:
    """Experiments simulated at one θ.

    Attributes
    ----------
    scan
        Grid and likelihood.
    simulator
        Where events come from.
    events
        Events in each experiment; their mean is given by the rate instead, where there is one.
    seed
        Seed of simulator and auxiliary measurements.
    pool
        Number of events simulated at each θ, from which experiments draw with replacement. None: every experiment gets
        fresh events. A pool much smaller than toys × events makes experiments share events: the critical value gets
        an error of its own.
    """

    scan: Scan
    simulator: Simulates
    events: int
    seed: int
    pool: int | None = None

    def log_likelihoods(self, theta: Array, count: int, stream: int, batch: int = 0) -> Array:
        """Simulate experiments at one θ.

        Parameters
        ----------
        theta
            True parameters with shape ``(D,)``.
        count
            Number of experiments.
        stream
            Separates the events of different θ.
        batch
            Separates further experiments at the same θ.

        Returns
        -------
        Array
            log L with shape ``(count, G)``.

        Raises
        ------
        InferenceError
            If the simulator's output is not finite.
        """
        generator = philox_generator(self.seed, (stream << 20) + batch, Stream.TOYS)
        experiment, points = self.scan.experiment, self.scan.grid.points
        numbers = self._numbers(theta, count, generator)
        sums = self.scan.spread(self._sums(theta, numbers, (stream << 40) + (batch << 28), generator))
        auxiliary = experiment.auxiliary(experiment.fluctuate(theta, count, generator), points)
        return sums + experiment.counts(numbers.astype(np.float64), points) + auxiliary

    def _numbers(self, theta: Array, count: int, generator: np.random.Generator) -> Integers:
        experiment = self.scan.experiment
        if not experiment.counted:
            return np.full(count, self.events)
        return generator.poisson(float(experiment.expected(torch.from_numpy(theta))), count)

    def _sums(self, theta: Array, numbers: Integers, first: int, generator: np.random.Generator) -> Array:
        total = int(numbers.sum())
        size = min(self.pool or total, total)
        if self.scan.experiment.mode == "rate" or total == 0:
            return np.zeros((len(numbers), len(self.scan.sites)))
        table, rows = self._table(simulate_at(self.simulator, self.scan.experiment, theta, size, self.seed, first))
        if size < total:
            rows = rows[generator.integers(0, size, total)]
        return _sum_rows(table, rows, numbers)

    def _table(self, x: Array) -> tuple[Array, NDArray[np.intp]]:
        """Evaluate distinct events only, where they are counts or bins."""
        experiment, sites = self.scan.experiment, self.scan.sites
        if np.array_equal(x, np.round(x)):
            distinct, rows = np.unique(x, axis=0, return_inverse=True)
            return experiment.table(distinct, sites), rows.reshape(-1)
        return experiment.table(x, sites), np.arange(len(x))


def simulate_at(
    simulator: Simulates, experiment: Experiment, theta: Array, count: int, seed: int, first: int = 0
) -> Array:
    """Simulate so many events ``(count, *L)`` at one θ ``(D,)`` of an experiment, shifts included.

    Raises
    ------
    InferenceError
        If an event is not finite.
    """
    point = experiment.of_simulator(torch.from_numpy(theta)).numpy()
    x = np.asarray(simulator.simulate(np.tile(point, (count, 1)), seed, first), dtype=np.float64)
    if not np.isfinite(x).all():
        raise InferenceError(
            f"the simulator gave x that is not finite at θ = {theta.tolist()}. Such a toy has no likelihood and "
            "leaving it out would bias the coverage. Give such outcomes a finite code in simulator and data."
        )
    return x


def _sum_rows(table: Array, rows: NDArray[np.intp], numbers: Integers) -> Array:
    """Sum consecutive stretches of rows, ``numbers[t]`` rows for experiment t, without copying the table."""
    ends = np.concatenate([[0], np.cumsum(numbers)])
    sums: Array = csr_array((np.ones(len(rows)), rows, ends), shape=(len(numbers), len(table))) @ table
    return sums


def _inside(points: Array) -> Array:
    """Move the outermost of grid points a millionth inside: at its very end a uniform law has no density."""
    low, high = points.min(axis=0), points.max(axis=0)
    step = 1e-6 * (high - low) + 2.0**-23 * np.maximum(np.abs(low), np.abs(high))
    step = np.minimum(step, 0.5 * (high - low))
    return np.asarray(np.clip(points, low + step, high - step))
