r"""Estimate the likelihood p(x|θ) itself by a conditional density.

.. math:: \log \hat p(x|θ) = \log q\big(u(x)\,|\,u(θ)\big) + \log |du/dx|

Whole-number columns get probabilities, columns with atoms a probability of each atom and a density of the rest, the
others a flow or a mixture; in this order, each conditioned on those before.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import ClassVar, Self

import torch
from torch import Tensor

from motherlode.core.types import JSON
from motherlode.estimators.arrays import ArrayOrTensor, broadcast_shapes, gradient_at, on_tensors
from motherlode.estimators.base import Estimator, Option
from motherlode.estimators.batches import ColumnsOfEvents, EventBatch
from motherlode.estimators.density import Atomic, make_density
from motherlode.estimators.density.heads import AtomColumns, WholeColumns, find_atoms, find_whole_numbers, make_head
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.kinds.distributions import DensityLikelihood

__all__ = ["AmortizedLikelihood", "LikelihoodEstimator"]


class AmortizedLikelihood(Estimator):
    """What every estimate of a likelihood answers to: a conditional density or an ensemble of them."""

    def log_prob(self, x: ArrayOrTensor, theta: ArrayOrTensor) -> ArrayOrTensor:
        """Return log p̂(x|θ) with shape ``(*B,)``; -inf outside the support.

        Parameters
        ----------
        x
            Outcomes with shape ``(*B, *L)``.
        theta
            Parameters with shape ``(*B, D)``; batch shapes broadcast.
        """
        return on_tensors(self, self._log_prob, x, theta)

    def score(self, theta: ArrayOrTensor, x: ArrayOrTensor) -> ArrayOrTensor:
        r"""Return :math:`\hat t(x|θ) = \nabla_θ \log \hat p(x|θ)` by autograd, shape ``(*B, D)``."""
        return on_tensors(self, self._score, theta, x)

    def sample(self, theta: ArrayOrTensor, shape: Sequence[int] = ()) -> ArrayOrTensor:
        """Return draws from p̂(x|θ) with shape ``(*shape, *B, *L)``, without gradient.

        Parameters
        ----------
        theta
            Parameters with shape ``(*B, D)``, tensor or array.
        shape
            Further batch dimensions in front.
        """
        return on_tensors(self, lambda points: self._sample(points, shape), theta)

    def likelihood(self, theta: Tensor) -> DensityLikelihood:
        """Return p̂(x|θ) as a Pyro distribution for ``pyro.sample("x", estimator.likelihood(theta), obs=x)``."""
        return DensityLikelihood(self, theta)

    @abstractmethod
    def _log_prob(self, x: Tensor, theta: Tensor) -> Tensor: ...

    @abstractmethod
    def _score(self, theta: Tensor, x: Tensor) -> Tensor: ...

    @abstractmethod
    def _sample(self, theta: Tensor, shape: Sequence[int]) -> Tensor: ...


class LikelihoodEstimator(AmortizedLikelihood):
    r"""An estimator of :math:`\log p(x|θ)`.

    Parameters
    ----------
    parameters
        Number D of parameters.
    shape
        Shape ``(*L)`` of one outcome x.
    density
        A key of :data:`~motherlode.estimators.density.DENSITIES` for the continuous columns; None: a
        masked autoregressive flow, a mixture for a single column.
    whole
        Whole-number columns of the flattened x, ``{"columns": …, "lows": …, "highs": …}``;
        :meth:`for_events` finds them.
    atoms
        Columns with atoms, ``{"columns": …, "values": [[…], …]}``: values that come with a positive probability, such
        as the 0 of a cell that did not fire. :meth:`for_events` finds them; an empty dict says that there are none.
    hidden, activation
        Networks inside the density; smooth where a score is learned.
    transforms
        Steps of a flow.

    Raises
    ------
    UnsuitableEstimator
        If a column is in ``whole`` and in ``atoms``.

    Examples
    --------
    >>> import numpy as np
    >>> estimator = LikelihoodEstimator(parameters=1, shape=(2,))
    >>> theta = np.zeros((5, 1))
    >>> x = estimator.sample(theta)
    >>> x.shape, estimator.log_prob(x, theta).shape, estimator.score(theta, x).shape
    ((5, 2), (5,), (5, 1))
    """

    learning_rate: ClassVar[float] = 1e-2

    def __init__(
        self,
        parameters: int,
        shape: Sequence[int] = (),
        density: str | None = None,
        whole: WholeColumns | None = None,
        atoms: AtomColumns | None = None,
        hidden: Sequence[int] = (64, 64),
        activation: str = "silu",
        transforms: int = 5,
    ) -> None:
        whole = whole or WholeColumns(columns=[], lows=[], highs=[])
        atoms = atoms or AtomColumns(columns=[], values=[])
        _refuse_overlap(whole["columns"], atoms["columns"])
        taken = {*whole["columns"], *atoms["columns"]}
        line = [column for column in range(prod(shape)) if column not in taken]
        density = density or ("maf" if len(line) > 1 else "mixture")
        configuration: dict[str, JSON] = {
            "density": density,
            "whole": {"columns": [*whole["columns"]], "lows": [*whole["lows"]], "highs": [*whole["highs"]]},
            "atoms": {"columns": [*atoms["columns"]], "values": [[*values] for values in atoms["values"]]},
            "hidden": list(hidden),
            "activation": activation,
            "transforms": transforms,
        }
        super().__init__(parameters, shape, configuration)
        for name, columns in (("_whole", whole["columns"]), ("_mixed", atoms["columns"]), ("_line", line)):
            self.register_buffer(name, torch.tensor(columns, dtype=torch.int64), persistent=False)
        context = self.parameters_count
        self.head = make_head(whole, context, hidden, activation) if whole["columns"] else None
        context += len(whole["columns"])
        self.atomic = Atomic(atoms["values"], context, hidden, activation) if atoms["columns"] else None
        context += self.atomic.features if self.atomic is not None else 0
        self.density = make_density(density, len(line), context, hidden, activation, transforms) if line else None

    @classmethod
    def for_events(
        cls,
        events: ColumnsOfEvents,
        whole: WholeColumns | None = None,
        atoms: AtomColumns | None = None,
        **options: Option,
    ) -> Self:
        """Return an untrained estimator with the shapes of these events and a head that suits their columns.

        Columns that ``whole`` or ``atoms`` name are theirs; what is not given is found among the others.
        """
        flat = events.x.reshape(len(events.x), -1)
        if whole is None:
            whole = find_whole_numbers(flat, except_for=(atoms or {}).get("columns", []))
        if atoms is None:
            atoms = find_atoms(flat, except_for=whole.get("columns", []))
        make: Callable[..., Self] = cls._shaped_like
        return make(events, whole=whole, atoms=atoms, **options)

    def _log_prob(self, x: Tensor, theta: Tensor) -> Tensor:
        self.warn_outside(theta)
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        rows = theta.expand(*batch, -1).reshape(-1, self.parameters_count)
        values = x.expand(*batch, *self.shape).reshape(-1, *self.shape)
        return self._rows(values, rows).reshape(batch)

    def _rows(self, x: Tensor, theta: Tensor) -> Tensor:
        context = self.theta_scaling(theta).to(torch.float32)
        total = torch.zeros(len(theta), dtype=torch.float64, device=theta.device)
        flat, scaled = x.reshape(len(x), -1), self.x_scaling(x).reshape(len(x), -1).to(torch.float32)
        if self.head is not None:
            total = total + self.head.log_prob(flat[:, self._whole], context)
            context = torch.cat([context, scaled[:, self._whole]], dim=-1)
        if self.atomic is not None:
            mixed = flat[:, self._mixed]
            total = total + self.atomic.log_prob(mixed, context)
            context = torch.cat([context, self.atomic.describe(mixed)], dim=-1)
        if self.density is not None:
            jacobian = self.x_scaling.log_jacobian(x).reshape(len(x), -1)[:, self._line].sum(-1)
            total = total + self.density.log_prob(scaled[:, self._line], context) + jacobian
        return total

    def _sample(self, theta: Tensor, shape: Sequence[int]) -> Tensor:
        batch = (*shape, *self.theta_batch(theta))
        with torch.no_grad():
            rows = self._draw(theta.expand(*batch, -1).reshape(-1, self.parameters_count))
        return rows.reshape(*batch, *self.shape)

    def _draw(self, theta: Tensor) -> Tensor:
        context = self.theta_scaling(theta).to(torch.float32)
        result = torch.zeros(len(theta), prod(self.shape), dtype=torch.float64, device=theta.device)
        if self.head is not None:
            result[:, self._whole] = self.head.sample(context)
            scaled = self.x_scaling(result.reshape(-1, *self.shape)).reshape(len(theta), -1).to(torch.float32)
            context = torch.cat([context, scaled[:, self._whole]], dim=-1)
        if self.atomic is not None:
            mixed = self.atomic.sample(context)
            result[:, self._mixed] = mixed
            context = torch.cat([context, self.atomic.describe(mixed)], dim=-1)
        if self.density is not None:
            scaled = torch.zeros_like(result)
            scaled[:, self._line] = self.density.sample(context).double()
            values = self.x_scaling.inverse(scaled.reshape(-1, *self.shape)).reshape(len(theta), -1)
            result[:, self._line] = values[:, self._line]
        return result

    def _score(self, theta: Tensor, x: Tensor) -> Tensor:
        batch = broadcast_shapes(self.theta_batch(theta), self.x_batch(x))
        return gradient_at(lambda leaf: self._log_prob(x, leaf), theta, batch)

    def fit_scaling(self, events: EventBatch) -> None:
        """Take coordinates and range from the training set; a table of whole numbers needs none beyond its own."""
        super().fit_scaling(events)
        flat = events.x.reshape(len(events.x), -1)
        if self.head is not None:
            self.head.fit(flat[:, self._whole])
        if self.atomic is not None:
            self.atomic.fit(flat[:, self._mixed], events.theta)


def _refuse_overlap(whole: Sequence[int], atoms: Sequence[int]) -> None:
    if both := sorted({*whole} & {*atoms}):
        raise UnsuitableEstimator(
            f"Columns {both} of x are in whole (columns {list(whole)}) and in atoms (columns {list(atoms)})",
            "Their probability would be counted twice.",
            "Leave them in one of the two; LikelihoodEstimator.for_events(events, atoms=...) finds the rest by itself.",
        )
