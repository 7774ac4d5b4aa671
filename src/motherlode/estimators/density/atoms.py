r"""Columns that mix single values of positive probability with a continuous rest, such as energies that are often 0.

.. math:: q(v|c) = \prod_j P(a_j | v_{<j}, c)\, q(v_j | v_{<j}, c)^{[a_j = 0]}, \qquad a_j = k \text{ if } v_j = A_{jk}

A density alone would grow without bound at such a value; here it describes the rest only, in coordinates of its own.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from motherlode.estimators.density.base import Density
from motherlode.estimators.density.mixture import Mixture
from motherlode.estimators.networks.modules import Modules
from motherlode.estimators.networks.perceptrons import MLP
from motherlode.estimators.transforms import ColumnTransforms

__all__ = ["Atomic"]

_ENOUGH = 8


class Atomic(Density):
    """Probabilities of the atoms of each column and a mixture of Gaussians for its rest, column after column.

    Parameters
    ----------
    atoms
        The atoms of each of the V columns.
    context
        Number C of context columns.
    hidden, activation
        Networks of each column.
    """

    def __init__(self, atoms: Sequence[Sequence[float]], context: int, hidden: Sequence[int], activation: str) -> None:
        super().__init__()
        self.atoms = [[float(value) for value in column] for column in atoms]
        seen = [context + sum(len(column) + 2 for column in self.atoms[:j]) for j in range(len(self.atoms))]
        self.chances = Modules[MLP](
            MLP(width, len(column) + 1, hidden, activation) for width, column in zip(seen, self.atoms, strict=True)
        )
        self.rests = Modules[Mixture](Mixture(1, width, hidden, activation) for width in seen)
        self.coordinates = Modules[ColumnTransforms](ColumnTransforms((1,)) for _ in self.atoms)

    @property
    def features(self) -> int:
        """Number of columns that :meth:`describe` gives."""
        return sum(len(column) + 2 for column in self.atoms)

    def fit(self, value: Tensor, given: Tensor) -> None:
        """Take the coordinates of the rest of each column from a training set.

        Parameters
        ----------
        value
            Shape ``(N, V)``.
        given
            Parameters with shape ``(N, D)``, around which the rest should look like a Gaussian.
        """
        for j, coordinates in enumerate(self.coordinates):
            rest = self._which(value, j) == 0
            if int(rest.sum()) >= _ENOUGH:
                coordinates.fit(value[rest, j : j + 1], given=given[rest])

    def log_prob(self, value: Tensor, context: Tensor) -> Tensor:
        """Return log q(value|context), shape ``(B,)``: log-probability at an atom, log-density elsewhere.

        Parameters
        ----------
        value
            Shape ``(B, V)``, float64: an atom is met exactly.
        context
            Shape ``(B, C)``, float32.
        """
        total, known = torch.zeros(len(value), dtype=torch.float64, device=value.device), context
        for j in range(len(self.atoms)):
            which, scaled, slope = self._read(value, j)
            log_p = self.chances[j](known).log_softmax(-1).gather(1, which.unsqueeze(1)).squeeze(1)
            density = self.rests[j].log_prob(scaled, known) + slope
            total = total + log_p + torch.where(which == 0, density, torch.zeros_like(density))
            known = torch.cat([known, self._describe(which, scaled, j)], dim=-1)
        return total

    def sample(self, context: Tensor) -> Tensor:
        """Return one draw a row, shape ``(B, V)``, float64."""
        columns, known = [], context
        with torch.no_grad():
            for j, atoms in enumerate(self.atoms):
                which = torch.multinomial(self.chances[j](known).softmax(-1), 1).squeeze(1)
                scaled = self.rests[j].sample(known) * (which == 0).unsqueeze(1)
                rest = self.coordinates[j].inverse(scaled)[:, 0]
                fixed = torch.tensor([0.0, *atoms], dtype=torch.float64, device=context.device)[which]
                columns.append(torch.where(which == 0, rest, fixed))
                known = torch.cat([known, self._describe(which, scaled, j)], dim=-1)
        return torch.stack(columns, dim=-1)

    def describe(self, value: Tensor) -> Tensor:
        """Return what later columns are conditioned on: which atom, and the rest in its coordinates; ``(B, F)``."""
        parts = []
        for j in range(len(self.atoms)):
            which, scaled, _ = self._read(value, j)
            parts.append(self._describe(which, scaled, j))
        return torch.cat(parts, dim=-1)

    def _which(self, value: Tensor, j: int) -> Tensor:
        atoms = torch.tensor(self.atoms[j], dtype=value.dtype, device=value.device)
        met = value[:, j : j + 1] == atoms
        return torch.where(met.any(-1), met.to(torch.int64).argmax(-1) + 1, 0)

    def _read(self, value: Tensor, j: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return which atom, the rest in its coordinates (0 at an atom) and the log-slope of these."""
        which, coordinates = self._which(value, j), self.coordinates[j]
        at_atom = (which > 0).unsqueeze(1)
        middle = coordinates.inverse(torch.zeros(1, dtype=torch.float64, device=value.device))
        rest = torch.where(at_atom, middle, value[:, j : j + 1])
        scaled = torch.where(at_atom, 0.0, coordinates(rest)).to(torch.float32)
        return which, scaled, coordinates.log_jacobian(rest)[:, 0]

    def _describe(self, which: Tensor, scaled: Tensor, j: int) -> Tensor:
        return torch.cat([one_hot(which, len(self.atoms[j]) + 1).to(scaled.dtype), scaled], dim=-1)
