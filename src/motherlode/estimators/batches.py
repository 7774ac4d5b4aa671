r"""Turn mined events into the batches that losses read; pairs swap their roles at random.

.. math:: (θ, θ') \mapsto (θ_0, θ_1, y) = (θ, θ', 0) \text{ or } (θ', θ, 1)

An event drawn at θ with alternative θ' is an event of the numerator of the pair (θ, θ') and, roles swapped, of the
denominator of (θ', θ). Both are right when θ and θ' can be exchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import torch
from torch import Tensor

from motherlode.core.types import Array

__all__ = [
    "Batch",
    "ColumnsOfEvents",
    "EventBatch",
    "PairBatch",
    "make_marginal_pairs",
    "make_pairs",
    "used_parameters",
]


class ColumnsOfEvents(Protocol):
    """Parameters and outcomes of N events, from which an estimator takes its shapes."""

    @property
    def theta(self) -> Array:
        """Parameters with shape ``(N, D)``."""

    @property
    def x(self) -> Array:
        """Outcomes with shape ``(N, *L)``."""


class _Batch:
    """Tensors that share their first dimension, cut and moved together."""

    def __len__(self) -> int:
        return next(len(column) for column in vars(self).values() if column is not None)

    def __getitem__(self, index: slice | Tensor) -> Self:
        return self._map(lambda column: column.index_select(0, index) if isinstance(index, Tensor) else column[index])

    def to(self, device: torch.device | str) -> Self:
        """Return the batch on a device."""
        return self._map(lambda column: column.to(device))

    def _map(self, function: Callable[[Tensor], Tensor]) -> Self:
        return type(self)(**{name: None if value is None else function(value) for name, value in vars(self).items()})


@dataclass(frozen=True)
class EventBatch(_Batch):
    """Events as they were mined; what density, posterior, contrastive and score losses read.

    Attributes
    ----------
    theta
        Parameters that drew the events, shape ``(B, D)``.
    x
        Outcomes with shape ``(B, *L)``.
    alternatives
        Shape ``(B, K, D)``, or None.
    joint_log_ratio
        log p(x,z|θ) - log p(x,z|alternative_k) with shape ``(B, K)``, or None.
    joint_score
        t(x,z|θ) with shape ``(B, D)``, or None.
    whitener
        W with W Wᵀ = E[t tᵀ|θ]⁻¹, shape ``(B, D, D)``, or None.
    prior_score
        ∇θ log π(θ) of the proposal with shape ``(B, D)``, or None.
    """

    theta: Tensor
    x: Tensor
    alternatives: Tensor | None = None
    joint_log_ratio: Tensor | None = None
    joint_score: Tensor | None = None
    whitener: Tensor | None = None
    prior_score: Tensor | None = None


@dataclass(frozen=True)
class PairBatch(_Batch):
    """Pairs of parameters with one event each; what pair losses read.

    Attributes
    ----------
    theta0, theta1
        Numerator and denominator, shape ``(B, D)``; ``theta1`` is None when the denominator is the marginal.
    x
        Outcomes with shape ``(B, *L)``.
    y
        0 where x was drawn at ``theta0``, 1 where it was drawn at ``theta1``; shape ``(B,)``.
    joint_log_ratio
        log p(x,z|θ0) - log p(x,z|θ1) with shape ``(B,)``, or None.
    joint_score
        t(x,z|θ) at the parameter that drew x, shape ``(B, D)``, or None.
    """

    theta0: Tensor
    theta1: Tensor | None
    x: Tensor
    y: Tensor
    joint_log_ratio: Tensor | None = None
    joint_score: Tensor | None = None


def used_parameters(events: EventBatch) -> Tensor:
    """Return θ and, where there are any, alternatives below it, shape ``(N, D)``."""
    if events.alternatives is None:
        return events.theta
    return torch.cat([events.theta, events.alternatives.flatten(0, 1)])


Batch: TypeAlias = EventBatch | PairBatch
"""What a loss reads: events as they were mined, or pairs of parameters."""


def make_pairs(events: EventBatch, generator: torch.Generator | None = None) -> PairBatch:
    """Return the B·K pairs of B events with K alternatives, each with its roles swapped with probability one half.

    Parameters
    ----------
    events
        Events with alternatives; θ and alternatives exchangeable.
    generator
        Source of the swaps, for reproducibility.
    """
    theta, alternatives, x, log_ratio, score = _flatten(events)
    swap = torch.rand(len(theta), generator=generator, dtype=torch.float32).to(theta.device) < 0.5
    column = swap.unsqueeze(-1)
    return PairBatch(
        theta0=torch.where(column, alternatives, theta),
        theta1=torch.where(column, theta, alternatives),
        x=x,
        y=swap.to(theta.dtype),
        joint_log_ratio=None if log_ratio is None else torch.where(swap, -log_ratio, log_ratio),
        joint_score=score,
    )


def _flatten(events: EventBatch) -> tuple[Tensor, Tensor, Tensor, Tensor | None, Tensor | None]:
    if events.alternatives is None:
        raise ValueError("make_pairs needs events with alternatives, and these have none: mine with K >= 1.")
    count = events.alternatives.shape[1]
    log_ratio = None if events.joint_log_ratio is None else events.joint_log_ratio.reshape(-1)
    score = None if events.joint_score is None else _repeated(events.joint_score, count)
    theta, x = _repeated(events.theta, count), _repeated(events.x, count)
    return theta, events.alternatives.flatten(0, 1), x, log_ratio, score


def _repeated(column: Tensor, count: int) -> Tensor:
    return column if count == 1 else column.repeat_interleave(count, 0)


def make_marginal_pairs(events: EventBatch, generator: torch.Generator | None = None) -> PairBatch:
    r"""Return one pair an event against the mean over the other parameters of its own set.

    With :math:`θ_0` the drawing parameter and :math:`θ_1 … θ_K` the alternatives, an event with y=0 carries
    :math:`\log p(x,z|θ_0) - \log \frac1K \sum_{i \ne 0} p(x,z|θ_i)`; an event with y=1 takes a random
    :math:`θ_j, j \ne 0` as its parameter and the mean over :math:`i \ne j` (the drawing one among them) as reference.
    Exactly the parameters used are averaged: a reference normalized by another count is off by its logarithm.

    Parameters
    ----------
    events
        Events with alternatives; θ and alternatives exchangeable.
    generator
        Source of the choices, for reproducibility.
    """
    if events.alternatives is None:
        raise ValueError("make_marginal_pairs needs events with alternatives, and these have none: mine with K >= 1.")
    size, count = events.alternatives.shape[:2]
    device = events.theta.device
    thetas = torch.cat([events.theta.unsqueeze(1), events.alternatives], dim=1)
    swap = torch.rand(size, generator=generator, dtype=torch.float32).to(device) < 0.5
    other = torch.randint(1, count + 1, (size,), generator=generator).to(device)
    slot = torch.where(swap, other, torch.zeros_like(other)).unsqueeze(-1)
    return PairBatch(
        theta0=thetas.gather(1, slot.unsqueeze(-1).expand(-1, 1, thetas.shape[-1])).squeeze(1),
        theta1=None,
        x=events.x,
        y=swap.to(events.theta.dtype),
        joint_log_ratio=None if events.joint_log_ratio is None else _against_rest(events.joint_log_ratio, slot),
        joint_score=events.joint_score,
    )


def _against_rest(joint_log_ratio: Tensor, slot: Tensor) -> Tensor:
    """Return log p(x,z|θ_slot) less that of the mean over the other parameters, for slots ``(B, 1)``."""
    log_p = torch.cat([torch.zeros_like(joint_log_ratio[:, :1]), -joint_log_ratio], dim=1)
    rest = torch.ones_like(log_p, dtype=torch.bool).scatter(1, slot, value=False)
    count = torch.log(torch.tensor(float(joint_log_ratio.shape[1])))
    reference = torch.logsumexp(log_p.masked_fill(~rest, -torch.inf), dim=1) - count
    return log_p.gather(1, slot).squeeze(1) - reference
