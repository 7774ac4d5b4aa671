r"""The same question put to simpler statistics: histograms of a summary, of the score (SALLY, SALLINO), and ABC.

All see the same observed events, bounds and nuisances, so that one figure shows what a learned likelihood gains.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import gaussian_kde

from motherlode.core.types import Array, LawLike
from motherlode.estimators.protocols import LocalScore, LogLikelihood, LogRatio
from motherlode.events.simulator import Simulates
from motherlode.inference.abc import abc
from motherlode.inference.errors import InferenceError
from motherlode.inference.frequentist.grids import Box, Grid
from motherlode.inference.frequentist.likelihood import Experiment
from motherlode.inference.frequentist.regions import Region
from motherlode.inference.histograms import HistogramLikelihood, SallinoRatio
from motherlode.inference.potential import Observation
from motherlode.laws import Law

__all__ = ["Baselines", "SummarySimulator", "abc_region", "default_prior", "score_of"]

Statistic = Callable[[Array], Array]


@dataclass(frozen=True)
class Baselines:
    """Which simpler statistics to compare with, and what they may cost.

    Attributes
    ----------
    summary
        From events ``(N, *L)`` to ``(N, k)``, k ≤ 2. Default: x itself, where it has one or two components.
    score
        A score at one point, as of a ScoreEstimator: adds SALLY and SALLINO.
    nodes, bins, events
        Of the histograms: Chebyshev points of each parameter, bins of each statistic, simulations at each point.
    simulations, keep
        Of ABC; 0 leaves it out, and so does an observation without events, which has no kinematics to learn from.
    seed
        Of all of them.
    """

    summary: Statistic | None = None
    score: LocalScore | None = None
    nodes: int = 7
    bins: int = 20
    events: int = 5000
    simulations: int = 50_000
    keep: int = 1000
    seed: int = 0

    def regions(
        self,
        experiment: Experiment,
        observation: Observation,
        simulator: Simulates,
        axes: Grid,
        region_of: Callable[[Experiment, Observation, Simulates], Region],
    ) -> dict[str, Region]:
        """Return what the simpler statistics say, by label.

        Parameters
        ----------
        experiment, observation
            Of the learned likelihood: bounds, rate and nuisances are taken from it.
        simulator
            Fills the histograms, feeds ABC, and throws toys.
        axes
            Grid of the parameters of interest.
        region_of
            Returns the region of another experiment and observation, whose toys come from the simulator that is given.
        """
        x, bounds = observation.numpy(), {name: experiment.box[name] for name in experiment.inner}
        found = {}
        for label, (likelihood, statistic) in self.likelihoods(simulator, bounds, tuple(x.shape[1:])).items():
            other = Experiment(likelihood, bounds, experiment.rate, experiment.mode, experiment.constraints)
            observed = Observation(statistic(x), may_be_empty=experiment.counted)
            found[label] = region_of(other, observed, SummarySimulator(simulator, statistic))
        if self.simulations and len(observation) > 0:
            found["ABC"] = abc_region(experiment, simulator, observation, axes, default_prior(experiment), self)
        return found

    def likelihoods(
        self, simulator: Simulates, bounds: Box, shape: tuple[int, ...]
    ) -> dict[str, tuple[LogRatio | LogLikelihood, Statistic]]:
        """Return by label what stands for the likelihood and the statistic that it sees."""
        summary = self.summary if self.summary is not None else _flat(shape)
        cost = (bounds, self.nodes, self.bins, self.events, self.seed)
        made: dict[str, tuple[LogRatio | LogLikelihood, Statistic]] = {
            "histogram": (HistogramLikelihood(_same, SummarySimulator(simulator, summary), *cost), summary)
        }
        if self.score is not None:
            score = score_of(self.score)
            reference = self.score.reference_point.numpy()
            made["SALLY"] = (HistogramLikelihood(_same, SummarySimulator(simulator, score), *cost), score)
            made["SALLINO"] = (SallinoRatio(_same, reference, SummarySimulator(simulator, score), *cost), score)
        return made


@dataclass(frozen=True)
class SummarySimulator:
    """A simulator of whose events only a statistic is seen.

    Attributes
    ----------
    simulator
        Has ``simulate(theta, seed, first)``.
    statistic
        From x ``(N, *L)`` to ``(N, k)``.
    """

    simulator: Simulates
    statistic: Statistic

    def simulate(self, theta: Array, seed: int, first: int = 0) -> Array:
        """Return the statistic of the simulated events with shape ``(N, k)``."""
        return self.statistic(self.simulator.simulate(theta, seed, first))


def score_of(estimator: LocalScore) -> Statistic:
    """Return t̂ of a score estimator as a function of arrays, ``(N, *L)`` to ``(N, D)``."""

    def score(x: Array) -> Array:
        with torch.no_grad():
            value: Array = estimator.score(torch.from_numpy(np.asarray(x, dtype=np.float64))).to(torch.float64).numpy()
        return value

    return score


def default_prior(experiment: Experiment) -> Law:
    """Return a prior that adds nothing: flat inside the bounds, and for nuisances their auxiliary measurement.

    The measurement's normal law is cut off at the bounds: the simulator may know nothing outside.
    """
    laws: dict[str, LawLike] = {}
    for name, (low, high) in zip(experiment.names, experiment.bounds.tolist(), strict=True):
        measured = experiment.constraints.get(name)
        cut = {} if measured is None else {"truncated_normal": [measured.measured, measured.sd, low, high]}
        laws[name] = cut or [low, high]
    return Law.of(laws)


def abc_region(
    experiment: Experiment,
    simulator: Simulates,
    observation: Observation,
    axes: Grid,
    prior: LawLike,
    settings: Baselines,
) -> Region:
    """Return regions of highest density of ABC draws, smoothed by a kernel, on the grid of interest.

    The number of events is held at the observed one: ABC learns from their kinematics alone.
    """

    class Moved:
        def simulate(self, theta: Array, seed: int, first: int = 0) -> Array:
            return simulator.simulate(experiment.of_simulator(torch.from_numpy(theta)).numpy(), seed, first)

    x = observation.numpy()
    summary = settings.summary if settings.summary is not None else _flat(tuple(x.shape[1:]))

    def means(data: Array) -> Array:
        rows = summary(data.reshape(-1, *x.shape[1:])).reshape(len(data), data.shape[1], -1)
        return np.concatenate([rows.mean(axis=1), *([rows.std(axis=1)] if rows.shape[1] > 1 else [])], axis=1)

    found = abc(Moved(), prior, x, means, settings.simulations, settings.keep, seed=settings.seed)
    columns = [experiment.names.index(name) for name in axes.names]
    density = gaussian_kde(found.flat[:, columns].T)(axes.points.T)
    return Region.credible(axes, np.log(np.maximum(density, 1e-300)), "abc")


def _flat(shape: tuple[int, ...]) -> Statistic:
    if int(np.prod(shape)) > 2:
        raise InferenceError(
            f"x has shape {shape}, and a histogram of more than two components stays empty. There is no default "
            "summary. Pass summary=, from x (N, *L) to one or two numbers an event."
        )
    return lambda x: x.reshape(len(x), int(np.prod(shape)))


def _same(x: Array) -> Array:
    return x
