r"""Take AdamW steps on all weights as one vector, at a scheduled rate, and none once a loss or gradient is not finite.

.. math:: w \leftarrow (1 - ηλ)\,w - η\,\frac{\hat m}{\sqrt{\hat v} + ε}, \qquad
   g = \nabla_w\,\text{loss} \cdot \min(1, c/|\nabla_w\,\text{loss}|)

One vector means one call each for clearing, norm, clipping and step, however many layers there are: on a 2x64
perceptron they cost 40 µs instead of 95 µs, a tenth of the whole step, and more on a flow with its many small tensors.
The step is torch's fused AdamW as a function: the optimizer class around it cost as much again in Python.
Beside it runs an average of the weights over the last steps, which is judged and kept (Polyak, Juditsky, 1992).
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

__all__ = ["Optimizer", "OptimizerState", "Schedule"]

_EVERY = 5
"""Most steps between two that are averaged: neighbours are nearly the same."""


class OptimizerState(TypedDict):
    """What restores an optimizer: its tensors, and the number of steps it was asked for."""

    tensors: list[Tensor]
    tried: int


class Optimizer:
    """AdamW on weights that are views of one vector while it lasts, one vector for each of their dtypes.

    Whether a step was finite is decided where the weights are and read only by :meth:`missed`, so a GPU is never
    waited for in between.

    Parameters
    ----------
    weights
        The parameters to be moved; they keep their identity.
    weight_decay
        Decoupled weight decay λ.
    clip
        Largest norm c of the gradient.
    memory
        Steps that the running average remembers, in the mean; it begins as the mean over all steps.
    """

    def __init__(self, weights: Sequence[nn.Parameter], weight_decay: float, clip: float, memory: float) -> None:
        self.weights, self.weight_decay = list(weights), weight_decay
        dtypes = dict.fromkeys(weight.dtype for weight in self.weights)
        self._vectors = [_join([weight for weight in self.weights if weight.dtype == dtype]) for dtype in dtypes]
        self._gradients = [vector.grad for vector in self._vectors if vector.grad is not None]
        self._means, self._squares = ([torch.zeros_like(vector) for vector in self._gradients] for _ in range(2))
        self._averages = [vector.detach().clone() for vector in self._vectors]
        self._every = max(1, min(_EVERY, int(memory / _EVERY)))
        self._memory, self._tried = memory / self._every, 0
        device = self.weights[0].device
        self._clip, self._failed = torch.tensor(clip, device=device), torch.zeros((), device=device)
        self._taken = [torch.zeros_like(self._failed) for _ in self._vectors]

    def step(self, value: Tensor, rate: float) -> None:
        """Move the weights down the gradient of a loss, unless it or an earlier one was not finite.

        Parameters
        ----------
        value
            The loss, shape ``()``.
        rate
            Learning rate η.
        """
        norm = self._norm(value)
        with torch.no_grad():
            self._failed.logical_or_((norm + value) * 0.0 != 0.0)
            factor = (self._clip / norm).clamp_(max=1.0)
            for gradient in self._gradients:
                gradient.mul_(factor)
            adamw(
                self._vectors,
                self._gradients,
                self._means,
                self._squares,
                [],
                self._taken,
                fused=True,
                found_inf=self._failed,
                lr=rate,
                weight_decay=self.weight_decay,
                beta1=0.9,
                beta2=0.999,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
            )
        self._tried += 1
        if self._tried % self._every == 0:
            self._average(self._tried // self._every)

    def _average(self, count: int) -> None:
        share = max(1.0 / count, 1.0 / max(1.0, self._memory))
        for average, vector in zip(self._averages, self._vectors, strict=True):
            average.lerp_(vector.detach(), share)

    def forget(self) -> None:
        """Begin the average anew at the weights as they are."""
        for average, vector in zip(self._averages, self._vectors, strict=True):
            average.copy_(vector.detach())

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the running averages in the place of the weights while the context lasts."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for average, vector in zip(self._averages, self._vectors, strict=True):
            weights = vector.detach()
            kept = weights.clone()
            weights.copy_(average)
            average.copy_(kept)

    def is_finite(self, value: Tensor) -> bool:
        """Say whether a loss and its gradient are finite; the weights are not moved."""
        return bool(torch.isfinite(self._norm(value) + value.detach()))

    def _norm(self, value: Tensor) -> Tensor:
        for gradient in self._gradients:
            gradient.zero_()
        value.backward()
        norms = [torch.linalg.vector_norm(gradient) for gradient in self._gradients]
        return norms[0] if len(norms) == 1 else torch.linalg.vector_norm(torch.stack([n.float() for n in norms]))

    def missed(self) -> int:
        """Return how many steps were left out, the first of them for a loss or gradient that was not finite."""
        return self._tried - int(self._taken[0])

    def state(self) -> OptimizerState:
        """Return what restores the moments and the averages; the weights are the estimator's."""
        return {"tensors": self._tensors(), "tried": self._tried}

    def restore(self, state: OptimizerState) -> None:
        """Take over a state."""
        self._tried = state["tried"]
        for tensor, value in zip(self._tensors(), state["tensors"], strict=True):
            tensor.copy_(value)

    def _tensors(self) -> list[Tensor]:
        return [*self._means, *self._squares, *self._taken, *self._averages]

    def close(self) -> None:
        """Give each weight memory of its own again and drop the gradients."""
        for weight in self.weights:
            weight.data, weight.grad = weight.data.clone(), None


def _join(weights: list[nn.Parameter]) -> Tensor:
    vector = torch.cat([weight.detach().reshape(-1) for weight in weights]).requires_grad_()
    vector.grad = torch.zeros_like(vector)
    first = 0
    for weight in weights:
        part = slice(first, first + weight.numel())
        weight.data, weight.grad = vector.detach()[part].view_as(weight), vector.grad[part].view_as(weight)
        first += weight.numel()
    return vector


class Schedule:
    """Warm-up and cosine over a budget of steps, which can be cut short by a straight line to zero.

    Parameters
    ----------
    peak
        Largest learning rate.
    steps
        Budget.
    warm_up
        Share of the budget in which the rate climbs from a 25th of its peak.
    """

    def __init__(self, peak: float, steps: int, warm_up: float) -> None:
        self.peak, self.steps = peak, steps
        self.climb = max(1, round(warm_up * steps))
        self.end = steps
        self.cut: int | None = None

    def rate(self, step: int) -> float:
        """Return the learning rate of step 0 … end - 1."""
        if self.cut is not None and step >= self.cut:
            return self._planned(self.cut) * (self.end - step) / (self.end - self.cut)
        return self._planned(step)

    def cool_down(self, step: int, share: float = 0.1) -> None:
        """From ``step`` on fall in a straight line to zero, within a share of the budget; then training ends."""
        self.cut = step
        self.end = min(self.steps, step + max(1, round(share * self.steps)))

    def _planned(self, step: int) -> float:
        if step < self.climb:
            return self.peak * (0.04 + 0.96 * (step + 1) / self.climb)
        progress = (step - self.climb) / max(1, self.steps - self.climb)
        return self.peak * 0.5 * (1.0 + math.cos(math.pi * progress))
