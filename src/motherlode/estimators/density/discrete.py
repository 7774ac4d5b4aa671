r"""Probabilities of whole numbers, column after column: a density on them would grow without bound.

.. math:: q(v|c) = \prod_j q(v_j | v_{<j}, c)
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, one_hot, softplus

from motherlode.estimators.density.base import DiscreteDensity
from motherlode.estimators.networks.modules import Modules
from motherlode.estimators.networks.perceptrons import MLP

__all__ = ["Categorical", "Ordinal", "WholeNumbers"]

_TINY = torch.finfo(torch.float64).eps


class Categorical(DiscreteDensity):
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

    def __init__(
        self, lows: Sequence[int], highs: Sequence[int], context: int, hidden: Sequence[int], activation: str
    ) -> None:
        super().__init__()
        self.lows, self.counts = list(lows), [high - low + 1 for low, high in zip(lows, highs, strict=True)]
        widths = [context + sum(self.counts[:j]) for j in range(len(self.counts))]
        self.networks = Modules[MLP](
            MLP(width, count, hidden, activation) for width, count in zip(widths, self.counts, strict=True)
        )

    @property
    def features(self) -> int:
        """Number of columns that :meth:`describe` gives."""
        return sum(self.counts)

    def fit(self, value: Tensor) -> None:
        """Take nothing: the table is fixed by its range."""

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``; -inf off the table.

        Parameters
        ----------
        value
            Shape ``(B, V)``, float64 where numbers exceed 2²⁴.
        context
            Shape ``(B, C)``, float32.
        """
        total, known = torch.zeros(len(value), dtype=context.dtype, device=value.device), context
        for j, network in enumerate(self.networks):
            index, inside = self._read(value, j)
            log_p = network(known).log_softmax(-1).gather(1, index.unsqueeze(1)).squeeze(1)
            total = total + torch.where(inside, log_p, torch.full_like(log_p, -torch.inf))
            known = torch.cat([known, one_hot(index, self.counts[j]).to(known.dtype)], dim=-1)
        return total

    def describe(self, value: Tensor) -> Tensor:
        """Return a one for each number's place in its table and zeros elsewhere, shape ``(B, F)``."""
        return torch.cat([one_hot(self._read(value, j)[0], count) for j, count in enumerate(self.counts)], dim=-1)

    def _read(self, value: Tensor, j: int) -> tuple[Tensor, Tensor]:
        """Return the place in the table, 0 for what is off it, and whether it is on it."""
        offset = value[:, j].to(torch.float64) - self.lows[j]
        inside = (offset >= 0) & (offset < self.counts[j]) & (offset == offset.round())
        return torch.where(inside, offset, 0.0).long(), inside

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``, float64."""
        columns, known = [], context
        with torch.no_grad():
            for j, network in enumerate(self.networks):
                index = _choose(network(known))
                columns.append(index + self.lows[j])
                known = torch.cat([known, one_hot(index, self.counts[j]).to(known.dtype)], dim=-1)
        return torch.stack(columns, dim=-1).to(torch.float64)


class Ordinal(DiscreteDensity):
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
        self.register_buffer("location", torch.zeros(columns, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(columns, dtype=torch.float64))
        self.networks = Modules[MLP](MLP(context + j, 3 * components, hidden, activation) for j in range(columns))
        for network in self.networks:
            with torch.no_grad():
                network.last_bias[components : 2 * components] = torch.linspace(-1.5, 1.5, components)

    def fit(self, value: Tensor) -> None:
        """Take centre and spread of each column from a training set with shape ``(N, V)``."""
        value = value.to(torch.float64)
        self.location.copy_(value.mean(0))
        self.scale.copy_(value.std(0).clamp_min(0.5))

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        r"""Return log q(value|context), shape ``(B,)``, float64; -inf off the whole numbers.

        A cell from a to b in units of a logistic has probability σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b)), where
        b - a is 1 over the logistic's width in numbers and no difference of two numbers that are nearly equal.

        Parameters
        ----------
        value
            Shape ``(B, V)``, float64 where numbers exceed 2²⁴.
        context
            Shape ``(B, C)``, float32.
        """
        whole = (value == value.round()).all(-1)
        scaled, half = (value.to(torch.float64) - self.location) / self.scale, 0.5 / self.scale
        total, known = torch.zeros(len(value), dtype=torch.float64, device=value.device), context
        for j, network in enumerate(self.networks):
            weight, mean, width = self._split(network, known)
            upper = (scaled[:, j : j + 1] + half[j] - mean) / width
            lower = (scaled[:, j : j + 1] - half[j] - mean) / width
            cell = logsigmoid(upper) + logsigmoid(-lower) + torch.log(-torch.expm1(-2.0 * half[j] / width))
            total = total + torch.logsumexp(weight + cell, dim=-1)
            known = torch.cat([known, scaled[:, j : j + 1].to(known.dtype)], dim=-1)
        return torch.where(whole, total, torch.full_like(total, -torch.inf))

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``, float64."""
        columns, known = [], context
        with torch.no_grad():
            for j, network in enumerate(self.networks):
                weight, mean, width = self._split(network, known)
                chosen = _choose(weight).unsqueeze(1)
                unit = torch.rand(len(context), 1, dtype=torch.float64, device=context.device).clamp(_TINY, 1 - _TINY)
                draw = mean.gather(1, chosen) + width.gather(1, chosen) * torch.logit(unit)
                column = (draw * self.scale[j] + self.location[j]).round()
                columns.append(column)
                known = torch.cat([known, ((column - self.location[j]) / self.scale[j]).to(known.dtype)], dim=-1)
        return torch.cat(columns, dim=-1)

    @staticmethod
    def _split(network: MLP, known: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        weight, mean, width = network(known).to(torch.float64).chunk(3, dim=-1)
        return weight.log_softmax(-1), mean, softplus(width) + 1e-3


class WholeNumbers(DiscreteDensity):
    """Tables for the columns of few values, then logistics for the wide ones, given what the tables hold.

    Parameters
    ----------
    lows, highs
        Smallest and largest whole number of each column.
    narrow
        Which columns get a table; some, not all.
    context
        Number C of context columns.
    hidden, activation
        Network of each column.
    """

    narrow: Tensor
    wide: Tensor

    def __init__(
        self,
        lows: Sequence[int],
        highs: Sequence[int],
        narrow: Sequence[int],
        context: int,
        hidden: Sequence[int],
        activation: str,
    ) -> None:
        super().__init__()
        wide = [j for j in range(len(lows)) if j not in narrow]
        for name, columns in (("narrow", narrow), ("wide", wide)):
            self.register_buffer(name, torch.tensor(columns, dtype=torch.int64), persistent=False)
        self.tables = Categorical([lows[j] for j in narrow], [highs[j] for j in narrow], context, hidden, activation)
        self.logistics = Ordinal(len(wide), context + self.tables.features, hidden, activation)

    def fit(self, value: Tensor) -> None:
        """Take centre and spread of each wide column from a training set with shape ``(N, V)``."""
        self.logistics.fit(value[:, self.wide])

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``, float64; -inf off a table or the whole numbers."""
        few = value[:, self.narrow]
        given = torch.cat([context, self.tables.describe(few).to(context.dtype)], dim=-1)
        return self.tables.log_prob(few, context) + self.logistics.log_prob(value[:, self.wide], given)

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``, float64."""
        few = self.tables.sample(context)
        many = self.logistics.sample(torch.cat([context, self.tables.describe(few).to(context.dtype)], dim=-1))
        result = few.new_empty(len(few), len(self.narrow) + len(self.wide))
        result[:, self.narrow], result[:, self.wide] = few, many
        return result


def _choose(logits: Tensor) -> Tensor:
    return torch.multinomial(logits.softmax(-1), 1).squeeze(1)
