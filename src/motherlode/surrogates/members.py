"""Keep the members of an ensemble apart: each its own weights, files and seed, and none of them heard alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from motherlode.surrogates.errors import UnsuitableEstimator
from motherlode.surrogates.surrogate import Surrogate

__all__ = ["arguments_of", "refuse_sharing", "silent"]


def refuse_sharing(members: Sequence[Any]) -> None:
    """Refuse members that are not independent trainings.

    Raises
    ------
    UnsuitableEstimator
        If two of them are one object or train the same weights; frozen weights may be shared.
    """
    owners = Counter(id(member) for member in members)
    for member in {id(member): member for member in members}.values():
        owners.update(id(weight) for weight in member.parameters() if weight.requires_grad)
    if any(count > 1 for count in owners.values()):
        raise UnsuitableEstimator(
            f"Of {len(members)} members of an Ensemble some are the same object or train the same weights",
            "They agree whatever the events say, and their spread is too small.",
            "Train an estimator of its own for each member: Ensemble.trained(events, loss, estimator=yours) does.",
        )


def arguments_of(options: dict[str, Any], member: int, seed: int) -> dict[str, Any]:
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


@contextmanager
def silent(members: nn.Module) -> Iterator[None]:
    """Let nothing in a module warn of parameters out of range."""
    told = {module: module._warned for module in members.modules() if isinstance(module, Surrogate)}
    for module in told:
        module.quiet(True)
    try:
        yield
    finally:
        for module, before in told.items():
            module.quiet(before)
