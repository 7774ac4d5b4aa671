"""Train several estimators that differ in their seeds, and hand them back as one ensemble."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.ensembles import Ensemble
from motherlode.losses.loss import Loss
from motherlode.losses.pairs import alices
from motherlode.training.train import train

__all__ = ["train_ensemble"]


def train_ensemble(events: Any, loss: Loss = alices, size: int = 5, seed: int = 0, **options: Any) -> Any:
    """Return an ensemble of ``size`` trainings that differ in their seeds: weights, split and order of batches.

    Parameters
    ----------
    events, loss
        As for :func:`motherlode.train`.
    size
        Number of members.
    seed
        Member m is trained with seed + m.
    options
        Further arguments of :func:`motherlode.train`. An ``estimator`` is not trained itself: each member is built
        anew by its class and configuration, with weights drawn by its own seed. Its embedding is copied: what is
        to be trained is drawn again by ``reset_parameters`` of each module that has it, frozen weights are kept.
        ``checkpoint`` and ``log`` get the number of the member at their end, as ``file.0`` and ``folder/0``; where
        a stopped call is repeated, members that had ended are trained again, to the same weights.

    Raises
    ------
    UnsuitableEstimator
        If the estimator is not what its class and configuration build.
    """
    runs = [_arguments(options, member, seed + member) for member in range(size)]
    return Ensemble([train(events, loss, seed=seed + member, **run) for member, run in enumerate(runs)])


def _arguments(options: dict[str, Any], member: int, seed: int) -> dict[str, Any]:
    """Return the arguments of :func:`motherlode.train` for one member: its own estimator, checkpoint and log.

    Parameters
    ----------
    options
        The arguments for all of them.
    member
        Number of the member.
    seed
        Decides the weights at the start.

    Raises
    ------
    UnsuitableEstimator
        If an estimator among the options is not what its class and configuration build.
    """
    own: dict[str, Any] = {}
    if options.get("checkpoint") is not None:
        own["checkpoint"] = f"{options['checkpoint']}.{member}"
    if options.get("log") is not None:
        own["log"] = Path(options["log"]) / str(member)
    if options.get("estimator") is not None:
        own["estimator"] = _anew(options["estimator"], seed)
    return options | own


def _anew(estimator: Any, seed: int) -> Any:
    """Return an untrained estimator like one, with weights drawn by a seed."""
    arguments = dict(estimator.configuration)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if isinstance(getattr(estimator, "embedding", None), nn.Module):
            arguments["embedding"] = _redrawn(estimator.embedding)
        try:
            built = type(estimator)(**arguments)
        except TypeError as error:
            raise _not_built(estimator, str(error)) from error
    shapes = [{name: weight.shape for name, weight in one.named_parameters()} for one in (estimator, built)]
    if shapes[0] != shapes[1]:
        different = sorted(dict(shapes[0].items() ^ shapes[1].items()))
        raise _not_built(estimator, f"weights {', '.join(different[:5])} differ")
    return built


def _not_built(estimator: Any, reason: str) -> UnsuitableEstimator:
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
