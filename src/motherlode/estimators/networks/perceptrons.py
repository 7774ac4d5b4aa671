"""Feed-forward networks from a few numbers: perceptrons, plain or residual."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["ACTIVATIONS", "MLP", "Residual", "make_network"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
}
"""Activations by the name that an estimator takes."""


class MLP(nn.Sequential):
    """A multilayer perceptron.

    Parameters
    ----------
    inputs, outputs
        Numbers of columns.
    hidden
        Widths of the hidden layers.
    activation
        A key of :data:`ACTIVATIONS`.
    """

    def __init__(self, inputs: int, outputs: int, hidden: Sequence[int] = (64, 64), activation: str = "silu") -> None:
        widths = (inputs, *hidden)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), ACTIVATIONS[activation]()]
        super().__init__(*layers, nn.Linear(widths[-1], outputs))

    @property
    def last_bias(self) -> nn.Parameter:
        """The bias of the last layer, shape ``(outputs,)``."""
        return self.get_parameter(f"{len(self) - 1}.bias")


class _Block(nn.Module):
    def __init__(self, width: int, activation: str) -> None:
        super().__init__()
        make = ACTIVATIONS[activation]
        first, last = nn.Linear(width, width), nn.Linear(width, width)
        nn.init.zeros_(last.weight)
        self.branch = nn.Sequential(make(), first, make(), last)

    def forward(self, value: Tensor) -> Tensor:
        result: Tensor = value + self.branch(value)
        return result


class Residual(nn.Sequential):
    """A residual network: one block a hidden width, which must all be equal; blocks start as the identity.

    Parameters
    ----------
    inputs, outputs
        Numbers of columns.
    hidden
        One equal width for each block.
    activation
        A key of :data:`ACTIVATIONS`.
    """

    def __init__(self, inputs: int, outputs: int, hidden: Sequence[int] = (64, 64), activation: str = "silu") -> None:
        if len(set(hidden)) != 1:
            raise ValueError(f"A residual network needs equal widths, not {tuple(hidden)}: choose one for all blocks.")
        width = hidden[0]
        blocks = [_Block(width, activation) for _ in hidden]
        super().__init__(nn.Linear(inputs, width), *blocks, ACTIVATIONS[activation](), nn.Linear(width, outputs))


def make_network(kind: str, inputs: int, outputs: int, hidden: Sequence[int], activation: str) -> nn.Module:
    """Return a network by name: ``mlp`` or ``residual``.

    Raises
    ------
    ValueError
        If the name or the activation is unknown.
    """
    kinds: dict[str, type[MLP] | type[Residual]] = {"mlp": MLP, "residual": Residual}
    if kind not in kinds or activation not in ACTIVATIONS:
        raise ValueError(
            f"No network {kind!r} with activation {activation!r}: choose of {sorted(kinds)} and {sorted(ACTIVATIONS)}."
        )
    return kinds[kind](inputs, outputs, hidden, activation).to(torch.float32)
