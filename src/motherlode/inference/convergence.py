r"""Say whether chains agree and how many independent draws they are worth.

Rank-normalized split R-hat, bulk and tail effective sample size after Vehtari, Gelman, Simpson, Carpenter, Bürkner,
"Rank-normalization, folding, and localization" (2021), arXiv:1903.08008, computed by arviz-stats.

.. math:: ESS = \frac{CN}{1 + 2\sum_t \hat\rho_t}, \qquad \hat R = \sqrt{\widehat{var}^+ / W}

R-hat compares the means of single chains, so a hundred chains of twenty good draws each fail it. Nested R-hat compares
the means of K superchains, each of M chains begun at one point: Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari,
Gelman, "Nested R-hat: assessing the convergence of Markov chain Monte Carlo when running many short chains" (2021),
arXiv:2110.13017. What it averages away, a single chain that stays elsewhere, :func:`stuck_chains` finds: that one is
our own, for arviz-stats does not look at single chains.

.. math:: n\hat R = \sqrt{1 + B/W}, \qquad B = var_k\, \bar θ_{k}, \qquad
    W = mean_k\,[var_m\, \bar θ_{km} + mean_m\, var_n\, θ_{kmn}]
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from motherlode.core.types import Array

__all__ = ["ess_bulk", "ess_mean", "ess_tail", "members_of", "nested_rhat", "split_rhat", "stuck_chains"]

_FEWEST = 4


def split_rhat(draws: Array) -> float:
    """Return the larger of the bulk and folded rank-normalized split R-hat of draws ``(chain, draw)``.

    NaN for fewer than four draws a chain, and where all are equal. A single chain has one too, from its halves.
    """
    if _says_nothing(draws):
        return float("nan")
    from arviz_stats.base import array_stats

    if len(draws) > 1:
        return float(array_stats.rhat(draws))
    half = draws.shape[1] // 2  # arviz-stats wants two chains before it splits
    halves = np.concatenate([draws[:, :half], draws[:, -half:]])
    parts = (halves, np.abs(halves - np.median(halves)))
    return max(float(array_stats.rhat(_normal_scores(part), method="identity")) for part in parts)


def nested_rhat(draws: Array, superchains: int) -> float:
    """Return the larger of the bulk and folded rank-normalized nested R-hat of draws ``(chain, draw)``.

    Every chain is split in half, so that drifts show. NaN for fewer than four draws a chain, and where all are equal.

    Parameters
    ----------
    draws
        Draws of ``K M`` chains, those of one superchain next to each other.
    superchains
        K, at least 2; M, the number of chains over K, at least 2.

    Raises
    ------
    ValueError
        If the chains do not make that many superchains.
    """
    members = members_of(len(draws), superchains)
    if _says_nothing(draws):
        return float("nan")
    from arviz_stats.base import array_stats

    return float(array_stats.rhat_nested(draws, np.repeat(np.arange(superchains), members)))


def members_of(chains: int, superchains: int) -> int:
    """Return M, the number of chains of each superchain.

    Raises
    ------
    ValueError
        If the chains do not make that many superchains.
    """
    members, rest = divmod(chains, superchains) if superchains > 1 else (0, 0)
    if members < 2 or rest:
        raise ValueError(
            f"{chains} chains do not make {superchains} superchains. Each needs the same number of chains, at least "
            "two, and there must be at least two. Choose a divisor of the number of chains."
        )
    return members


def stuck_chains(draws: Array) -> NDArray[np.intp]:
    """Return which chains of draws ``(chain, draw)`` never move, or stay where the others do not come.

    That is, where the mean is farther from the median chain's than a standard deviation of the typical chain, and than
    six robust standard deviations of the chains' means.
    """
    frozen = np.ptp(draws, axis=1) == 0.0
    if len(draws) < 3:
        return np.flatnonzero(frozen)
    means = draws.mean(axis=1)
    distance = np.abs(means - np.median(means))
    far = distance > np.maximum(np.median(draws.std(axis=1)), 6.0 * 1.4826 * np.median(distance))
    return np.flatnonzero(far | frozen)


def ess_bulk(draws: Array) -> float:
    """Return the effective sample size of the centre of the distribution of draws ``(chain, draw)``."""
    return _ess(draws, "bulk")


def ess_mean(draws: Array) -> float:
    """Return the effective sample size for the mean of draws ``(chain, draw)``."""
    return _ess(draws, "mean")


def ess_tail(draws: Array) -> float:
    """Return the smaller effective sample size of the 5 % and 95 % quantiles of draws ``(chain, draw)``."""
    return _ess(draws, "tail", prob=(0.05, 0.95))


def _ess(draws: Array, method: str, **options: tuple[float, float]) -> float:
    if _says_nothing(draws):
        return float("nan")
    from arviz_stats.base import array_stats

    return float(array_stats.ess(draws, method=method, **options))


def _normal_scores(draws: Array) -> Array:
    ranks = rankdata(draws, method="average").reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)))


def _says_nothing(draws: Array) -> bool:
    return bool(draws.shape[1] < _FEWEST or np.ptp(draws) == 0.0)
