r"""Does the simulator, at the parameters the posterior allows, give data like the observed.

.. math:: p = P(T(x^{rep}) \ge T(x^{obs})), \qquad θ \sim \hat p(θ|x^{obs}),\ x^{rep} \sim p(x|θ)

Several statistics are judged together by the largest of their distances from the median, each in units of its spread on
that side, ranked among the largest of each replica: no Bonferroni, so correlated statistics cost nothing. Because the
observation has already shaped the posterior, the check errs on the side of passing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from motherlode.core.types import Array
from motherlode.diagnostics.uniformity import check_resolution
from motherlode.events.simulator import Simulates
from motherlode.inference import PosteriorSamples

__all__ = ["PredictiveCheck", "predictive_check"]


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
    p_value
        Of all statistics together.
    alpha
        Error probability of the verdict.
    """

    replicated: dict[str, Array]
    observed: dict[str, Array]
    p_values: dict[str, Array]
    p_value: float
    alpha: float = 0.01

    @property
    def ok(self) -> bool:
        """Whether the observation is one that the model makes."""
        return self.p_value > self.alpha

    def verdict(self) -> str:
        """Say in words what was found."""
        if self.ok:
            return f"predictive check: the simulator makes data like the observed (p = {self.p_value:.2g})"
        worst = min(self.p_values, key=lambda name: float(self.p_values[name].min()))
        return (
            f"predictive check (p = {self.p_value:.2g}): the {worst} of the observation is not one that the simulator "
            "makes at any parameter the posterior allows. The simulator does not describe these data."
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

    Raises
    ------
    ValueError
        If there are so few replicas that no p-value could be small enough.
    """
    check_resolution("replicas", replicas, PredictiveCheck.alpha)
    x = np.asarray(x_observed, dtype=np.float64)
    chosen = np.random.default_rng(seed).integers(0, len(samples), replicas)
    theta = np.repeat(samples.flat[chosen], len(x), axis=0)
    simulated = np.asarray(simulator.simulate(theta, seed, 0), dtype=np.float64).reshape(replicas, len(x), -1)
    usual = {name: f for name, f in _STATISTICS.items() if len(x) > 1 or name == "mean"}
    chosen_statistics = statistics if statistics is not None else usual
    replicated = {name: f(simulated) for name, f in chosen_statistics.items()}
    observed = {name: f(x.reshape(1, len(x), -1))[0] for name, f in chosen_statistics.items()}
    p_values = {name: _two_sided(replicated[name], observed[name]) for name in replicated}
    far = np.max([_distance(replicated[name], observed[name]).max(axis=1) for name in replicated], axis=0)
    together = float((far >= far[0] * (1.0 - 1e-12)).mean())
    return PredictiveCheck(replicated, observed, p_values, together)


def _two_sided(replicated: Array, observed: Array) -> Array:
    above = 1 + (replicated >= observed).sum(axis=0)
    below = 1 + (replicated <= observed).sum(axis=0)
    return np.asarray(np.minimum(1.0, 2.0 * np.minimum(above, below) / (len(replicated) + 1)))


def _distance(replicated: Array, observed: Array) -> Array:
    """Return distances from the median in spreads of its side, ``(1 + n, F)``, the observation first."""
    centre = np.median(replicated, axis=0)
    sides = [np.sqrt((np.maximum(sign * (replicated - centre), 0.0) ** 2).mean(axis=0)) for sign in (1.0, -1.0)]
    step = np.concatenate([observed[None], replicated]) - centre
    scale = np.where(step > 0.0, *sides)
    return np.asarray(np.where(step == 0.0, 0.0, np.abs(step) / np.where(scale > 0.0, scale, 1e-300)))
