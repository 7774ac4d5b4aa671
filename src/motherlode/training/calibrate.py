r"""Correct a ratio estimator on held-out events, so that its probabilities are frequencies.

.. math:: \log \hat r_{cal} = ½\,[m_{θ_0}(\log \hat r) - m_{θ_1}(-\log \hat r)], \qquad
   σ(-m_θ(l)) \approx \mathbb E[s(x,z)\,|\,\log \hat r = l, θ]

m is monotone and piecewise linear, found by isotonic regression or from a histogram, for all θ at once or in cells of
θ between which it is interpolated. The soft label s(x,z) replaces the class: the same mean, less noise. In bin B of
:math:`\log \hat r`, with the predictions :math:`\hat s = σ(-\log \hat r)`, a knot is

.. math:: \log\frac{\sum_B (1 - \hat s)}{\sum_B \hat s} \mapsto \log\frac{\sum_B (1 - \hat s)}{\sum_B \hat s}
   + \log\frac{\sum_B (1 - s) + u_0/2}{\sum_B (1 - \hat s) + u_0/2} - \log\frac{\sum_B s + u_1/2}{\sum_B \hat s + u_1/2}

so that an estimator whose probabilities are frequencies stays as it is, at any :math:`\log \hat r`, and so does any
estimator where too few events of a class are expected to judge it by. u is the size of one count: 1 for classes, for
soft labels with variance v of log s at a given :math:`\log \hat r` the variance of their sum over its mean,
:math:`\min(1, \bar{\hat s}\,(e^v - 1))` as of a log-normal law.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.isotonic import IsotonicRegression

from motherlode.core.types import JSON, Array, Integers
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.calibrated import Calibrated
from motherlode.estimators.kinds.ratio import AmortizedRatio
from motherlode.events import Events
from motherlode.losses.pairs import alice
from motherlode.losses.terms import column
from motherlode.training.data.split import as_batch, pair_up

__all__ = ["calibrate"]

_KNOTS = 32
_LARGEST_LABEL = 700.0


def calibrate(
    estimator: AmortizedRatio,
    events: Events,
    method: Literal["isotonic", "histogram"] = "isotonic",
    cells: int = 1,
    seed: int = 0,
) -> Calibrated:
    """Return the estimator with its log-ratios corrected on events it was not trained on.

    Parameters
    ----------
    estimator
        A ratio estimator; an ensemble of them or one that is calibrated already will do.
    events
        Held-out events with alternatives, θ and alternatives exchangeable: over the whole proposal for a correction
        amortized over θ, or all drawn at two points for one that holds there.
    method
        ``"isotonic"`` or ``"histogram"``.
    cells
        Number of cells of θ with a correction of their own, at most one for each distinct θ; 1 averages over θ.
    seed
        Decides which events swap roles.
    """
    if not isinstance(estimator, AmortizedRatio):
        raise UnsuitableEstimator(
            f"{type(estimator).__name__} estimates no ratio",
            "There is no probability to correct.",
            "Pass a RatioEstimator.",
        )
    pairs = pair_up(as_batch(events, alice), estimator.marginal, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        here = pairs.to(estimator.device)
        log_ratio = estimator.log_ratio(here.theta0, here.x, here.theta1).double().cpu().numpy()
    joint = column(pairs.joint_log_ratio).clamp(-_LARGEST_LABEL, _LARGEST_LABEL).numpy()
    theta = pairs.theta0.numpy()
    if pairs.theta1 is not None:
        theta = np.concatenate([theta, pairs.theta1.numpy()])
        log_ratio, joint = np.concatenate([log_ratio, -log_ratio]), np.concatenate([joint, -joint])
    anchors, member = _cells(theta, cells)
    parts = [member == cell for cell in range(len(anchors))]
    knots = np.stack([_knots(log_ratio[part], joint[part], method) for part in parts])
    result = Calibrated(estimator, anchors.tolist(), knots[:, 0].tolist(), knots[:, 1].tolist())
    before, after = (_expected_error(values, joint) for values in (log_ratio, result.correct_rows(log_ratio, theta)))
    if estimator.record is not None:
        found: dict[str, JSON] = {"method": method, "cells": len(anchors), "error_before": before, "error_after": after}
        result.record = replace(estimator.record, calibration=found)
    return result


def _cells(theta: Array, cells: int) -> tuple[Array, Integers]:
    cells = min(cells, len(np.unique(theta, axis=0)))
    if cells == 1:
        return theta.mean(axis=0, keepdims=True), np.zeros(len(theta), dtype=np.int64)
    spread = np.where(theta.std(axis=0) > 0, theta.std(axis=0), 1.0)
    found = KMeans(cells, n_init=1, random_state=0).fit(theta / spread)
    return found.cluster_centers_ * spread, found.labels_


def _knots(log_ratio: Array, joint: Array, method: str) -> Array:
    order = np.argsort(log_ratio, kind="stable")
    log_ratio, joint = log_ratio[order], joint[order]
    first = _bins(log_ratio, joint, method)
    expected, found = zip(*(_masses(sign * log_ratio, sign * joint, first) for sign in (1.0, -1.0)), strict=True)
    inputs, outputs = expected[0] - expected[1], np.maximum.accumulate(found[0] - found[1])
    return np.stack([np.pad(column, (0, _KNOTS - len(column)), mode="edge") for column in (inputs, outputs)])


def _bins(log_ratio: Array, joint: Array, method: str) -> NDArray[np.intp]:
    """Return where bins of the sorted log-ratios begin; those of isotonic regression cut none of its blocks."""
    edges = np.unique(np.quantile(log_ratio, np.linspace(0.0, 1.0, _KNOTS + 1)))
    cell = np.clip(np.searchsorted(edges, log_ratio, side="right") - 1, 0, max(len(edges) - 2, 0))
    if method == "isotonic":
        label = np.exp(_log_sigmoid(-joint))
        level = IsotonicRegression(increasing=False).fit_transform(log_ratio, label)
        _, beginning, block = np.unique(-level, return_index=True, return_inverse=True)
        cell = cell[beginning][block]
    return np.flatnonzero(np.diff(cell, prepend=-1))


def _masses(log_odds: Array, log_odds_label: Array, first: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return log Σ of the predicted probability of a class in each bin, and the same corrected by its labels."""
    prediction, label = _log_sigmoid(log_odds), _log_sigmoid(log_odds_label)
    expected, found = np.logaddexp.reduceat(prediction, first), np.logaddexp.reduceat(label, first)
    count = np.diff(first, append=len(label))
    scatter = 0.5 * np.diff(label, append=label[-1]) ** 2
    variance = np.maximum(np.add.reduceat(scatter, first) / count, max(scatter.mean(), 1e-12))
    unit = np.minimum(0.0, expected - np.log(count) + variance + np.log(-np.expm1(-variance)))
    half = unit - np.log(2.0)
    return expected, expected + np.logaddexp(found, half) - np.logaddexp(expected, half)


def _log_sigmoid(value: Array) -> Array:
    result: Array = -np.logaddexp(0.0, -value)
    return result


def _expected_error(log_ratio: Array, joint: Array) -> float:
    probability, label = np.exp(_log_sigmoid(-log_ratio)), np.exp(_log_sigmoid(-joint))
    cell = np.minimum((probability * 20).astype(np.int64), 19)
    count = np.bincount(cell, minlength=20)
    gaps = np.bincount(cell, probability - label, 20)
    return float(np.abs(gaps).sum() / count.sum())
