r"""Networks that turn images, sequences and sets into features.

.. math:: φ: (B, *L) \to (B, F)
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from motherlode.core.types import JSON, Shape
from motherlode.estimators.errors import UnsuitableEstimator

__all__ = [
    "EMBEDDINGS",
    "Convolution1d",
    "Convolution2d",
    "DeepSets",
    "Recurrent",
    "configuration_of",
    "make_embedding",
]


class _Embedding(nn.Module):
    """A network that can be built again from its configuration."""

    configuration: dict[str, JSON]

    def _remember(self, **arguments: JSON) -> None:
        self.configuration = {"name": type(self).__name__, **arguments}


class Convolution2d(_Embedding):
    """A convolutional network for images ``(H, W)`` or ``(C, H, W)``: stages of stride two with residual blocks.

    Parameters
    ----------
    features
        Number F of features.
    channels
        Channels of the stages.
    colours
        0 for images ``(H, W)``, else the number C of channels of ``(C, H, W)``.
    residual
        Add a residual block after each stage (a small ResNet).
    """

    def __init__(
        self, features: int = 32, channels: Sequence[int] = (16, 32, 64), colours: int = 0, residual: bool = False
    ) -> None:
        super().__init__()
        self._remember(features=features, channels=list(channels), colours=colours, residual=residual)
        widths = [max(colours, 1), *channels]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.SiLU()]
            layers += [_ConvolutionBlock(after)] if residual else []
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * widths[-1], features))
        self.grey = colours == 0

    def forward(self, x: Tensor) -> Tensor:
        """Return features with shape ``(B, F)``."""
        value: Tensor = self.body(x.unsqueeze(1) if self.grey else x)
        return value


class _ConvolutionBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )

    def forward(self, value: Tensor) -> Tensor:
        result: Tensor = value + self.branch(value)
        return result


class Convolution1d(_Embedding):
    """A convolutional network for sequences ``(T,)`` or ``(T, C)``.

    Parameters
    ----------
    features
        Number F of features.
    columns
        0 for sequences ``(T,)``, else the number C of columns of ``(T, C)``.
    channels
        Channels of the stages, each of stride two.
    """

    def __init__(self, features: int = 32, columns: int = 0, channels: Sequence[int] = (16, 32, 32)) -> None:
        super().__init__()
        self._remember(features=features, columns=columns, channels=list(channels))
        widths = [max(columns, 1), *channels]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv1d(before, after, 5, stride=2, padding=2), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(4 * widths[-1], features))
        self.single = columns == 0

    def forward(self, x: Tensor) -> Tensor:
        """Return features with shape ``(B, F)``."""
        value: Tensor = self.body(x.unsqueeze(1) if self.single else x.transpose(1, 2))
        return value


class Recurrent(_Embedding):
    """A gated recurrent network for sequences ``(T,)`` or ``(T, C)``: its last state.

    Parameters
    ----------
    features
        Number F of features.
    columns
        0 for sequences ``(T,)``, else the number C of columns of ``(T, C)``.
    """

    def __init__(self, features: int = 32, columns: int = 0) -> None:
        super().__init__()
        self._remember(features=features, columns=columns)
        self.body = nn.GRU(max(columns, 1), features, batch_first=True)
        self.single = columns == 0

    def forward(self, x: Tensor) -> Tensor:
        """Return features with shape ``(B, F)``."""
        _, last = self.body(x.unsqueeze(-1) if self.single else x)
        value: Tensor = last[-1]
        return value


class DeepSets(_Embedding):
    """A network for sets ``(M,)`` or ``(M, C)`` whose order means nothing (Zaheer et al., 2017, arXiv:1703.06114).

    Parameters
    ----------
    features
        Number F of features.
    columns
        0 for sets of numbers ``(M,)``, else the number C of columns of ``(M, C)``.
    width
        Width of the network on one member.
    """

    def __init__(self, features: int = 32, columns: int = 0, width: int = 64) -> None:
        super().__init__()
        self._remember(features=features, columns=columns, width=width)
        self.member = nn.Sequential(nn.Linear(max(columns, 1), width), nn.SiLU(), nn.Linear(width, width))
        self.whole = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, features))
        self.single = columns == 0

    def forward(self, x: Tensor) -> Tensor:
        """Return features with shape ``(B, F)``."""
        value: Tensor = self.whole(self.member(x.unsqueeze(-1) if self.single else x).mean(1))
        return value


EMBEDDINGS: dict[str, Callable[..., _Embedding]] = {
    kind.__name__: kind for kind in (Convolution1d, Convolution2d, DeepSets, Recurrent)
}


def configuration_of(embedding: nn.Module | dict[str, JSON] | None) -> dict[str, JSON] | None:
    """Return what rebuilds an embedding: its name and arguments; for a module of the user's own its class only."""
    if embedding is None or isinstance(embedding, dict):
        return embedding
    if isinstance(embedding, _Embedding):
        return embedding.configuration
    return {"name": type(embedding).__name__, "own": True}


def make_embedding(embedding: nn.Module | dict[str, JSON] | None, shape: Shape) -> tuple[nn.Module | None, int]:
    """Return the embedding, or None to flatten, and its number of features.

    Raises
    ------
    UnsuitableEstimator
        If it cannot be built from its configuration, or does not turn ``(B, *L)`` into ``(B, F)``.
    """
    if embedding is None:
        return None, prod(shape)
    module = _build(embedding) if isinstance(embedding, dict) else embedding
    with torch.no_grad():
        features = module(torch.zeros(2, *shape))
    if features.dim() != 2 or len(features) != 2:
        raise UnsuitableEstimator(
            f"The embedding turns x of shape (2, {', '.join(map(str, shape))}) into {tuple(features.shape)}",
            "The network behind it reads one row of features an event.",
            "Flatten its output to (B, F).",
        )
    return module, features.shape[-1]


def _build(configuration: dict[str, JSON]) -> nn.Module:
    name = str(configuration.get("name"))
    if configuration.get("own") or name not in EMBEDDINGS:
        raise UnsuitableEstimator(
            f"The embedding {name!r} was a module of your own",
            "Its weights are in the file; its code is not.",
            "Pass an instance of it: motherlode.load(path, embedding=module).",
        )
    return EMBEDDINGS[name](**{key: value for key, value in configuration.items() if key != "name"})
