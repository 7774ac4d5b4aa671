"""Refuse, before the first step, a training that could only end in a wrong estimator."""

import numpy as np
from scipy import stats
from torch import nn

from motherlode.core.types import Array, Bools
from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.ensembles import Ensemble
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.training.data.inputs import Columns, columns_of, compares_parameters
from motherlode.training.errors import (
    MissingColumns,
    NonFiniteEvents,
    NotExchangeable,
    RoughActivation,
    ScoreUnavailable,
)

__all__ = ["EXCHANGE_LEVEL", "check_training", "faults", "looks_exchangeable", "refuse_faults"]

EXCHANGE_LEVEL = 1e-6
"""Level of the test for exchangeability where the events do not say whether they are."""


def check_training(events: Columns, loss: Loss[E], estimator: Estimator) -> None:
    """Check that loss, events and estimator fit one another.

    Parameters
    ----------
    events
        The columns that the loss reads.
    loss
        What is to be minimized.
    estimator
        What is to be trained.

    Raises
    ------
    MissingColumns, ScoreUnavailable, NotExchangeable, NonFiniteEvents, RoughActivation, UnsuitableEstimator
        As their names say.
    """
    if len(events.theta) < 2:
        raise MissingColumns(loss.name, ["at least two events"])
    if isinstance(estimator, Ensemble):
        raise UnsuitableEstimator(
            "An Ensemble was given to train",
            "Its members would share one loss.",
            "Call motherlode.train_ensemble(events, loss).",
        )
    if not loss.target.suits(estimator):
        given = f"{type(estimator).__name__}{' against the marginal' if estimator.marginal else ''}"
        raise UnsuitableEstimator(
            f"Loss {loss.name} trains a {loss.target}, and a {given} was given",
            "They estimate different quantities.",
            "Leave estimator out, or choose a loss of the same kind.",
        )
    _check_columns(events, loss)
    refuse_faults(faults(events, loss), loss, len(events.theta))
    if loss.reads_score:
        _check_smooth(loss, estimator)
    if compares_parameters(loss):
        _check_exchangeable(events, loss)


def faults(events: Columns, loss: Loss[E]) -> dict[str, list[int]]:
    """Return the rows whose values no loss, or not this one, can be trained on, by column.

    Parameters
    ----------
    events
        The columns that the loss reads.
    loss
        What is to be minimized.
    """
    found = {name: _rows(~np.isfinite(getattr(events, name))) for name in ("theta", "x")}
    if "joint_log_ratio" in loss.columns and events.joint_log_ratio is not None:
        found["joint_log_ratio"] = _rows(np.isnan(events.joint_log_ratio) | np.isneginf(events.joint_log_ratio))
    if "joint_score" in loss.columns and events.joint_score is not None:
        found["joint_score"] = _rows(~np.isfinite(events.joint_score))
    return found


def refuse_faults(found: dict[str, list[int]], loss: Loss[E], total: int) -> None:
    """Raise the error of the first column with faults among ``total`` events.

    Raises
    ------
    NonFiniteEvents, ScoreUnavailable
        As their names say.
    """
    for column, rows in found.items():
        if rows and column == "joint_score":
            raise ScoreUnavailable(loss.name, rows, total)
        if rows:
            raise NonFiniteEvents(column, rows, total)


def _check_columns(events: Columns, loss: Loss[E]) -> None:
    columns = {name: getattr(events, name, None) for name in columns_of(loss)}
    missing = [name for name, values in sorted(columns.items()) if values is None or _is_empty(name, values)]
    if missing:
        raise MissingColumns(loss.name, missing)


def _is_empty(name: str, values: Array) -> bool:
    return name not in ("theta", "x") and values.size == 0


def _rows(wrong: Bools) -> list[int]:
    return [int(row) for row in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))]


def _check_smooth(loss: Loss[E], estimator: Estimator) -> None:
    """Look at what θ passes through: a kink in the features of x is none in θ."""
    features = getattr(estimator, "embedding", None)
    apart = set() if features is None else set(features.modules())
    kinks = (type(part).__name__ for part in estimator.modules() if isinstance(part, _ROUGH) and part not in apart)
    rough = next(kinks, None)
    if rough is not None:
        raise RoughActivation(loss.name, rough)


_ROUGH = (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh, nn.Hardswish, nn.PReLU, nn.RReLU, nn.Threshold)


def _check_exchangeable(events: Columns, loss: Loss[E]) -> None:
    if events.exchangeable or events.alternatives is None:
        return
    if events.exchangeable is False or not looks_exchangeable(events.theta, events.alternatives):
        raise NotExchangeable(loss.name)


def looks_exchangeable(theta: Array, alternatives: Array) -> bool:
    """Say whether θ and the first alternative have equal marginals, by a Kolmogorov-Smirnov test at EXCHANGE_LEVEL.

    A necessary condition only; events from a campaign carry the answer and are not tested.

    Parameters
    ----------
    theta
        Shape ``(N, D)``.
    alternatives
        Shape ``(N, K, D)``.
    """
    first = alternatives[:, 0]
    tests = [stats.ks_2samp(theta[:, d], first[:, d]).pvalue for d in range(theta.shape[1])]
    return bool(min(tests) * len(tests) > EXCHANGE_LEVEL)
