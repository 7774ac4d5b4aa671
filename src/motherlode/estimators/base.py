r"""The base of all estimators: a Pyro module that knows how it was built, scaled and trained.

.. math:: u_θ = (θ - μ_θ)/σ_θ, \qquad u_x = (x - μ_x)/σ_x
"""

import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeAlias

import torch
from pyro.nn import PyroModule
from torch import Tensor, nn

from motherlode.core.types import JSON, Shape
from motherlode.estimators.archive import Archive, Blueprint, write_archive
from motherlode.estimators.batches import ColumnsOfEvents, EventBatch, used_parameters
from motherlode.estimators.errors import NotTrained, UnsuitableEstimator
from motherlode.estimators.record import TrainingRecord, box_in_words
from motherlode.estimators.trained_range import OutOfRangeWarning, TrainedRange
from motherlode.estimators.transforms import ColumnTransforms

__all__ = ["Estimator", "Option"]

_WIDER = 0.1


Option: TypeAlias = "JSON | Sequence[int] | Sequence[float] | nn.Module"
"""An argument of the constructor of an estimator."""


class Estimator(PyroModule):  # type: ignore[misc]
    """An amortized estimator of a quantity of x and θ.

    Parameters
    ----------
    parameters
        Number D of parameters.
    shape
        Shape ``(*L)`` of one outcome x.
    configuration
        The arguments of the constructor, which :func:`motherlode.load` calls again.

    Attributes
    ----------
    record
        How it was trained, or None.
    learning_rate
        Peak of its learning rate unless the options say another.
    marginal
        Whether it is a ratio against the marginal p(x).
    theta_low, theta_high
        Range of θ in training, shape ``(D,)``.
    x_low, x_high
        Range of x in training, shape ``(*L)``, wider by a tenth on each side in the coordinates of the net: as many
        events again exceed the plain range on each side with probability ½.
    """

    learning_rate: ClassVar[float] = 5e-3
    marginal: bool = False
    theta_low: Tensor
    theta_high: Tensor
    x_low: Tensor
    x_high: Tensor

    def __init__(self, parameters: int, shape: Sequence[int], configuration: dict[str, JSON]) -> None:
        super().__init__()
        self.parameters_count = int(parameters)
        self.shape = tuple(int(length) for length in shape)
        self.configuration: dict[str, JSON] = {
            "parameters": self.parameters_count,
            "shape": list(self.shape),
            **configuration,
        }
        self.record: TrainingRecord | None = None
        self.theta_scaling = ColumnTransforms((self.parameters_count,))
        self.x_scaling = ColumnTransforms(self.shape)
        for name, length in (("theta", (self.parameters_count,)), ("x", self.shape)):
            self.register_buffer(f"{name}_low", torch.full(length, -math.inf, dtype=torch.float64))
            self.register_buffer(f"{name}_high", torch.full(length, math.inf, dtype=torch.float64))
        self._warned = False

    @classmethod
    def _shaped_like(cls, events: ColumnsOfEvents, **options: Option) -> Self:
        """Return an untrained estimator with the shapes of these events and further arguments of the constructor."""
        make: Callable[..., Self] = cls
        return make(parameters=events.theta.shape[1], shape=events.x.shape[1:], **options)

    @classmethod
    def from_configuration(cls, configuration: dict[str, JSON], embedding: nn.Module | None = None) -> Self:
        """Return an untrained estimator from the arguments of its constructor.

        Parameters
        ----------
        configuration
            What :attr:`configuration` holds.
        embedding
            Replaces the embedding of the configuration.
        """
        make: Callable[..., Self] = cls
        return make(**configuration) if embedding is None else make(**{**configuration, "embedding": embedding})

    @property
    def blueprint(self) -> Blueprint:
        """What rebuilds it without its weights."""
        return Blueprint(type(self).__name__, self.configuration)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.theta_scaling.location.device

    @property
    def theta_scale(self) -> Tensor:
        """Spread of each parameter in training, shape ``(D,)``; the unit in which score residuals are measured."""
        return self.theta_scaling.spread

    @property
    def activation(self) -> str | None:
        """Name of the activation of its own network, where it has one."""
        name = self.configuration.get("activation")
        return name if isinstance(name, str) else None

    def fit_scaling(self, events: EventBatch) -> None:
        """Take coordinates and range from the training set.

        Parameters
        ----------
        events
            The training set; its alternatives count as parameters in use.

        Raises
        ------
        UnsuitableEstimator
            If the shapes are not those the estimator was built for.
        """
        self.check_shapes(events.theta, events.x)
        theta = used_parameters(events)
        self.theta_scaling.fit(theta, bounds=self.bounds())
        self.x_scaling.fit(events.x, given=events.theta)
        self.theta_low.copy_(theta.amin(0))
        self.theta_high.copy_(theta.amax(0))
        mapped = self.x_scaling(events.x)
        margin = _WIDER * (mapped.amax(0) - mapped.amin(0))
        self.x_low.copy_(torch.minimum(events.x.amin(0), self.x_scaling.inverse(mapped.amin(0) - margin)))
        self.x_high.copy_(torch.maximum(events.x.amax(0), self.x_scaling.inverse(mapped.amax(0) + margin)))

    def cover(self, others: Sequence["Estimator"]) -> None:
        """Take over the coordinates of the first of some trained estimators and the ranges that all of them span."""
        self.theta_scaling.load_state_dict(others[0].theta_scaling.state_dict())
        self.x_scaling.load_state_dict(others[0].x_scaling.state_dict())
        for name in ("theta", "x"):
            getattr(self, f"{name}_low").copy_(torch.stack([getattr(other, f"{name}_low") for other in others]).amin(0))
            getattr(self, f"{name}_high").copy_(
                torch.stack([getattr(other, f"{name}_high") for other in others]).amax(0)
            )

    def bounds(self) -> tuple[Tensor, Tensor] | None:
        """Return the box that θ is mapped from by a logit, or None."""
        return None

    def check_shapes(self, theta: Tensor, x: Tensor) -> None:
        """Refuse events of other shapes than the estimator's.

        Raises
        ------
        UnsuitableEstimator
            If θ has not D columns or x is not of shape ``(N, *L)``.
        """
        if theta.shape[1:] != (self.parameters_count,) or tuple(x.shape[1:]) != self.shape:
            raise UnsuitableEstimator(
                f"{type(self).__name__} was built for θ of shape (N, {self.parameters_count}) and x of shape "
                f"(N, {', '.join(map(str, self.shape))}), and the events have "
                f"{tuple(theta.shape)} and {tuple(x.shape)}",
                "Its first layer cannot read them.",
                f"Build it with {type(self).__name__}.for_events(events).",
            )

    def warn_outside(self, theta: Tensor) -> None:
        """Warn once if parameters lie outside the range of the training set.

        Only plain evaluations are looked at: not training, and not gradients along a chain.
        """
        if self._warned or theta.requires_grad or self.training:
            return
        if bool(TrainedRange(self.theta_low, self.theta_high).outside(theta).any()):
            self._warned = True
            warnings.warn(
                f"{type(self).__name__} is evaluated outside the range of θ it was trained on "
                f"({self.theta_low.tolist()} to {self.theta_high.tolist()}). A network extrapolates without telling. "
                "Mine events there, or narrow the prior.",
                OutOfRangeWarning,
                stacklevel=5,
            )

    @property
    def is_quiet(self) -> bool:
        """Whether it will not warn of parameters out of range: it is told not to, or has done so."""
        return self._warned

    def quiet(self, yes: bool) -> None:
        """Do not warn of parameters out of range while this is set, as during validation."""
        self._warned = yes

    def save(self, path: str | Path) -> Path:
        """Write constructor arguments, weights and training record to a file, without pickle, and return its path.

        A file that is there is replaced only when all is written; :func:`motherlode.load` reads it.

        Raises
        ------
        WriteError
            If it cannot be written.
        """
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in self.state_dict().items()}
        record = None if self.record is None else self.record.to_json()
        write_archive(Path(path), Archive(self.blueprint, record, arrays))
        return Path(path)

    def card(self) -> str:
        """Return what is known of this estimator, in words: training set, loss, calibration, range of θ.

        Raises
        ------
        NotTrained
            If it has no training record.
        """
        if self.record is None:
            raise NotTrained(type(self).__name__)
        weights = sum(weight.numel() for weight in self.parameters())
        return "\n".join(
            [
                f"{type(self).__name__} of {self.parameters_count} parameter(s), x of shape {self.shape}, "
                f"{weights} weights{self._members_in_words()}",
                *self.record.in_words(),
                f"range of θ   {box_in_words(self.theta_low, self.theta_high)}",
                f"range of x   {box_in_words(self.x_low, self.x_high)}",
            ]
        )

    def _members_in_words(self) -> str:
        return ""

    def embed(self, embedding: nn.Module | None, x: Tensor) -> Tensor:
        """Return the standardized x with shape ``(*B, *L)`` as features with shape ``(*B, F)`` in the net's dtype.

        Rows that ``expand`` repeats are computed once, and repeated like x.

        Parameters
        ----------
        embedding
            Network for one batch dimension ``(B, *L) -> (B, F)``, or None to flatten.
        x
            Raw outcomes.
        """
        whole = self.x_batch(x)
        for dimension, length in enumerate(whole):
            x = x.narrow(dimension, 0, 1) if length > 1 and x.stride(dimension) == 0 else x
        batch = x.shape[: len(whole)]
        scaled = self.x_scaling(x).to(torch.float32)
        if embedding is None:
            return scaled.reshape(*batch, math.prod(self.shape)).expand(*whole, -1)
        features: Tensor = embedding(scaled.reshape(-1, *self.shape))
        return features.reshape(*batch, features.shape[-1]).expand(*whole, -1)

    def x_batch(self, x: Tensor) -> Shape:
        """Return the batch shape ``(*B,)`` of outcomes ``(*B, *L)``.

        Raises
        ------
        ValueError
            If x does not end in the shape of one outcome.
        """
        batch = x.dim() - len(self.shape)
        if batch < 0 or tuple(x.shape[batch:]) != self.shape:
            raise ValueError(
                f"x has shape {tuple(x.shape)}, and one outcome has shape {self.shape}: columns would be repeated or "
                f"mistaken for events. Pass x of shape (*batch, {', '.join(map(str, self.shape))})."
            )
        return tuple(x.shape[:batch])

    def theta_batch(self, theta: Tensor) -> Shape:
        """Return the batch shape ``(*B,)`` of parameters ``(*B, D)``.

        Raises
        ------
        ValueError
            If θ does not end in D parameters.
        """
        if theta.dim() == 0 or theta.shape[-1] != self.parameters_count:
            raise ValueError(
                f"theta has shape {tuple(theta.shape)}, and there are {self.parameters_count} parameters: one would be "
                f"taken for all. Pass theta of shape (*batch, {self.parameters_count})."
            )
        return tuple(theta.shape[:-1])
