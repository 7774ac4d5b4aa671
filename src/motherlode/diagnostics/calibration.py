r"""Is the posterior calibrated: ranks of the truth, highest-density coverage and distances to random points.

Each turns a replica into a number that is uniform on (0, 1) if the posterior is right.

- SBC: the rank of :math:`θ^*_d` among the draws (Talts et al. (2018), arXiv:1804.06788);
- expected coverage: the credibility of the smallest region that holds :math:`θ^*` (Hermans et al. (2022),
  arXiv:2110.06581);
- TARP: the share of draws nearer to a random point than :math:`θ^*` is; necessary and sufficient
  (Lemos et al. (2023), arXiv:2302.03026).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motherlode.diagnostics.replicas import Replicas
from motherlode.diagnostics.resolution import check_resolution
from motherlode.diagnostics.uniformity import SIMULATIONS, p_value_uniform

__all__ = ["Calibration", "expected_coverage", "sbc", "tarp"]

Array = NDArray[np.float64]


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
    below = (replicas.draws < replicas.theta[:, None]).sum(axis=1)
    return _calibration("sbc", below, replicas.draws.shape[1], replicas.names, seed)


def expected_coverage(replicas: Replicas, seed: int = 0) -> Calibration:
    """Measure the credibility of the highest-density region on whose edge the truth lies."""
    above = (replicas.log_prob > replicas.log_prob_true[:, None]).sum(axis=1)
    return _calibration("expected coverage", above[:, None], replicas.draws.shape[1], ("credibility",), seed)


def tarp(replicas: Replicas, seed: int = 0) -> Calibration:
    """Compare distances of truth and draws to random points spread like the truths, in units of their spread."""
    generator = np.random.default_rng(seed)
    scale = replicas.theta.std(axis=0)
    points = replicas.theta[generator.permutation(len(replicas.theta))]
    points = points + 0.5 * scale * generator.standard_normal(points.shape)
    to_draws = (((replicas.draws - points[:, None]) / scale) ** 2).sum(axis=2)
    to_truth = (((replicas.theta - points) / scale) ** 2).sum(axis=1)
    nearer = (to_draws < to_truth[:, None]).sum(axis=1)
    return _calibration("tarp", nearer[:, None], replicas.draws.shape[1], ("credibility",), seed)


def _calibration(method: str, counts: NDArray[np.int64], draws: int, names: tuple[str, ...], seed: int) -> Calibration:
    """Spread ranks evenly over (0, 1) and test them."""
    jitter = np.random.default_rng(seed + 1).random(counts.shape)
    values = (counts + jitter) / (draws + 1.0)
    simulations = max(SIMULATIONS, math.ceil(2.0 * counts.shape[1] / Calibration.alpha))
    p_values = np.array([p_value_uniform(column, simulations) for column in values.T])
    return Calibration(method, values, names, p_values, simulations=simulations)
