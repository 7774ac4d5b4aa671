r"""Probabilities of whole numbers, column after column: a density on them would grow without bound.

.. math:: q(v|c) = \prod_j q(v_j | v_{<j}, c)
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, one_hot, softplus

from motherlode.surrogates.density.base import Density
from motherlode.surrogates.networks import MLP

__all__ = ["Categorical", "Ordinal"]


class Categorical(Density):
    """A table of logits for each column, given the context and the columns before it.

    Parameters
    ----------
    lows, highs
        Smallest and largest whole number of each column.
    context
        Number C of context columns.
    hidden, activation
        Network of each column.
    """

    discrete = True

    def __init__(
        self, lows: Sequence[int], highs: Sequence[int], context: int, hidden: Sequence[int], activation: str
    ) -> None:
        super().__init__()
        self.lows, self.counts = list(lows), [high - low + 1 for low, high in zip(lows, highs, strict=True)]
        widths = [context + sum(self.counts[:j]) for j in range(len(self.counts))]
        self.networks = nn.ModuleList(
            MLP(width, count, hidden, activation) for width, count in zip(widths, self.counts, strict=True)
        )

    def fit(self, value: Tensor) -> None:
        """Take nothing: the table is fixed by its range."""

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``; -inf for numbers never seen in training."""
        total, known = torch.zeros(len(value), dtype=context.dtype, device=value.device), context
        for j, network in enumerate(self.networks):
            index = value[:, j].round().long() - self.lows[j]
            inside = (index >= 0) & (index < self.counts[j]) & (value[:, j] == value[:, j].round())
            index = index.clamp(0, self.counts[j] - 1)
            log_p = network(known).log_softmax(-1).gather(1, index.unsqueeze(1)).squeeze(1)
            total = total + torch.where(inside, log_p, torch.full_like(log_p, -torch.inf))
            known = torch.cat([known, one_hot(index, self.counts[j]).to(known.dtype)], dim=-1)
        return total

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``."""
        columns, known = [], context
        with torch.no_grad():
            for j, network in enumerate(self.networks):
                index = _choose(network(known))
                columns.append(index + self.lows[j])
                known = torch.cat([known, one_hot(index, self.counts[j]).to(known.dtype)], dim=-1)
        return torch.stack(columns, dim=-1).to(context.dtype)


class Ordinal(Density):
    """A mixture of logistics, integrated over the cell of each whole number, for counts too many for a table.

    Parameters
    ----------
    columns
        Number V of columns.
    context
        Number C of context columns.
    hidden, activation
        Network of each column.
    components
        Logistics a column.
    """

    discrete = True
    location: Tensor
    scale: Tensor

    def __init__(
        self,
        columns: int,
        context: int,
        hidden: Sequence[int],
        activation: str,
        components: int = 5,
    ) -> None:
        super().__init__()
        self.register_buffer("location", torch.zeros(columns))
        self.register_buffer("scale", torch.ones(columns))
        self.networks = nn.ModuleList(MLP(context + j, 3 * components, hidden, activation) for j in range(columns))
        for network in self.networks:
            bias = cast(nn.Linear, cast(MLP, network)[-1]).bias
            with torch.no_grad():
                bias[components : 2 * components] = torch.linspace(-1.5, 1.5, components)

    def fit(self, value: Tensor) -> None:
        """Take centre and spread of each column from a training set with shape ``(N, V)``."""
        self.location.copy_(value.mean(0))
        self.scale.copy_(value.std(0).clamp_min(0.5))

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``; -inf off the whole numbers."""
        whole = (value == value.round()).all(-1)
        scaled = (value - self.location) / self.scale
        half = 0.5 / self.scale
        total, known = torch.zeros(len(value), dtype=context.dtype, device=value.device), context
        for j, network in enumerate(self.networks):
            weight, mean, width = self._split(network, known)
            upper = (scaled[:, j : j + 1] + half[j] - mean) / width
            lower = (scaled[:, j : j + 1] - half[j] - mean) / width
            cell = logsigmoid(upper) + logsigmoid(-lower) + torch.log(-torch.expm1(lower - upper))
            total = total + torch.logsumexp(weight + cell, dim=-1)
            known = torch.cat([known, scaled[:, j : j + 1]], dim=-1)
        return torch.where(whole, total, torch.full_like(total, -torch.inf))

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``."""
        columns, known = [], context
        with torch.no_grad():
            for j, network in enumerate(self.networks):
                weight, mean, width = self._split(network, known)
                chosen = _choose(weight).unsqueeze(1)
                unit = torch.rand(len(context), 1, device=context.device).clamp(1e-7, 1 - 1e-7)
                draw = mean.gather(1, chosen) + width.gather(1, chosen) * torch.logit(unit)
                column = (draw * self.scale[j] + self.location[j]).round()
                columns.append(column)
                known = torch.cat([known, (column - self.location[j]) / self.scale[j]], dim=-1)
        return torch.cat(columns, dim=-1)

    @staticmethod
    def _split(network: nn.Module, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight, mean, width = network(known).chunk(3, dim=-1)
        return weight.log_softmax(-1), mean, softplus(width) + 1e-3


def _choose(logits: Tensor) -> Tensor:
    return torch.multinomial(logits.softmax(-1), 1).squeeze(1)
