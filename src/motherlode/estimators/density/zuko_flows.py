"""Flows by zuko: masked autoregressive, neural spline (autoregressive or coupling)."""

from collections.abc import Callable, Sequence

import torch
import zuko
from torch import Tensor

from motherlode.estimators.density.base import Density
from motherlode.estimators.networks.perceptrons import ACTIVATIONS

__all__ = ["ZukoFlow", "zuko_flow"]


class ZukoFlow(Density):
    """A flow of zuko behind our interface.

    Parameters
    ----------
    flow
        A ``zuko.flows.Flow``.
    """

    def __init__(self, flow: zuko.flows.Flow) -> None:
        super().__init__()
        self.flow = flow

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``."""
        result: Tensor = self.flow(context).log_prob(value)
        return result

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``."""
        with torch.no_grad():
            result: Tensor = self.flow(context).sample()
        return result


def zuko_flow(kind: str) -> Callable[[int, int, Sequence[int], str, int], ZukoFlow]:
    """Return the maker of a kind of flow: ``maf``, ``nsf`` or ``coupling``."""

    def make(features: int, context: int, hidden: Sequence[int], activation: str, transforms: int) -> ZukoFlow:
        build = zuko.flows.MAF if kind == "maf" else zuko.flows.NSF
        passes = {"passes": 2} if kind == "coupling" and features > 1 else {}
        flow = build(
            features,
            context,
            transforms=transforms,
            hidden_features=tuple(hidden),
            activation=ACTIVATIONS[activation],
            **passes,
        )
        return ZukoFlow(flow)

    return make
