r"""Say whether chains agree and how many independent draws they are worth.

Rank-normalized split R-hat, bulk and tail effective sample size after Vehtari, Gelman, Simpson, Carpenter, Bürkner,
"Rank-normalization, folding, and localization" (2021), arXiv:1903.08008.

.. math:: ESS = \frac{CN}{1 + 2\sum_t \hat\rho_t}, \qquad \hat R = \sqrt{\widehat{var}^+ / W}

R-hat compares the means of single chains, so a hundred chains of twenty good draws each fail it. Nested R-hat compares
the means of K superchains, each of M chains begun at one point: Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari,
Gelman, "Nested R-hat: assessing the convergence of Markov chain Monte Carlo when running many short chains" (2021),
arXiv:2110.13017. What it averages away, a single chain that stays elsewhere, :func:`stuck_chains` finds.

.. math:: n\hat R = \sqrt{1 + B/W}, \qquad B = var_k\, \bar θ_{k}, \qquad
    W = mean_k\,[var_m\, \bar θ_{km} + mean_m\, var_n\, θ_{kmn}]
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

__all__ = ["ess_bulk", "ess_mean", "ess_tail", "members_of", "nested_rhat", "split_rhat", "stuck_chains"]

Array = NDArray[np.float64]


def split_rhat(draws: Array) -> float:
    """Return the larger of the bulk and folded rank-normalized split R-hat of draws ``(chain, draw)``."""
    if draws.shape[1] < 4 or np.ptp(draws) == 0.0:
        return float("nan")
    folded = np.abs(draws - np.median(draws))
    return max(_rhat(_normal_scores(_split(draws))), _rhat(_normal_scores(_split(folded))))


def nested_rhat(draws: Array, superchains: int) -> float:
    """Return the larger of the bulk and folded rank-normalized nested R-hat of draws ``(chain, draw)``.

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
    if draws.shape[1] < 2 or np.ptp(draws) == 0.0:
        return float("nan")
    folded = np.abs(draws - np.median(draws))
    return max(_nested(_normal_scores(part).reshape(superchains, members, -1)) for part in (draws, folded))


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
    return _ess(_normal_scores(_split(draws)))


def ess_mean(draws: Array) -> float:
    """Return the effective sample size for the mean of draws ``(chain, draw)``."""
    return _ess(_split(draws))


def ess_tail(draws: Array) -> float:
    """Return the smaller effective sample size of the 5 % and 95 % quantiles of draws ``(chain, draw)``."""
    quantiles = np.quantile(draws, (0.05, 0.95))
    return min(_ess(_split((draws <= q).astype(np.float64))) for q in quantiles)


def _split(draws: Array) -> Array:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normal_scores(draws: Array) -> Array:
    ranks = rankdata(draws, method="average").reshape(draws.shape)
    scores: Array = ndtri((ranks - 0.375) / (draws.size + 0.25))
    return scores


def _rhat(draws: Array) -> float:
    length = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean()
    between = draws.mean(axis=1).var(ddof=1)
    return float(np.sqrt((length - 1) / length + between / within)) if within > 0.0 else float("nan")


def _nested(draws: Array) -> float:
    means = draws.mean(axis=2)
    within = (means.var(axis=1, ddof=1) + draws.var(axis=2, ddof=1).mean(axis=1)).mean()
    between = means.mean(axis=1).var(ddof=1)
    return float(np.sqrt(1.0 + between / within)) if within > 0.0 else float("nan")


def _ess(draws: Array) -> float:
    """Geyer's initial monotone sequence on the autocorrelation pooled over chains."""
    chains, length = draws.shape
    if length < 4 or np.ptp(draws) == 0.0:
        return float("nan")
    covariance = _autocovariance(draws).mean(axis=0)
    within = covariance[0] * length / (length - 1)
    total = covariance[0] + (draws.mean(axis=1).var(ddof=1) if chains > 1 else 0.0)
    rho = 1.0 - (within - covariance * length / (length - 1)) / total
    rho[0] = 1.0
    pairs = rho[: length - length % 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    pairs = np.minimum.accumulate(pairs[: negative[0] if len(negative) else len(pairs)])
    tau = max(2.0 * pairs.sum() - 1.0, 1.0 / np.log10(draws.size))
    return float(draws.size / tau)


def _autocovariance(draws: Array) -> Array:
    length = draws.shape[1]
    size = 2 ** int(np.ceil(np.log2(2 * length)))
    spectrum = np.fft.rfft(draws - draws.mean(axis=1, keepdims=True), n=size)
    product: Array = np.fft.irfft(spectrum * spectrum.conj(), n=size)[:, :length] / length
    return product
