"""Refuse, before the first step, a training that could only end in a wrong surrogate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from torch import nn

from motherlode.surrogates.errors import (
    MissingColumns,
    NonFiniteEvents,
    NotExchangeable,
    RoughActivation,
    ScoreUnavailable,
    UnsuitableEstimator,
)
from motherlode.surrogates.losses import Loss

__all__ = ["EXCHANGE_LEVEL", "examine", "looks_exchangeable"]

EXCHANGE_LEVEL = 1e-6
"""Level of the test for exchangeability where the events do not say whether they are."""


def examine(events: Any, loss: Loss, estimator: Any) -> None:
    """Check that loss, events and estimator fit one another.

    Parameters
    ----------
    events
        Anything with the columns of :class:`motherlode.Events`.
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
    if not loss.suits(estimator):
        raise UnsuitableEstimator(
            f"Loss {loss.name} trains a {loss.task} estimator, and a {type(estimator).__name__} was given",
            "They estimate different quantities.",
            "Leave estimator out, or choose a loss of the same kind.",
        )
    _check_columns(events, loss)
    _check_finite(events)
    if "joint_score" in loss.columns:
        _check_score(events, loss, estimator)
    if _compares_parameters(loss):
        _check_exchangeable(events, loss)


def _compares_parameters(loss: Loss) -> bool:
    return loss.kind == "pairs" or "alternatives" in loss.columns


def _check_columns(events: Any, loss: Loss) -> None:
    needed: set[str] = {name for name in ("joint_log_ratio", "joint_score") if name in loss.columns}
    needed |= {"alternatives"} if _compares_parameters(loss) else set()
    missing = [
        name for name in sorted(needed) if getattr(events, name, None) is None or getattr(events, name).size == 0
    ]
    if missing:
        raise MissingColumns(loss.name, missing)
    if "joint_log_ratio" in needed:
        _refuse("joint_log_ratio", np.isnan(events.joint_log_ratio) | np.isneginf(events.joint_log_ratio))


def _check_finite(events: Any) -> None:
    for name in ("theta", "x"):
        _refuse(name, ~np.isfinite(getattr(events, name)))


def _refuse(column: str, wrong: NDArray[np.bool_]) -> None:
    rows = _rows(wrong)
    if len(rows):
        raise NonFiniteEvents(column, rows, len(wrong))


def _rows(wrong: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(wrong.reshape(len(wrong), -1).any(axis=1))]


def _check_score(events: Any, loss: Loss, estimator: Any) -> None:
    rows = _rows(~np.isfinite(events.joint_score))
    if rows:
        raise ScoreUnavailable(loss.name, rows, len(events.theta))
    if loss.reads_score:
        rough = next((type(part).__name__ for part in estimator.modules() if isinstance(part, _ROUGH)), None)
        if rough is not None:
            raise RoughActivation(loss.name, rough)


_ROUGH = (nn.ReLU, nn.LeakyReLU, nn.ReLU6, nn.Hardtanh, nn.Hardswish, nn.PReLU, nn.RReLU, nn.Threshold)


def _check_exchangeable(events: Any, loss: Loss) -> None:
    declared = getattr(events, "exchangeable", None)
    if declared is False or (declared is None and not looks_exchangeable(events.theta, events.alternatives)):
        raise NotExchangeable(loss.name)


def looks_exchangeable(theta: NDArray[np.float64], alternatives: NDArray[np.float64]) -> bool:
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
