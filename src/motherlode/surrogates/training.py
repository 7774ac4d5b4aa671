r"""Train an estimator: one loop in plain torch, tensors in memory, batches by index.

.. math:: w \leftarrow w - η_k\, \mathrm{AdamW}\big(\nabla_w\, \text{loss}(\hat q_w, \text{batch}_k)\big)
"""

import copy
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm.auto import tqdm

from motherlode.surrogates.best import Best
from motherlode.surrogates.checkpoint import Checkpoint
from motherlode.surrogates.dataset import Batches, Dataset, as_batch, prepare, split
from motherlode.surrogates.defaults import complete, default_estimator
from motherlode.surrogates.errors import NonFiniteLoss
from motherlode.surrogates.examine import examine
from motherlode.surrogates.history import Record, Round
from motherlode.surrogates.losses import Loss, alices
from motherlode.surrogates.options import ROUNDS, TrainingOptions
from motherlode.surrogates.origin import read_events
from motherlode.surrogates.schedule import Schedule

__all__ = ["train"]

_CHUNK, _PARTS, _LEAST = 8192, 8, 16


def train(
    events: Any,
    loss: Loss = alices,
    estimator: Any = None,
    *,
    seed: int = 0,
    progress: bool = True,
    device: str | torch.device = "cpu",
    options: TrainingOptions | None = None,
    checkpoint: str | Path | None = None,
) -> Any:
    """Return an estimator fitted to events.

    Parameters
    ----------
    events
        :class:`motherlode.Events` or an :class:`motherlode.EventStore`.
    loss
        One of :mod:`motherlode.losses`.
    estimator
        What to train, in place; None builds the loss's own kind with default networks.
    seed
        Decides the weights at the start, the validation split and the batches; the same seed gives the same weights.
    progress
        Show a progress bar on standard error.
    device
        Where to compute, for instance ``"cuda"``.
    options
        Steps, batch size, learning rate and the like.
    checkpoint
        File to keep the state in after each round; where it exists, training goes on from it. Removed at the end.

    Raises
    ------
    TrainingError
        One of its kinds, where events, loss and estimator do not fit or a step is not finite.
    CondemnedStore
        If a leak was found while the events were mined.
    """
    data, origin = read_events(events)
    options = options or TrainingOptions()
    with _seeded(seed):
        estimator = default_estimator(loss, data) if estimator is None else estimator
        examine(data, loss, estimator)
        batch = complete(data, as_batch(data, loss), loss, origin)
        dataset = split(batch, options.validation, seed)
        fitted = dataset.training
        estimator.fit_scaling(fitted)
        loss = loss.calibrated(estimator, fitted)
        run = _Run(estimator.to(device).train(), loss, dataset, options, seed, torch.device(device))
        run.go(Checkpoint(checkpoint, run) if checkpoint is not None else None, progress)
    estimator.record = replace(run.record(), origin=origin)
    return estimator.eval()


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


class _Run:
    """The state of one training and the steps that move it."""

    def __init__(
        self, estimator: Any, loss: Loss, dataset: Dataset, options: TrainingOptions, seed: int, device: torch.device
    ) -> None:
        self.estimator, self.loss, self.dataset, self.options, self.seed = estimator, loss, dataset, options, seed
        self.training, self.validation = dataset.training.to(device), dataset.validation.to(device)
        total = len(dataset.training)
        peak = options.learning_rate or estimator.learning_rate
        self.weights = [weight for weight in estimator.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=peak, weight_decay=options.weight_decay, fused=True)
        self.schedule = Schedule(peak, options.budget(total), options.warm_up)
        self.round_length = max(1, -(-self.schedule.steps // ROUNDS))
        self.pair_generator = torch.Generator().manual_seed(seed + 1)
        self.batches = Batches(total, options.batch(total), torch.Generator().manual_seed(seed))
        self.step, self.seconds = 0, 0.0
        self.best = Best(copy.deepcopy(estimator.state_dict()))
        self.history: list[Round] = []

    def go(self, checkpoint: Checkpoint | None, progress: bool) -> None:
        """Train to the end of the schedule, then restore the best weights."""
        if checkpoint is not None:
            checkpoint.restore()
        with tqdm(total=self.schedule.end, initial=self.step, disable=not progress, desc=self.loss.name) as bar:
            while self.step < self.schedule.end:
                begin, before = time.monotonic(), self.step
                self._round()
                self.seconds += time.monotonic() - begin
                bar.total = self.schedule.end
                bar.update(self.step - before)
                bar.set_postfix_str(f"validation {self.history[-1].validation:.5g}")
                if checkpoint is not None:
                    checkpoint.save()
        self.estimator.load_state_dict(self.best.weights)
        if checkpoint is not None:
            checkpoint.remove()

    def _round(self) -> None:
        last = min(self.step + self.round_length, self.schedule.end)
        rate = self.schedule.rate(self.step)
        total = sum(self._step(self.step + count) for count in range(last - self.step)) / (last - self.step)
        self.step = last
        parts = self.validate()
        self.history.append(Round(last, total, float(parts.mean()), rate))
        self.best.offer(parts, last, self.estimator)
        if self.schedule.cut is None and last - self.best.step >= self.options.patience * self.schedule.steps:
            self.estimator.load_state_dict(self.best.weights)
            self.schedule.cool_down(last)

    def _step(self, step: int) -> float:
        rows = next(self.batches)
        batch = prepare(self.training[rows], self.loss, self.estimator, self.pair_generator)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(step)
        self.optimizer.zero_grad(set_to_none=True)
        value = self.loss(self.estimator, batch)
        value.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.options.clip)
        number = float(value.detach())
        if not math.isfinite(number + float(norm)):
            raise self._not_finite(step, rows, number)
        self.optimizer.step()
        return number

    def validate(self) -> Tensor:
        """Return the loss on each part of the held-out events, with the same pairs every time."""
        self.estimator.eval()
        self.estimator.quiet(True)
        generator = torch.Generator().manual_seed(self.seed + 2)
        size = min(len(self.validation), max(_LEAST, min(_CHUNK, len(self.validation) // _PARTS)))
        parts = (
            self.validation[slice(first, first + size)] for first in range(0, len(self.validation) - size + 1, size)
        )
        losses = [self.loss(self.estimator, prepare(part, self.loss, self.estimator, generator)) for part in parts]
        self.estimator.quiet(False)
        self.estimator.train()
        return torch.stack([value.detach().double().cpu() for value in losses])

    def _not_finite(self, step: int, rows: Tensor, number: float) -> NonFiniteLoss:
        guilty = [int(row) for row in rows if not self._is_finite(row.repeat(2))]
        events = [int(self.dataset.training_index[row]) for row in guilty]
        detail = "the batch as a whole overflows"
        if guilty:
            one = self.dataset.training[guilty[0]]
            detail = f"theta = {one.theta.tolist()}, x = {str(one.x.tolist())[:200]}"
        what = "The loss" if number != number or abs(number) == float("inf") else "The gradient"
        return NonFiniteLoss(what, step, events, detail)

    def _is_finite(self, rows: Tensor) -> bool:
        batch = prepare(self.training[rows], self.loss, self.estimator, torch.Generator().manual_seed(0))
        self.optimizer.zero_grad(set_to_none=True)
        value = self.loss(self.estimator, batch)
        value.backward()  # type: ignore[no-untyped-call]
        gradients = [weight.grad for weight in self.weights if weight.grad is not None]
        return bool(torch.isfinite(value.detach())) and all(bool(torch.isfinite(part).all()) for part in gradients)

    def record(self) -> Record:
        """Return what is to be remembered."""
        return Record(
            loss=self.loss.name,
            alpha=self.loss.alpha,
            events=len(self.training),
            validation_events=len(self.validation),
            seed=self.seed,
            best_step=self.best.step,
            steps=self.step,
            validation_loss=self.best.loss,
            seconds=self.seconds,
            history=tuple(self.history),
        )
