"""Keep the members of an ensemble apart: each its own weights, files and seed, and none of them heard alone."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from motherlode.estimators.base import Estimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.networks.modules import Modules

__all__ = ["choose_members", "evaluate_each", "refuse_sharing"]

Member = TypeVar("Member", bound=Estimator)


def refuse_sharing(members: Sequence[Estimator]) -> None:
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


def evaluate_each(members: Modules[Member], function: Callable[[Member], Tensor]) -> Tensor:
    """Return the values of a function at all members, stacked in front; none of them warns of θ out of range."""
    with _silent(members):
        return torch.stack([function(member) for member in members])


@contextmanager
def _silent(members: nn.Module) -> Iterator[None]:
    told = {module: module.is_quiet for module in members.modules() if isinstance(module, Estimator)}
    for module in told:
        module.quiet(True)
    try:
        yield
    finally:
        for module, before in told.items():
            module.quiet(before)


def choose_members(draws: Tensor, event_dimensions: int) -> Tensor:
    """Return for each element of the batch the draw of a random member.

    Parameters
    ----------
    draws
        Draws of all M members with shape ``(M, *B, *E)``.
    event_dimensions
        Length of E.
    """
    batch = draws.shape[1 : draws.dim() - event_dimensions]
    chosen = torch.randint(len(draws), batch, device=draws.device)
    index = chosen.reshape(1, *batch, *([1] * event_dimensions)).expand(1, *draws.shape[1:])
    return draws.gather(0, index).squeeze(0)
