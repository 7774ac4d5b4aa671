r"""Is the posterior calibrated: ranks of the truth, highest-density coverage and distances to random points.

Each turns a replica into a number that is uniform on (0, 1) if the posterior is right. Draws that tie with the truth
are counted or not with a number drawn evenly between none and all of them, which keeps the rank uniform.

- SBC: the rank of :math:`θ^*_d` among the draws (Talts et al. (2018), arXiv:1804.06788);
- expected coverage: the credibility of the smallest region that holds :math:`θ^*` (Hermans et al. (2022),
  arXiv:2110.06581);
- TARP: the share of draws nearer to a random point than :math:`θ^*` is (Lemos et al. (2023), arXiv:2302.03026).
  Uniformity is sufficient too if it holds for every choice of points as a function of x; here they do not depend on x,
  so it is necessary only: the prior itself passes.
"""

import math
from dataclasses import dataclass

import numpy as np

from motherlode.core.types import Array, Integers
from motherlode.diagnostics.replicas import Replicas
from motherlode.diagnostics.uniformity import SIMULATIONS, check_resolution, p_value_uniform

__all__ = ["Calibration", "expected_coverage", "sbc", "tarp"]


@dataclass(frozen=True)
class Calibration:
    """Numbers that are uniform where the posterior is right.

    Attributes
    ----------
    method
        ``"sbc"``, ``"expected coverage"`` or ``"tarp"``.
    values
        Shape ``(n, k)``, each in (0, 1).
    names
        What the k columns are.
    p_values
        Of uniformity, with shape ``(k,)``.
    alpha
        Error probability of the verdict over all columns together.
    simulations
        Sets of uniform numbers behind each p-value.

    Raises
    ------
    ValueError
        If these are so few that no p-value could be small enough.
    """

    method: str
    values: Array
    names: tuple[str, ...]
    p_values: Array
    alpha: float = 0.01
    simulations: int = SIMULATIONS

    def __post_init__(self) -> None:
        check_resolution("simulations", self.simulations, self.alpha / len(self.p_values))

    @property
    def ok(self) -> bool:
        """Whether no column departs from uniformity, Bonferroni over columns."""
        return bool((self.p_values > self.alpha / len(self.p_values)).all())

    def verdict(self) -> str:
        """Say in words what the numbers show."""
        if self.ok:
            p = self.p_values.min()
            return f"{self.method}: calibrated as far as {len(self.values)} replicas can tell (p = {p:.3g})"
        worst = int(self.p_values.argmin())
        return f"{self.method}: {self.names[worst]} is {self._fault(worst)} (p = {self.p_values[worst]:.2g})"

    def coverage(self, levels: Array) -> Array:
        """Return the share of replicas inside the regions of these credibilities, with shape ``(n_levels, k)``."""
        inside = np.abs(2.0 * self.values - 1.0) if self.method == "sbc" else self.values
        return np.stack([(inside <= level).mean(axis=0) for level in np.atleast_1d(levels)])

    def _fault(self, column: int) -> str:
        values = self.values[:, column]
        shift, spread = (values.mean() - 0.5) * np.sqrt(12 * len(values)), values.var() * 12.0
        if self.method == "expected coverage":
            return "overconfident: regions are too small" if shift > 0 else "underconfident: regions are too large"
        if abs(shift) > 3.0:
            return f"biased {'low' if shift > 0 else 'high'}" if self.method == "sbc" else "off the truth"
        return "overconfident" if spread > 1.0 else "underconfident"


def sbc(replicas: Replicas, seed: int = 0) -> Calibration:
    """Rank the truth among the draws, parameter by parameter."""
    below = _rank(replicas.draws, replicas.theta[:, None], seed)
    return _calibration("sbc", below, replicas.draws.shape[1], replicas.names, seed)


def expected_coverage(replicas: Replicas, seed: int = 0) -> Calibration:
    """Measure the credibility of the highest-density region on whose edge the truth lies."""
    above = _rank(-replicas.log_prob, -replicas.log_prob_true[:, None], seed)
    return _calibration("expected coverage", above[:, None], replicas.draws.shape[1], ("credibility",), seed)


def tarp(replicas: Replicas, seed: int = 0) -> Calibration:
    """Compare distances of truth and draws to random points spread like the truths, in units of their spread.

    The points are other replicas' truths with noise, so they know nothing of the replica they are used for.
    """
    generator = _generator("points", seed)
    scale = replicas.theta.std(axis=0)
    points = np.roll(replicas.theta, 1, axis=0)
    points = points + 0.5 * scale * generator.standard_normal(points.shape)
    to_draws = (((replicas.draws - points[:, None]) / scale) ** 2).sum(axis=2)
    to_truth = (((replicas.theta - points) / scale) ** 2).sum(axis=1)
    nearer = _rank(to_draws, to_truth[:, None], seed)
    return _calibration("tarp", nearer[:, None], replicas.draws.shape[1], ("credibility",), seed)


def _rank(draws: Array, truth: Array, seed: int) -> Integers:
    """Count draws ``(n, S, …)`` below the truth ``(n, 1, …)``, and of those that equal it a random number."""
    ties = (draws == truth).sum(axis=1)
    among = _generator("ties", seed).integers(0, ties + 1)
    return np.asarray((draws < truth).sum(axis=1) + among)


def _calibration(method: str, counts: Integers, draws: int, names: tuple[str, ...], seed: int) -> Calibration:
    """Spread ranks evenly over (0, 1) and test them."""
    jitter = _generator("jitter", seed).random(counts.shape)
    values = (counts + jitter) / (draws + 1.0)
    simulations = max(SIMULATIONS, math.ceil(2.0 * counts.shape[1] / Calibration.alpha))
    p_values = np.array([p_value_uniform(column, simulations) for column in values.T])
    return Calibration(method, values, names, p_values, simulations=simulations)


def _generator(purpose: str, seed: int) -> np.random.Generator:
    """Return a generator for one purpose, which draws other numbers than the one that made truths from this seed."""
    return np.random.default_rng([seed, *purpose.encode()])
