r"""Measure the local spread of the score over the parameters, in the coordinates and in units of the prior.

.. math:: W_θ = (F_u + 1)^{-1/2}\, \frac{\partial θ}{\partial u}, \qquad
    F_u = \mathbb E[t_u t_u^T\,|\,θ] \approx \frac1k \sum_{j \in \mathrm{near}(θ)} t_j t_j^T

u are the coordinates in which the prior looks like a standard Gaussian. The score of such a prior has variance 1, so
what the data say less about than the prior counts in units of the prior.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from motherlode.estimators.transforms import Coordinates

__all__ = ["whiteners"]


def whiteners(
    theta: NDArray[np.float64],
    joint_score: NDArray[np.float64],
    bounds: tuple[Tensor, Tensor] | None = None,
    neighbours: int | None = None,
) -> NDArray[np.float64]:
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
    whitened: NDArray[np.float64] = root * stretch[:, None, :]
    return whitened


def _coordinates(
    theta: NDArray[np.float64], bounds: tuple[Tensor, Tensor] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return u and dθ/du with shape ``(N, D)``."""
    coordinates, values = Coordinates((theta.shape[1],)), torch.as_tensor(theta)
    coordinates.fit(values, bounds=bounds)
    return coordinates(values).numpy(), (-coordinates.log_jacobian(values)).exp().numpy()
