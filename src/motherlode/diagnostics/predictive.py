r"""Does the simulator, at the parameters the posterior allows, give data like the observed.

.. math:: p = P(T(x^{rep}) \ge T(x^{obs})), \qquad θ \sim \hat p(θ|x^{obs}),\ x^{rep} \sim p(x|θ)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motherlode.inference import PosteriorSamples
from motherlode.inference.protocols import Simulates

__all__ = ["PredictiveCheck", "predictive_check"]

Array = NDArray[np.float64]

_STATISTICS: Mapping[str, Callable[[Array], Array]] = {
    "mean": lambda x: x.mean(axis=1),
    "sd": lambda x: x.std(axis=1),
    "smallest": lambda x: x.min(axis=1),
    "largest": lambda x: x.max(axis=1),
}


@dataclass(frozen=True)
class PredictiveCheck:
    """Statistics of replicated data sets beside the observed ones.

    Attributes
    ----------
    replicated
        By name, each with shape ``(n, F)``.
    observed
        By name, each with shape ``(F,)``.
    p_values
        Two-sided, by name, each with shape ``(F,)``.
    alpha
        Error probability of the verdict over all statistics together.
    """

    replicated: dict[str, Array]
    observed: dict[str, Array]
    p_values: dict[str, Array]
    alpha: float = 0.05

    @property
    def ok(self) -> bool:
        """Whether every statistic of the observation is one that the model makes, Bonferroni."""
        every = np.concatenate(list(self.p_values.values()))
        return bool((every > self.alpha / len(every)).all())

    def verdict(self) -> str:
        """Say in words what was found."""
        if self.ok:
            return "predictive check: the simulator makes data like the observed"
        worst = min(self.p_values, key=lambda name: float(self.p_values[name].min()))
        return (
            f"predictive check: the {worst} of the observation (p = {self.p_values[worst].min():.2g}) is not one that "
            "the simulator makes at any parameter the posterior allows. The simulator does not describe these data."
        )


def predictive_check(
    samples: PosteriorSamples,
    simulator: Simulates,
    x_observed: ArrayLike,
    statistics: Mapping[str, Callable[[Array], Array]] | None = None,
    replicas: int = 1000,
    seed: int = 0,
) -> PredictiveCheck:
    """Simulate data sets at posterior draws and compare their statistics with the observed ones.

    Parameters
    ----------
    samples
        Draws from the posterior.
    simulator
        Has ``simulate(theta, seed, first)``.
    x_observed
        Observed events with shape ``(M, *L)``.
    statistics
        From data sets ``(n, M, F)`` to ``(n, F')``, by name. Default: mean, sd, smallest and largest of each component.
    replicas
        Number of data sets.
    seed
        Seed of the choice of draws and of the simulator.
    """
    x = np.asarray(x_observed, dtype=np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(samples), replicas)
    theta = np.repeat(samples.flat[chosen], len(x), axis=0)
    simulated = np.asarray(simulator.simulate(theta, seed, 0), dtype=np.float64).reshape(replicas, len(x), -1)
    usual = {name: f for name, f in _STATISTICS.items() if len(x) > 1 or name == "mean"}
    chosen_statistics = statistics if statistics is not None else usual
    replicated = {name: f(simulated) for name, f in chosen_statistics.items()}
    observed = {name: f(x.reshape(1, len(x), -1))[0] for name, f in chosen_statistics.items()}
    p_values = {name: _two_sided(replicated[name], observed[name]) for name in replicated}
    return PredictiveCheck(replicated, observed, p_values)


def _two_sided(replicated: Array, observed: Array) -> Array:
    above = 1 + (replicated >= observed).sum(axis=0)
    below = 1 + (replicated <= observed).sum(axis=0)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(above, below) / (len(replicated) + 1)))
