r"""Can a classifier tell two samples apart: the two-sample test, at one observation, and for a ratio.

.. math:: \text{C2ST} = \tfrac12 \text{ where } p = q, \quad 1 \text{ where they do not overlap}

Lopez-Paz, Oquab, "Revisiting classifier two-sample tests" (2017), arXiv:1610.06545; at one observation: Linhart,
Gramfort, Rodrigues, "L-C2ST" (2023), arXiv:2306.03580.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from motherlode.core.types import Array, Integers
from motherlode.diagnostics.uniformity import check_resolution

__all__ = ["Separation", "c2st", "critic", "local_c2st"]


_ALPHA = 0.01


@dataclass(frozen=True)
class Separation:
    """How well a classifier separates two samples.

    Attributes
    ----------
    method
        ``"c2st"``, ``"local c2st"`` or ``"critic"``.
    statistic
        Held-out accuracy, its weighted form, or the mean square of (probability - ½).
    p_value
        Of equality.
    band
        Where the statistic of equal samples falls with probability ``1 - alpha``.
    alpha
        Error probability of the verdict.
    """

    method: str
    statistic: float
    p_value: float
    band: tuple[float, float]
    alpha: float = _ALPHA

    @property
    def ok(self) -> bool:
        """Whether the samples cannot be told apart."""
        return self.p_value > self.alpha

    def verdict(self) -> str:
        """Say in words what was found."""
        found = "cannot be told apart" if self.ok else "differ"
        return f"{self.method}: the samples {found} (statistic {self.statistic:.4f}, p = {self.p_value:.2g})"


def c2st(first: ArrayLike, second: ArrayLike, folds: int = 5, seed: int = 0) -> Separation:
    """Return the cross-validated accuracy of a network that separates two samples ``(n, D)`` and ``(m, D)``.

    Both are cut to the same length, and scaled by mean and spread of the first. The p-value is the binomial one of an
    accuracy above one half.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    size = min(len(a), len(b))
    features = (np.concatenate([a[:size], b[:size]]) - a.mean(axis=0)) / a.std(axis=0)
    labels = np.repeat([0, 1], size)
    right = (_held_out(features, labels, None, folds, seed) > 0.5) == labels
    accuracy = float(right.mean())
    return _against_one_half("c2st", accuracy, 0.5 / np.sqrt(2 * size))


def critic(
    numerator: ArrayLike, denominator: ArrayLike, log_ratio: ArrayLike, folds: int = 5, seed: int = 0
) -> Separation:
    r"""Test :math:`\hat r(x|θ_0,θ_1)`: x from θ1 weighted by it should look like x from θ0.

    Parameters
    ----------
    numerator
        x from θ0 with shape ``(n, F)``.
    denominator
        x from θ1 with shape ``(n, F)``.
    log_ratio
        log r̂ at the denominator's x with shape ``(n,)``.
    folds, seed
        Of the cross-validation.
    """
    a, b = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    weight = np.exp(np.asarray(log_ratio, dtype=np.float64))
    weight = weight / weight.sum() * len(a)
    features = (np.concatenate([a, b]) - a.mean(axis=0)) / a.std(axis=0)
    labels = np.repeat([0, 1], [len(a), len(b)])
    weights = np.concatenate([np.ones(len(a)), weight])
    right = (_held_out(features, labels, weights, folds, seed) > 0.5) == labels
    accuracy = float((weights * right).sum() / weights.sum())
    error = 0.5 * np.sqrt((weights**2).sum()) / weights.sum()
    return _against_one_half("critic", accuracy, error)


def local_c2st(
    theta: ArrayLike,
    x: ArrayLike,
    draws: ArrayLike,
    x_observed: ArrayLike,
    at: ArrayLike,
    trials: int = 199,
    seed: int = 0,
) -> Separation:
    """Test a posterior at one observation, without a reference sample there.

    Parameters
    ----------
    theta, x
        Pairs from prior and simulator with shapes ``(n, D)`` and ``(n, F)``.
    draws
        One draw of the tested posterior for each x, with shape ``(n, D)``.
    x_observed
        The observation with shape ``(F,)``.
    at
        Draws of the tested posterior at the observation with shape ``(m, D)``.
    trials
        Permutations behind the p-value.
    seed
        Seed of permutations and classifier.

    Raises
    ------
    ValueError
        If there are so few trials that no p-value could be small enough.
    """
    check_resolution("trials", trials, _ALPHA)
    true, fake = np.asarray(theta, dtype=np.float64), np.asarray(draws, dtype=np.float64)
    context = np.asarray(x, dtype=np.float64).reshape(len(true), -1)
    first, second = np.hstack([true, context]), np.hstack([fake, context])
    place = np.asarray(at, dtype=np.float64)
    query = np.hstack([place, np.tile(np.asarray(x_observed, dtype=np.float64).ravel(), (len(place), 1))])
    centre, scale = first.mean(axis=0), first.std(axis=0)
    first, second, query = ((part - centre) / scale for part in (first, second, query))
    observed = _distance(first, second, query, seed)
    generator = np.random.default_rng(seed)
    null = []
    for trial in range(trials):
        swap = generator.random((len(first), 1)) < 0.5
        null.append(_distance(np.where(swap, second, first), np.where(swap, first, second), query, seed + trial))
    p_value = float((1 + (np.array(null) >= observed).sum()) / (trials + 1))
    return Separation("local c2st", observed, p_value, (0.0, float(np.quantile(null, 1.0 - _ALPHA))))


def _against_one_half(method: str, accuracy: float, error: float) -> Separation:
    p_value = float(norm.sf((accuracy - 0.5) / error))
    return Separation(method, accuracy, p_value, (0.0, float(0.5 + norm.isf(_ALPHA) * error)))


def _distance(first: Array, second: Array, query: Array, seed: int) -> float:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=1000, random_state=seed)
    model.fit(_quadratic(np.concatenate([first, second])), np.repeat([0, 1], len(first)))
    return float(((model.predict_proba(_quadratic(query))[:, 1] - 0.5) ** 2).mean())


def _held_out(features: Array, labels: Integers, weights: Array | None, folds: int, seed: int) -> Array:
    """Return the probability of label 1 for every row, from a network that has not seen the row."""
    from sklearn.model_selection import StratifiedKFold
    from sklearn.neural_network import MLPClassifier

    probability = np.empty(len(labels))
    width = max(10 * features.shape[1], 20)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, test in split.split(features, labels):
        model = MLPClassifier((width, width), early_stopping=True, max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Stochastic Optimizer")
            model.fit(features[train], labels[train], sample_weight=None if weights is None else weights[train])
        probability[test] = model.predict_proba(features[test])[:, 1]
    return probability


def _quadratic(features: Array) -> Array:
    """Append all products of two features: a logistic regression on them sees shifts, spreads and correlations."""
    i, j = np.triu_indices(features.shape[1])
    return np.hstack([features, features[:, i] * features[:, j]])
