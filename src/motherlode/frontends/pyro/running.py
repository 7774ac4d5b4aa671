"""Call a model under one pass, in float64 and shielded from handlers outside."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyro
import torch
from torch import Tensor

from motherlode.frontends.pyro.errors import NotBatched
from motherlode.frontends.pyro.passes import Pass, Replay

__all__ = ["run"]


def run(model: Callable[..., Any], handler: Pass, validate: bool = False) -> list[Tensor]:
    """Run the model under a pass in float64 and return its outputs: observed sites, else what it returned.

    Parameters
    ----------
    model
        The Pyro model.
    handler
        What answers its sites.
    validate
        Whether Pyro checks the parameters of each distribution; mining looks at the densities instead.

    Raises
    ------
    NotBatched
        If there is no output.
    """
    with _alone(validate), handler:
        returned = handler.layout.call(model, handler.theta)
    if isinstance(handler, Replay):
        handler.finish()
    seen = [visit.value for visit in handler.visits if visit.observed]
    return seen or _tensors(returned)


@contextmanager
def _alone(validate: bool) -> Iterator[None]:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with pyro.poutine.block(), pyro.validation_enabled(validate):
            yield
    finally:
        torch.set_default_dtype(default)


def _tensors(returned: Any) -> list[Tensor]:
    if returned is None:
        raise NotBatched("the model has no observed site and returns nothing, so there is no x")
    parts = returned if isinstance(returned, (tuple, list)) else (returned,)
    return [torch.as_tensor(part, dtype=torch.float64) for part in parts]
