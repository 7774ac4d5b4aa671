"""Flows by nflows, of its parts that work on today's torch: masked autoregressive, spline and coupling flows."""

from collections.abc import Callable, Sequence

import torch
from nflows.distributions.normal import StandardNormal
from nflows.flows.base import Flow
from nflows.nn.nets import ResidualNet
from nflows.transforms.autoregressive import (
    MaskedAffineAutoregressiveTransform,
    MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
)
from nflows.transforms.base import CompositeTransform
from nflows.transforms.coupling import PiecewiseRationalQuadraticCouplingTransform
from nflows.transforms.permutations import ReversePermutation
from torch import Tensor, nn

from motherlode.estimators.density.base import Density
from motherlode.estimators.networks.perceptrons import ACTIVATIONS

__all__ = ["NflowsFlow", "nflows_flow", "spline_layer"]

_BINS, _TAIL = 8, 5.0


class NflowsFlow(Density):
    """A flow of nflows behind our interface.

    Parameters
    ----------
    flow
        An ``nflows.flows.Flow``.
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.flow = flow

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``."""
        result: Tensor = self.flow.log_prob(value, context=context)
        return result

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``."""
        with torch.no_grad():
            result: Tensor = self.flow.sample(1, context=context)
        return result.squeeze(1)


def nflows_flow(kind: str) -> Callable[[int, int, Sequence[int], str, int], NflowsFlow]:
    """Return the maker of a kind of flow: ``maf``, ``nsf`` or ``coupling``; the widths in ``hidden`` must be equal.

    Autoregressive layers have the order of the columns reversed between them. Coupling layers map the columns of odd
    and of even number in turn: there are at least two of them, and no permutation that would undo the turn.
    """

    def make(features: int, context: int, hidden: Sequence[int], activation: str, transforms: int) -> NflowsFlow:
        layer = {"maf": _affine, "nsf": spline_layer, "coupling": _coupling}[kind]
        coupling = kind == "coupling"
        parts: list[nn.Module] = []
        for index in range(max(transforms, 2) if coupling else transforms):
            parts += [ReversePermutation(features)] if index and not coupling else []
            parts.append(layer(features, context, hidden, ACTIVATIONS[activation](), index))
        return NflowsFlow(Flow(CompositeTransform(parts), StandardNormal([features])))

    return make


def _width(hidden: Sequence[int]) -> int:
    if len(set(hidden)) != 1:
        raise ValueError(
            f"A flow of nflows cannot have hidden={tuple(hidden)}: its blocks share one width, and all but the first "
            "number would be ignored. Give equal widths, such as hidden=(64, 64), or take a flow of zuko."
        )
    return hidden[0]


def _affine(features: int, context: int, hidden: Sequence[int], activation: nn.Module, index: int) -> nn.Module:
    transform: nn.Module = MaskedAffineAutoregressiveTransform(
        features,
        _width(hidden),
        context_features=context,
        num_blocks=len(hidden),
        activation=activation,
        use_residual_blocks=False,
    )
    return transform


def spline_layer(
    features: int, context: int | None, hidden: Sequence[int], activation: nn.Module, index: int
) -> nn.Module:
    """Return one masked autoregressive layer of rational-quadratic splines, linear outside (-5, 5)."""
    transform: nn.Module = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
        features,
        _width(hidden),
        context_features=context,
        num_bins=_BINS,
        tails="linear",
        tail_bound=_TAIL,
        num_blocks=len(hidden),
        activation=activation,
        use_residual_blocks=False,
    )
    return transform


def _coupling(features: int, context: int, hidden: Sequence[int], activation: nn.Module, index: int) -> nn.Module:
    def network(inputs: int, outputs: int) -> nn.Module:
        net: nn.Module = ResidualNet(
            inputs, outputs, _width(hidden), context, num_blocks=len(hidden), activation=activation
        )
        return net

    mask = (torch.arange(features) + index) % 2
    transform: nn.Module = PiecewiseRationalQuadraticCouplingTransform(
        mask, network, num_bins=_BINS, tails="linear", tail_bound=_TAIL
    )
    return transform
