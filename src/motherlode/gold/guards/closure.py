r"""Closure: the joint ratio turns events of one θ into events of another.

.. math:: \mathbb{E}_\theta[s f] = \mathbb{E}_{\theta'}[(1-s) f], \qquad
   s = \frac{p(x,z|\theta')}{p(x,z|\theta) + p(x,z|\theta')},

.. math:: \mathbb{E}_{\theta'}[f] - \mathbb{E}_\theta[f] \approx
   \tfrac12 \left(\mathbb{E}_\theta[f t] + \mathbb{E}_{\theta'}[f t]\right) \cdot (\theta' - \theta)

for every bounded f of x. The weights lie in (0, 1), so nothing explodes, and supports need not be nested; events that
fail count as f = 0. What replays cannot see shows here: a family with the wrong density, a draw that is missing from
the ratio, a score with the wrong sign. The points are near each other, so that the second line, exact to second order,
is sharp. An alarm counts when a second, independent sample repeats it: a right simulator fails with probability 1e-6.
"""

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import stats

from motherlode.core import MotherlodeError, philox_generator
from motherlode.core.streams import Stream
from motherlode.core.types import Array
from motherlode.events import Events, GuardOutcome, Simulator

__all__ = ["ALPHA", "CLOSURE_EVENTS", "check_closure"]

ALPHA = 1e-6
"""Probability that any comparison of right gold fails in both samples."""

CLOSURE_EVENTS = 1000
"""Events at each of the two points, in each sample."""

_NAME = "closure"
_TRIAL = 32
_SPREAD = 0.4
"""Largest standard deviation of the joint log-ratio between the two points."""

_DISTANCES = 0.5 ** np.arange(1, 12)
_FEWEST = 100
_COLUMNS = 4


class _Sample(NamedTuple):
    """Events at two points, mined towards each other; how many were asked for at each; the step between, (D,)."""

    here: Events
    there: Events
    asked: int
    step: Array


class _Gap(NamedTuple):
    """One comparison: what was averaged, the gap of the two means and its standard error."""

    name: str
    gap: float
    error: float

    @property
    def z(self) -> float:
        return self.gap / self.error if self.error > 0 else 0.0


def check_closure(simulator: Simulator, theta: Array, *, seed: int = 0, seconds: float = 4.0) -> GuardOutcome:
    """Mine at two near points and compare their reweighted means.

    Parameters
    ----------
    simulator
        What is examined.
    theta
        Points (N, D) where it is defined, inside its box; the first point is the middle one of them.
    seed
        Of the streams; events far from those of other uses are taken.
    seconds
        About how long the first sample may take.
    """
    try:
        here, there, cost = _points(simulator, theta, seed)
        asked = int(min(CLOSURE_EVENTS, 0.5 * seconds / cost))
        if asked < _FEWEST:
            return GuardOutcome(_NAME, "undecided", f"Only {asked} events at each point fit into {seconds:g} s.")
        first = _gaps(_mined(simulator, here, there, asked, seed, 1))
        threshold = float(stats.norm.isf(np.sqrt(ALPHA) / (2 * len(first))))
        suspects = {gap.name: gap for gap in first if abs(gap.z) > threshold}
        if suspects:
            again = _gaps(_mined(simulator, here, there, asked, seed, 2))
            suspects = {
                g.name: g for g in again if g.name in suspects and g.z * np.sign(suspects[g.name].z) > threshold
            }
    except MotherlodeError as error:
        return GuardOutcome(_NAME, "not run", str(error))
    if suspects:
        worst = max(suspects.values(), key=lambda gap: abs(gap.z))
        return GuardOutcome(
            _NAME,
            "warning",
            f"Events at theta={_shown(here)} reweighted by the gold are not those at theta={_shown(there)}: "
            f"{worst.name} differs by {worst.gap:.3g} ± {worst.error:.2g} ({abs(worst.z):.1f} standard errors, in two "
            f"independent samples of {asked} events a point). A density, a draw or a sign of the gold is wrong.",
        )
    return GuardOutcome(
        _NAME,
        "passed",
        f"{len(first)} means agree between theta={_shown(here)} and {_shown(there)}, of {asked} events each. A shift "
        f"of x between them by {threshold * np.sqrt(2 / asked):.2g} standard deviations that the gold does not know "
        "would show.",
    )


def _shown(theta: Array) -> str:
    return "[" + ", ".join(f"{value:.4g}" for value in theta) + "]"


def _points(simulator: Simulator, theta: Array, seed: int) -> tuple[Array, Array, float]:
    """Choose two points so near that log-ratios spread by 0.4 at most, and say how long an event takes."""
    low, high = simulator.parameters.probe_box(theta)
    middle = theta[np.argsort(theta[:, 0])[len(theta) // 2]]
    direction = np.where(middle - low > high - middle, low, high) - middle
    direction *= philox_generator(seed, 0, Stream.PROBES).uniform(0.5, 1.0, len(middle))
    points = middle + _DISTANCES[:, None] * direction
    here = np.tile(middle, (_TRIAL, 1))
    trial = simulator.mine(here, points, seed=seed, first=_first(0))
    with np.errstate(invalid="ignore"):
        spread = np.where(np.isfinite(trial.joint_log_ratio), np.abs(trial.joint_log_ratio), np.inf)
    near = np.sqrt(np.mean(spread**2, axis=0)) <= _SPREAD
    there = points[int(np.argmax(near)) if near.any() else -1]
    begin = time.perf_counter()
    simulator.mine(here, there[None], seed=seed, first=_first(0))
    return middle, there, max((time.perf_counter() - begin) / _TRIAL, 1e-7)


def _first(sample: int) -> int:
    """Return the first event of a sample: indices that no campaign reaches, and that no probe replays in a row."""
    return (1 << 40) + sample * (1 << 24) + 1


def _mined(simulator: Simulator, here: Array, there: Array, asked: int, seed: int, sample: int) -> _Sample:
    first = _first(sample)
    at_here = simulator.mine(np.tile(here, (asked, 1)), there[None], seed=seed, first=first)
    at_there = simulator.mine(np.tile(there, (asked, 1)), here[None], seed=seed, first=first + (1 << 23))
    return _Sample(at_here, at_there, asked, there - here)


def _gaps(sample: _Sample) -> list[_Gap]:
    """Compare the two sides for every f: by the ratio, and by the score where it exists."""
    weights = [1 / (1 + np.exp(np.minimum(e.joint_log_ratio[:, 0], 700.0))) for e in (sample.here, sample.there)]
    slopes = [1 + sign * 0.5 * (e.joint_score @ sample.step) for sign, e in ((1, sample.here), (-1, sample.there))]
    scored = all(np.isfinite(slope).all() for slope in slopes)
    gaps = []
    for name, one, other in _functions(sample.here.x, sample.there.x):
        gaps.append(_gap(f"the mean of {name} by the joint ratio", weights[0] * one, weights[1] * other, sample.asked))
        if scored:
            gaps.append(
                _gap(f"the mean of {name} by the joint score", slopes[0] * one, slopes[1] * other, sample.asked)
            )
    return gaps


def _gap(name: str, one: Array, other: Array, asked: int) -> _Gap:
    """Compare two means over the events that were asked for; those that are missing count as 0."""
    means = [values.sum() / asked for values in (one, other)]
    variances = [(values**2).sum() / asked - mean**2 for values, mean in zip((one, other), means, strict=True)]
    return _Gap(name, float(means[0] - means[1]), float(np.sqrt(max(0.0, sum(variances)) / asked)))


def _functions(here: Array, there: Array) -> Iterator[tuple[str, Array, Array]]:
    """Yield bounded functions of x at both points: 1, and the ranks of columns, of their sum and of products."""
    yield "1", np.ones(len(here)), np.ones(len(there))
    both = np.nan_to_num(np.concatenate([here, there]).reshape(len(here) + len(there), -1))
    columns = both[:, :_COLUMNS]
    named = [(f"the rank of column {d} of x", columns[:, d]) for d in range(columns.shape[1])]
    if both.shape[1] > 1:
        centred = both - both.mean(axis=0)
        named += [("the rank of the sum of x", both.sum(axis=1))]
        named += [("the rank of a product of two columns of x", centred[:, 0] * centred[:, -1])]
    named += [(f"{name}, from its middle,", np.abs(values - np.median(values))) for name, values in named[:1]]
    for name, values in named:
        ranks = stats.rankdata(values) / len(values)
        yield name, ranks[: len(here)], ranks[len(here) :]
