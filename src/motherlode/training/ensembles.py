"""Train several estimators that differ in their seeds, and hand them back as one ensemble."""

from copy import deepcopy
from pathlib import Path
from typing import Unpack, overload

import torch
from torch import nn

from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.ensembles import (
    Ensemble,
    LikelihoodEnsemble,
    PosteriorEnsemble,
    RatioEnsemble,
    ScoreEnsemble,
)
from motherlode.estimators.kinds.likelihood import LikelihoodEstimator
from motherlode.estimators.kinds.posterior import PosteriorEstimator
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.estimators.kinds.score import ScoreEstimator
from motherlode.events import Events
from motherlode.losses import Loss, alices
from motherlode.losses.targets import E
from motherlode.store import EventStore
from motherlode.training.train import TrainingArguments, train

__all__ = ["train_ensemble"]


@overload
def train_ensemble(
    events: Events | EventStore,
    loss: Loss[RatioEstimator] = ...,
    size: int = 5,
    seed: int = 0,
    estimator: RatioEstimator | None = None,
    **arguments: Unpack[TrainingArguments],
) -> RatioEnsemble: ...


@overload
def train_ensemble(
    events: Events | EventStore,
    loss: Loss[LikelihoodEstimator],
    size: int = 5,
    seed: int = 0,
    estimator: LikelihoodEstimator | None = None,
    **arguments: Unpack[TrainingArguments],
) -> LikelihoodEnsemble: ...


@overload
def train_ensemble(
    events: Events | EventStore,
    loss: Loss[PosteriorEstimator],
    size: int = 5,
    seed: int = 0,
    estimator: PosteriorEstimator | None = None,
    **arguments: Unpack[TrainingArguments],
) -> PosteriorEnsemble: ...


@overload
def train_ensemble(
    events: Events | EventStore,
    loss: Loss[ScoreEstimator],
    size: int = 5,
    seed: int = 0,
    estimator: ScoreEstimator | None = None,
    **arguments: Unpack[TrainingArguments],
) -> ScoreEnsemble: ...


def train_ensemble(
    events: Events | EventStore,
    loss: Loss[E] = alices,
    size: int = 5,
    seed: int = 0,
    estimator: E | None = None,
    **arguments: Unpack[TrainingArguments],
) -> Ensemble:
    """Return an ensemble of ``size`` trainings that differ in their seeds: weights, split and order of batches.

    Parameters
    ----------
    events, loss
        As for :func:`motherlode.train`.
    size
        Number of members.
    seed
        Member m is trained with seed + m.
    estimator
        It is not trained itself: each member is built anew by its class and configuration, with weights drawn by its
        own seed. Its embedding is copied: what is to be trained is drawn again by ``reset_parameters`` of each module
        that has it, frozen weights are kept.
    arguments
        Further arguments of :func:`motherlode.train`. ``checkpoint`` and ``log`` get the number of the member at their
        end, as ``file.0`` and ``folder/0``; where a stopped call is repeated, members that had ended are trained again,
        to the same weights.

    Raises
    ------
    UnsuitableEstimator
        If the estimator is not what its class and configuration build.

    Examples
    --------
    >>> import numpy as np
    >>> import motherlode
    >>> simulator = motherlode.wrap(lambda theta, rng: rng.normal(rng.normal(theta[0]), 1.0), "mean", -1.0, 1.0)
    >>> theta = np.linspace(-1.0, 1.0, 200)[:, None]
    >>> events = simulator.mine(theta, theta[::-1, None], seed=1)
    >>> options = motherlode.training.TrainingOptions(steps=20)
    >>> ensemble = motherlode.train_ensemble(events, motherlode.losses.alice, size=2, progress=False, options=options)
    >>> ensemble.spread(theta[:3], events.x[:3], theta[-3:]).shape
    (3,)
    """
    starts = [None if estimator is None else _anew(estimator, seed + member) for member in range(size)]
    members = [
        train(events, loss, start, seed=seed + member, **_of_member(arguments, member))
        for member, start in enumerate(starts)
    ]
    return Ensemble(members)


def _of_member(arguments: TrainingArguments, member: int) -> TrainingArguments:
    """Return the arguments for one member: its own checkpoint and log."""
    own = arguments.copy()
    checkpoint, log = own.get("checkpoint"), own.get("log")
    if checkpoint is not None:
        own["checkpoint"] = f"{checkpoint}.{member}"
    if log is not None:
        own["log"] = Path(log) / str(member)
    return own


def _anew(estimator: E, seed: int) -> E:
    """Return an untrained estimator like one, with weights drawn by a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        own = getattr(estimator, "embedding", None)
        embedding = _redrawn(own) if isinstance(own, nn.Module) else None
        try:
            built = type(estimator).from_configuration(estimator.configuration, embedding)
        except TypeError as error:
            raise _not_built(estimator, str(error)) from error
    shapes = [{name: weight.shape for name, weight in one.named_parameters()} for one in (estimator, built)]
    if shapes[0] != shapes[1]:
        different = sorted(dict(shapes[0].items() ^ shapes[1].items()))
        raise _not_built(estimator, f"weights {', '.join(different[:5])} differ")
    return built


def _not_built(estimator: Estimator, reason: str) -> UnsuitableEstimator:
    return UnsuitableEstimator(
        f"{type(estimator).__name__} is not what its class builds from its configuration: {reason}",
        "An ensemble builds each member anew, so that all start from weights of their own.",
        "Train the members yourself and pass them: Ensemble([train(...), train(...)]).",
    )


def _redrawn(embedding: nn.Module) -> nn.Module:
    copy = deepcopy(embedding).cpu()
    for module in reversed(list(copy.modules())):
        reset = getattr(module, "reset_parameters", None)
        if callable(reset) and all(weight.requires_grad for weight in module.parameters()):
            reset()
    return copy
