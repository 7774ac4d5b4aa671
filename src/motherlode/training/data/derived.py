r"""Work out the columns that losses read and no simulator gives: whiteners, and the score of the proposal.

.. math:: W_θ = (F_u + 1)^{-1/2}\, \frac{\partial θ}{\partial u}, \qquad
    F_u = \mathbb E[t_u t_u^T\,|\,θ] \approx \frac1k \sum_{j \in \mathrm{near}(θ)} t_j t_j^T

A whitener W measures the local spread of the score over the parameters; u are the coordinates in which the prior looks
like a standard Gaussian. The score of such a prior has variance 1, so what the data say less about than the prior
counts in units of the prior.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from motherlode.core.types import Array
from motherlode.estimators.batches import EventBatch
from motherlode.estimators.transforms import ColumnTransforms
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.training.data.inputs import Columns

__all__ = ["complete", "whiteners"]


def complete(
    events: Columns, batch: EventBatch, loss: Loss[E], estimator: E, score: Callable[[Array], Array] | None
) -> EventBatch:
    """Return the batch with the columns that the loss reads and that are worked out from others.

    Parameters
    ----------
    events
        Anything with ``theta`` and ``joint_score``.
    batch
        The same as tensors.
    loss
        Says which columns it reads.
    estimator
        Gives the box of θ, where it has one.
    score
        Gives ∇θ log π(θ) of the proposal where the loss reads it.
    """
    if score is not None:
        batch = replace(batch, prior_score=torch.as_tensor(score(events.theta)))
    if "whitener" in loss.columns and events.joint_score is not None:
        labels = whiteners(events.theta, events.joint_score, estimator.bounds())
        batch = replace(batch, whitener=torch.as_tensor(labels))
    return batch


def whiteners(
    theta: Array,
    joint_score: Array,
    bounds: tuple[Tensor, Tensor] | None = None,
    neighbours: int | None = None,
) -> Array:
    """Return W with shape ``(N, D, D)`` from the events nearest in θ; it acts on scores in θ.

    Parameters
    ----------
    theta, joint_score
        Shape ``(N, D)`` each.
    bounds
        Box of θ, where an estimator maps it by a logit; infinite for a column without.
    neighbours
        Number k of events averaged over; None takes 50 · D, at most a tenth of the events but never fewer than 2 · D.
    """
    count, dimensions = theta.shape
    u, stretch = _coordinates(theta, bounds)
    k = neighbours or max(2 * dimensions, min(50 * dimensions, count // 10))
    _, near = cKDTree(u).query(u, k=min(k, count))
    score = joint_score * stretch
    outer = score[:, :, None] * score[:, None, :]
    local = np.zeros((count, dimensions, dimensions))
    for column in near.reshape(count, -1).T:
        local += outer[column]
    values, vectors = np.linalg.eigh(local / min(k, count) + np.eye(dimensions))
    root = (vectors / np.sqrt(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    whitened: Array = root * stretch[:, None, :]
    return whitened


def _coordinates(theta: Array, bounds: tuple[Tensor, Tensor] | None) -> tuple[Array, Array]:
    """Return u and dθ/du with shape ``(N, D)``."""
    coordinates, values = ColumnTransforms((theta.shape[1],)), torch.as_tensor(theta)
    coordinates.fit(values, bounds=bounds)
    return coordinates(values).numpy(), (-coordinates.log_jacobian(values)).exp().numpy()
