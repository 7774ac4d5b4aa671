"""Keep the members of an ensemble apart: each its own weights, files and seed, and none of them heard alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn

from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnsuitableEstimator

__all__ = ["refuse_sharing", "silent"]


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
            "Train an estimator of its own for each member: train_ensemble(events, loss, estimator=yours) does.",
        )


@contextmanager
def silent(members: nn.Module) -> Iterator[None]:
    """Let nothing in a module warn of parameters out of range."""
    told = {module: module._warned for module in members.modules() if isinstance(module, Estimator)}
    for module in told:
        module.quiet(True)
    try:
        yield
    finally:
        for module, before in told.items():
            module.quiet(before)
