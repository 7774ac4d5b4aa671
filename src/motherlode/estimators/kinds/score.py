r"""Estimate the score at one reference point: the locally most powerful statistics (SALLY).

.. math:: \hat t(x) \approx t(x|θ_{ref}) = \nabla_θ \log p(x|θ)|_{θ_{ref}}
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON
from motherlode.estimators.arrays import ArrayOrTensor, on_tensors
from motherlode.estimators.base import Estimator, Option
from motherlode.estimators.batches import ColumnsOfEvents, EventBatch
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.networks.embeddings import configuration_of, make_embedding
from motherlode.estimators.networks.perceptrons import make_network

__all__ = ["AmortizedScore", "ScoreEstimator"]


class AmortizedScore(Estimator):
    """What every estimate of a score at one reference point answers to: a network or an ensemble of them."""

    def score(self, x: ArrayOrTensor) -> ArrayOrTensor:
        """Return t̂(x) at the reference point with shape ``(*B, D)`` for x ``(*B, *L)``: the SALLY statistics."""
        return on_tensors(self, self._score, x)

    def sallino(self, x: ArrayOrTensor, theta: ArrayOrTensor) -> ArrayOrTensor:
        r"""Return the one statistic :math:`\hat t(x) \cdot (θ - θ_{ref})/|θ - θ_{ref}|` with shape ``(*B,)``.

        Raises
        ------
        ValueError
            If θ is the reference point: there is no direction.
        """
        return on_tensors(self, self._sallino, x, theta)

    @abstractmethod
    def _score(self, x: Tensor) -> Tensor: ...

    @abstractmethod
    def _sallino(self, x: Tensor, theta: Tensor) -> Tensor: ...


class ScoreEstimator(AmortizedScore):
    r"""An estimator of :math:`t(x|θ_{ref})` from events drawn at one θ_ref.

    Parameters
    ----------
    parameters
        Number D of parameters.
    shape
        Shape ``(*L)`` of one outcome x.
    network, hidden, activation
        As in :class:`~motherlode.estimators.kinds.ratio.RatioEstimator`.
    embedding
        Network from x to features; None flattens x.

    Examples
    --------
    >>> import numpy as np
    >>> ScoreEstimator(parameters=2, shape=(3,)).score(np.zeros((5, 3))).shape
    (5, 2)
    """

    reference_point: Tensor
    score_scale: Tensor

    def __init__(
        self,
        parameters: int,
        shape: Sequence[int] = (),
        network: str = "mlp",
        hidden: Sequence[int] = (64, 64),
        activation: str = "silu",
        embedding: nn.Module | dict[str, JSON] | None = None,
    ) -> None:
        configuration: dict[str, JSON] = {
            "network": network,
            "hidden": list(hidden),
            "activation": activation,
            "embedding": configuration_of(embedding),
        }
        super().__init__(parameters, shape, configuration)
        self.embedding, features = make_embedding(embedding, self.shape)
        self.network = make_network(network, features, self.parameters_count, hidden, activation)
        self.register_buffer("reference_point", torch.zeros(self.parameters_count, dtype=torch.float64))
        self.register_buffer("score_scale", torch.ones(self.parameters_count, dtype=torch.float64))

    @classmethod
    def for_events(cls, events: ColumnsOfEvents, **options: Option) -> Self:
        """Return an untrained estimator with the shapes of these events.

        Parameters
        ----------
        events
            Anything with ``theta`` of shape ``(N, D)`` and ``x`` of shape ``(N, *L)``.
        options
            Further arguments of the constructor.
        """
        return cls._shaped_like(events, **options)

    def fit_scaling(self, events: EventBatch) -> None:
        """Take coordinates, the reference point and the spread of the scores from the training set.

        Raises
        ------
        UnsuitableEstimator
            If the events were drawn at more than one θ.
        """
        super().fit_scaling(events)
        if bool((events.theta != events.theta[0]).any()):
            low, high = events.theta.amin(0).tolist(), events.theta.amax(0).tolist()
            raise UnsuitableEstimator(
                f"The events were drawn at θ from {low} to {high}",
                "A score at one reference point can only be learned from events drawn there.",
                "Mine at θ_ref alone, or train a RatioEstimator with losses.alices and call its score(theta, x).",
            )
        self.reference_point.copy_(events.theta[0])
        if events.joint_score is not None:
            spread = events.joint_score.square().mean(0).sqrt()
            self.score_scale.copy_(torch.where(spread > 0, spread, torch.ones_like(spread)))

    def _score(self, x: Tensor) -> Tensor:
        raw: Tensor = self.network(self.embed(self.embedding, x))
        return raw.to(x.dtype) * self.score_scale

    def _sallino(self, x: Tensor, theta: Tensor) -> Tensor:
        self.theta_batch(theta)
        direction = theta - self.reference_point
        length = direction.norm(dim=-1, keepdim=True)
        if bool((length == 0).any()):
            raise ValueError("SALLINO needs a direction: theta must differ from the reference point.")
        return (self._score(x) * direction / length).sum(-1)
