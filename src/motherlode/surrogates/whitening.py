r"""Measure the local spread of the joint score over the parameters.

.. math:: W_θ = F_θ^{-1/2}, \qquad F_θ = \mathbb E[t t^T\,|\,θ] \approx \frac1k \sum_{j \in \mathrm{near}(θ)} t_j t_j^T
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["whiteners"]

_RIDGE = 0.05


def whiteners(
    theta: NDArray[np.float64], joint_score: NDArray[np.float64], neighbours: int | None = None
) -> NDArray[np.float64]:
    """Return W with shape ``(N, D, D)``, symmetric, from the events nearest in θ.

    Parameters
    ----------
    theta, joint_score
        Shape ``(N, D)`` each.
    neighbours
        Number k of events averaged over; None takes 50 · D, at most a tenth of the events but never fewer than 2 · D.
    """
    count, dimensions = theta.shape
    k = neighbours or max(2 * dimensions, min(50 * dimensions, count // 10))
    spread = theta.std(axis=0)
    scaled = theta / np.where(spread > 0, spread, 1.0)
    _, near = cKDTree(scaled).query(scaled, k=min(k, count))
    near = near.reshape(count, -1)
    outer = joint_score[:, :, None] * joint_score[:, None, :]
    local = np.zeros((count, dimensions, dimensions))
    for column in near.T:
        local += outer[column]
    local /= near.shape[1]
    trace = np.trace(local, axis1=1, axis2=2)[:, None, None] / dimensions
    ridge = (_RIDGE * trace + np.finfo(np.float64).tiny) * np.eye(dimensions)
    values, vectors = np.linalg.eigh(local + ridge)
    whitened: NDArray[np.float64] = (vectors / np.sqrt(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    return whitened
