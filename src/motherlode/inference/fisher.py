r"""Fisher information from the score of the observable, and the geometry it induces on parameter space.

.. math:: I_{ij}(θ) = E_{x \sim p(x|θ)}[t_i(x|θ)\, t_j(x|θ)]

The joint score will not do: :math:`E[t(x,z) t(x,z)^T] = I(x,z) \succeq I(x)` counts the latents as observed. Its
product with the learned score, :math:`E[\hat t(x)\, t(x,z)^T]`, has the right mean and serves as a check.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.stats import chi2

from motherlode.core.types import Array
from motherlode.estimators.protocols import LocalScore, LogLikelihood, LogRatio
from motherlode.inference.event_likelihood import log_likelihood_of
from motherlode.inference.frequentist.rate import Rate

__all__ = ["Information", "distance", "fisher", "histogram_information", "rate_information", "scores_of"]

Metric = Callable[[Array], Array]

Scored: TypeAlias = LogRatio | LogLikelihood | LocalScore
"""What has a score of x: a ratio or a likelihood, which is differentiated, or a score at one point."""


@dataclass(frozen=True)
class Information:
    """An information matrix with what is known about its error.

    Attributes
    ----------
    matrix
        Shape ``(D, D)``, for all events together.
    covariance
        Covariance of its entries with shape ``(D, D, D, D)``.
    names
        Parameter names.
    """

    matrix: Array
    covariance: Array
    names: tuple[str, ...]

    @property
    def errors(self) -> Array:
        """Standard error of each entry with shape ``(D, D)``."""
        errors: Array = np.sqrt(np.einsum("ijij->ij", self.covariance))
        return errors

    def __add__(self, other: "Information") -> "Information":
        """Add the information of an independent measurement."""
        return Information(self.matrix + other.matrix, self.covariance + other.covariance, self.names)

    def profiled(self, interest: Sequence[str]) -> Array:
        """Return the information on some parameters when the others are profiled, shape ``(k, k)``."""
        kept = [self.names.index(name) for name in interest]
        rest = [i for i in range(len(self.names)) if i not in kept]
        cross = self.matrix[np.ix_(kept, rest)]
        profiled: Array = self.matrix[np.ix_(kept, kept)] - cross @ np.linalg.solve(
            self.matrix[np.ix_(rest, rest)], cross.T
        )
        return profiled

    def contour(self, centre: ArrayLike, interest: Sequence[str], level: float = 0.6827, points: int = 101) -> Array:
        r"""Return the ellipse that the information promises for two parameters.

        .. math:: (θ - θ_0)^T I_{prof} (θ - θ_0) = F^{-1}_{χ^2_2}(\mathrm{level})

        Parameters
        ----------
        centre
            θ_0 with shape ``(D,)``.
        interest
            Names of the two; the others are profiled.
        level
            Confidence level.
        points
            Points on the closed line, returned with shape ``(points, 2)``.
        """
        kept = [self.names.index(name) for name in interest]
        angles = np.linspace(0.0, 2.0 * np.pi, points)
        circle = np.sqrt(chi2.ppf(level, 2)) * np.stack([np.cos(angles), np.sin(angles)])
        root = np.linalg.cholesky(np.linalg.inv(self.profiled(interest)))
        ellipse: Array = np.asarray(centre, dtype=np.float64)[kept] + (root @ circle).T
        return ellipse

    def bounds(self) -> Array:
        """Return the smallest standard errors an unbiased estimate can have (Cramér, Rao), with shape ``(D,)``."""
        smallest: Array = np.sqrt(np.diag(np.linalg.inv(self.matrix)))
        return smallest

    def squared_distance(self, theta: ArrayLike, centre: ArrayLike) -> Array:
        """Return the expected -2 log likelihood ratio near the centre: ``(*B,)`` for theta ``(*B, D)``."""
        step = np.asarray(theta, dtype=np.float64) - np.asarray(centre, dtype=np.float64)
        return np.asarray(np.einsum("...i,ij,...j->...", step, self.matrix, step))


def scores_of(estimator: Scored, theta: ArrayLike, x: ArrayLike) -> Array:
    """Return t̂(x|θ) with shape ``(N, D)`` for x ``(N, *L)`` at one theta ``(D,)``.

    Parameters
    ----------
    estimator
        A ratio or a likelihood, which is differentiated, or a score at one point.
    theta, x
        The point and the observables.
    """
    outcomes = torch.as_tensor(np.asarray(x, dtype=np.float64))
    if isinstance(estimator, LocalScore) and not isinstance(estimator, LogRatio | LogLikelihood):
        with torch.no_grad():
            return np.asarray(estimator.score(outcomes).to(torch.float64).numpy())
    point = torch.as_tensor(np.asarray(theta, dtype=np.float64)).expand(len(outcomes), -1).clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(log_likelihood_of(estimator)(point, outcomes).sum(), point)
    return np.asarray(gradient.to(torch.float64).numpy())


def fisher(
    estimators: Scored | Sequence[Scored],
    theta: ArrayLike,
    x: ArrayLike,
    events: float = 1.0,
    names: Sequence[str] | None = None,
    joint_score: ArrayLike | None = None,
) -> Information:
    """Estimate the information of ``events`` events from observables simulated at θ.

    Parameters
    ----------
    estimators
        One estimator, or several (a sequence or an :class:`~motherlode.estimators.Ensemble`): the matrix is their mean,
        and their spread enters the covariance.
    theta
        The point with shape ``(D,)``.
    x
        Observables drawn at θ with shape ``(N, *L)``.
    events
        Expected number of events.
    names
        Parameter names. Default ``theta_1 …``.
    joint_score
        Joint scores of the same events with shape ``(N, D)``: gives the symmetrized E[t̂ tᵀ] instead of E[t̂ t̂ᵀ], which
        a score shrunk towards zero biases less.
    """
    several = getattr(estimators, "members", estimators)
    members = list(several) if isinstance(several, Iterable) else [several]
    matrices, errors = [], []
    for member in members:
        score = scores_of(member, theta, x)
        other = score if joint_score is None else np.asarray(joint_score, dtype=np.float64)
        products = np.einsum("ni,nj->nij", score, other)
        products = 0.5 * (products + products.transpose(0, 2, 1))
        mean = products.mean(axis=0)
        centred = (products - mean).reshape(len(products), -1)
        matrices.append(mean)
        errors.append(centred.T @ centred / len(products) ** 2)
    dimension = matrices[0].shape[0]
    flat = np.stack(matrices).reshape(len(members), -1)
    spread = np.cov(flat, rowvar=False).reshape(flat.shape[1], -1) if len(members) > 1 else 0.0
    covariance = (np.mean(errors, axis=0) + spread).reshape((dimension,) * 4)
    labels = tuple(names) if names is not None else tuple(f"theta_{i + 1}" for i in range(dimension))
    return Information(events * np.mean(matrices, axis=0), events**2 * covariance, labels)


def rate_information(rate: Rate, theta: ArrayLike, names: Sequence[str]) -> Information:
    r"""Return the information in the number of events, :math:`\mathcal L \nabla σ \nabla σ^T / σ`."""
    point = torch.as_tensor(np.asarray(theta, dtype=np.float64)).requires_grad_(True)
    mean = rate.expected(point)
    (slope,) = torch.autograd.grad(mean, point)
    matrix = np.outer(slope.numpy(), slope.numpy()) / float(mean.detach())
    return Information(matrix, np.zeros(matrix.shape * 2), tuple(names))


def histogram_information(
    statistic: ArrayLike, scores: ArrayLike, edges: ArrayLike, events: float, names: Sequence[str]
) -> Information:
    r"""Return the information left in a histogram of a statistic, :math:`\sum_b \nabla p_b \nabla p_b^T / p_b`.

    Parameters
    ----------
    statistic
        Its values for events drawn at θ, shape ``(N,)``.
    scores
        Joint or learned scores of the same events, shape ``(N, D)``: both give E[t 1_b] = ∇p_b.
    edges
        Bin edges with shape ``(B + 1,)``.
    events
        Expected number of events.
    names
        Parameter names.
    """
    values, t = np.asarray(statistic, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    bins = np.digitize(values, np.asarray(edges, dtype=np.float64)[1:-1])
    matrix = np.zeros((t.shape[1], t.shape[1]))
    for b in np.unique(bins):
        inside = bins == b
        slope = t[inside].sum(axis=0) / len(values)
        matrix += np.outer(slope, slope) / inside.mean()
    return Information(events * matrix, np.zeros(matrix.shape * 2), tuple(names))


def distance(metric: Metric, first: ArrayLike, second: ArrayLike, segments: int = 12) -> tuple[float, Array]:
    r"""Return the information distance between two parameters and the geodesic, by the shortest chain of segments.

    The chain is bent in units of what the information resolves halfway, so the units of θ do not matter.

    Parameters
    ----------
    metric
        Information matrix ``(D, D)`` at a point ``(D,)``.
    first, second
        The ends with shape ``(D,)``.
    segments
        Number of straight segments.

    Returns
    -------
    tuple of float and array
        :math:`\int \sqrt{\dot θ^T I(θ) \dot θ}` along the path, and the path ``(segments + 1, D)``.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    straight = a + np.linspace(0.0, 1.0, segments + 1)[:, None] * (b - a)

    def path_of(inner: Array) -> Array:
        return np.concatenate([a[None], inner.reshape(segments - 1, -1), b[None]])

    def squares(path: Array) -> Array:
        steps, middles = np.diff(path, axis=0), 0.5 * (path[1:] + path[:-1])
        return np.array([step @ metric(middle) @ step for step, middle in zip(steps, middles, strict=True)])

    length = float(np.sqrt(squares(straight)).sum())
    if len(a) == 1 or length == 0.0:
        return length, straight
    unit = length / np.sqrt(np.diag(metric(0.5 * (a + b))))

    def bent(inner: Array) -> Array:
        return path_of(straight[1:-1] + inner.reshape(segments - 1, -1) * unit)

    start = np.zeros((segments - 1) * len(a))
    found = minimize(lambda inner: float(squares(bent(inner)).sum()) / length**2, start, method="L-BFGS-B")
    path = bent(found.x)
    return float(np.sqrt(np.maximum(squares(path), 0.0)).sum()), path
