r"""A posterior network seen as a ratio, so that every algorithm of this layer runs on it too.

.. math:: \hat r(x|θ) = \hat q(θ|x) / \tilde π(θ)

Here :math:`\tilde π` is the proposal, the law that θ was drawn from in training; it need not be the prior.
"""

import torch
from torch import Tensor

from motherlode.estimators.protocols import DirectPosterior
from motherlode.inference.errors import UnusableObservation
from motherlode.inference.prior import Prior

__all__ = ["DirectRatio", "as_one_outcome", "draw_inside"]


class DirectRatio:
    """The log-ratio of a posterior density to the law that its θ were proposed from.

    Parameters
    ----------
    estimator
        A density ``log_prob(theta, x)``.
    proposal
        The law of θ that it was trained with.
    """

    def __init__(self, estimator: DirectPosterior, proposal: Prior) -> None:
        self.estimator = estimator
        self._proposal = proposal
        self._inside = proposal.sample(1, seed=0)[0]

    def log_ratio(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return log q̂(θ|x) minus the proposal's log-density with shape ``(*B,)``; -inf where that has none."""
        log_proposal = self._proposal.log_prob(theta)
        proposed = torch.isfinite(log_proposal)
        value = self.estimator.log_prob(torch.where(proposed.unsqueeze(-1), theta, self._inside), x)
        return torch.where(proposed, value.to(torch.float64) - log_proposal, -torch.inf)


def as_one_outcome(estimator: DirectPosterior, events: Tensor) -> Tensor:
    """Return the events as the one outcome x that the estimator was trained on, with a leading dimension of one.

    Parameters
    ----------
    estimator
        The posterior density; ``shape`` is the shape of one outcome where it tells.
    events
        Shape ``(M, *L)``.

    Raises
    ------
    UnusableObservation
        If there are M > 1 events and the estimator was not trained on sets of M.
    """
    shape: tuple[int, ...] | None = getattr(estimator, "shape", None)
    if len(events) == 1 and (shape is None or tuple(shape) == tuple(events.shape[1:])):
        return events
    if shape is not None and tuple(shape) == tuple(events.shape):
        return events.unsqueeze(0)
    raise UnusableObservation(
        events.shape,
        f"holds {len(events)} events, and the {type(estimator).__name__} was trained on single outcomes of shape "
        f"{'unknown' if shape is None else tuple(shape)}. Posteriors of single events do not multiply.",
        "Train it on sets of that many events through a set embedding, or train a ratio or likelihood.",
    )


def draw_inside(estimator: DirectPosterior, prior: Prior, x: Tensor, count: int) -> tuple[Tensor, float]:
    """Draw from a posterior density, leaving out what falls outside the prior's support.

    Parameters
    ----------
    estimator
        Has ``sample(shape, x)``.
    prior
        The law of θ that it was trained with.
    x
        The observation with shape ``(1, *L)``.
    count
        Draws wanted.

    Returns
    -------
    tuple of Tensor and float
        Draws ``(count, D)`` and the share of draws that fell inside.
    """
    kept: list[Tensor] = []
    tried = 0
    while sum(map(len, kept)) < count and tried < 1000 * count:
        draws = estimator.sample((count,), x[0]).to(torch.float64).reshape(count, -1)
        kept.append(draws[prior.contains(draws)])
        tried += count
    inside = torch.cat(kept)[:count]
    if len(inside) < count:
        raise UnusableObservation(
            x.shape,
            f"gives a posterior of which only {len(inside)} in {tried} draws lie inside the prior.",
            "Pass the law of the training as proposal=, or use .mcmc.",
        )
    return inside, sum(map(len, kept)) / tried
