"""The state of one training and the steps that move it, round by round."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Generic

import torch
from torch import Tensor
from tqdm.auto import tqdm

from motherlode.estimators.batches import Batch, EventBatch
from motherlode.estimators.record import Round, TrainingRecord
from motherlode.losses import Loss
from motherlode.losses.targets import E
from motherlode.training.data.loader import Loader, seeded_generator
from motherlode.training.data.split import Dataset, Part, prepare
from motherlode.training.early_stopping import EarlyStopping
from motherlode.training.errors import NonFiniteLoss, NonFiniteValidation
from motherlode.training.optimizer import Optimizer, Schedule
from motherlode.training.options import ROUNDS, TrainingOptions

__all__ = ["TrainingRun"]

_CHUNK, _PARTS, _LEAST = 8192, 8, 16
_VALIDATION = 3
_MEMORY = 0.05
"""Share of the steps that the averaged weights remember."""
_NAMED = 100
"""Most events that are named as the cause of a validation loss that is not finite."""


class TrainingRun(Generic[E]):
    """One training.

    Parameters
    ----------
    estimator
        What is trained, in place.
    loss
        What is to be minimized, with its α.
    dataset
        Events to fit and events held out.
    options
        Steps, batch size and the like.
    seed
        Decides the batches and pairs.
    device
        Where to compute; the estimator is there already.
    """

    def __init__(
        self, estimator: E, loss: Loss[E], dataset: Dataset, options: TrainingOptions, seed: int, device: torch.device
    ) -> None:
        self.estimator, self.loss, self.dataset, self.options, self.seed = estimator, loss, dataset, options, seed
        total = len(dataset.training)
        peak = options.learning_rate or estimator.learning_rate
        self.schedule = Schedule(float(peak), int(options.budget(total)), options.warm_up)
        self.round_length = max(1, -(-self.schedule.steps // ROUNDS))
        self.loader = Loader(dataset.training, options.batch(total), seed, self._prepare, device)
        weights = [weight for weight in estimator.parameters() if weight.requires_grad]
        self.optimizer = Optimizer(weights, options.weight_decay, options.clip, _MEMORY * self.schedule.steps)
        self.step, self.seconds = 0, 0.0
        self.early_stopping = EarlyStopping(estimator)
        self.history: list[Round] = []

    def go(self, progress: bool, after_round: Sequence[Callable[[Round], None]]) -> None:
        """Train to the end of the schedule, then restore the best weights.

        Parameters
        ----------
        progress
            Show a progress bar on standard error.
        after_round
            Called in order after each round.
        """
        batches = self.loader.batches(self.step)
        with tqdm(total=self.schedule.end, initial=self.step, disable=not progress, desc=self.loss.name) as bar:
            while self.step < self.schedule.end:
                begin, before = time.monotonic(), self.step
                self.round(batches)
                self.seconds += time.monotonic() - begin
                bar.total = self.schedule.end
                bar.update(self.step - before)
                bar.set_postfix_str(f"validation {self.history[-1].validation:.5g}")
                for call in after_round:
                    call(self.history[-1])
        self.estimator.load_state_dict(self.early_stopping.weights)

    def round(self, batches: Iterator[Batch]) -> None:
        """Take the steps to the next look at the validation set, and look."""
        last = min(self.step + self.round_length, self.schedule.end)
        rate = self.schedule.rate(self.step)
        values = [self._step(step, next(batches)) for step in range(self.step, last)]
        if missed := self.optimizer.missed():
            raise self._not_finite(last - missed, values[-missed])
        self.step = last
        with self.optimizer.averaged():
            parts = self.validate()
            if not bool(torch.isfinite(parts).all()):
                raise self._not_validated(last, parts)
            self.early_stopping.offer(parts, last, self.estimator)
        self.history.append(Round(last, float(torch.stack(values).double().mean()), float(parts.mean()), rate))
        if self.schedule.cut is None and last - self.early_stopping.step >= self.options.patience * self.schedule.steps:
            self.estimator.load_state_dict(self.early_stopping.weights)
            self.optimizer.forget()
            self.schedule.cool_down(last)

    def _step(self, step: int, batch: Batch) -> Tensor:
        value = self.loss(self.estimator, batch)
        self.optimizer.step(value, self.schedule.rate(step))
        return value.detach()

    def _prepare(self, events: EventBatch, generator: torch.Generator) -> Batch:
        return prepare(events, self.loss, self.estimator, generator)

    def validate(self) -> Tensor:
        """Return the loss on each part of the held-out events, with the same pairs every time."""
        generator = seeded_generator(self.seed, _VALIDATION)
        with self._evaluating():
            losses = [
                self.loss(self.estimator, self._prepare(part.events, generator)).detach() for part in self._held()
            ]
        return torch.stack(losses).double().cpu()

    def _held(self) -> list[Part]:
        held = self.dataset.validation
        size = min(len(held), max(_LEAST, min(_CHUNK, len(held) // _PARTS)))
        return [held[first : first + size] for first in range(0, len(held) - size + 1, size)]

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        self.estimator.eval()
        self.estimator.quiet(True)
        try:
            with torch.set_grad_enabled(self.loss.reads_score):
                yield
        finally:
            self.estimator.quiet(False)
            self.estimator.train()

    def _not_validated(self, step: int, losses: Tensor) -> NonFiniteValidation:
        broken = [part for part, value in zip(self._held(), losses, strict=True) if not torch.isfinite(value)]
        with self._evaluating():
            guilty = list(islice((event for part in broken for event in self._guilty(part)), _NAMED))
        return NonFiniteValidation(step, [int(event.index[0]) for event in guilty], _describe(guilty))

    def _guilty(self, part: Part) -> Iterator[Part]:
        """Yield the events, one by one, that the loss is not finite for."""
        events = part.events if len(part) > 1 else part[torch.tensor([0, 0])].events
        if bool(torch.isfinite(self.loss(self.estimator, self._prepare(events, torch.Generator().manual_seed(0))))):
            return
        if len(part) == 1:
            yield part
            return
        yield from self._guilty(part[: len(part) // 2])
        yield from self._guilty(part[len(part) // 2 :])

    def _not_finite(self, step: int, value: Tensor) -> NonFiniteLoss:
        drawn = self.loader.events(step)
        events = [drawn[place : place + 1] for place in range(len(drawn))]
        guilty = [event for event in events if not self._is_finite(event[torch.tensor([0, 0])])]
        what = "The gradient" if bool(torch.isfinite(value)) else "The loss"
        return NonFiniteLoss(what, step, [int(event.index[0]) for event in guilty], _describe(guilty))

    def _is_finite(self, twice: Part) -> bool:
        value = self.loss(self.estimator, self._prepare(twice.events, torch.Generator().manual_seed(0)))
        return self.optimizer.is_finite(value)

    def record(self) -> TrainingRecord:
        """Return what is to be remembered."""
        return TrainingRecord(
            loss=self.loss.name,
            alpha=self.loss.alpha,
            events=len(self.dataset.training),
            validation_events=len(self.dataset.validation),
            seed=self.seed,
            best_step=self.early_stopping.step,
            steps=self.step,
            validation_loss=self.early_stopping.loss,
            seconds=self.seconds,
            history=tuple(self.history),
        )


def _describe(guilty: list[Part]) -> str:
    if not guilty:
        return "the batch as a whole overflows"
    theta, x = (column[0].tolist() for column in (guilty[0].events.theta, guilty[0].events.x))
    return f"theta = {theta}, x = {str(x)[:200]}"
