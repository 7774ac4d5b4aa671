r"""Train an estimator: one loop in plain torch, tensors in memory or streamed from the store, batches by index.

.. math:: w \leftarrow w - η_k\, \mathrm{AdamW}\big(\nabla_w\, \text{loss}(\hat q_w, \text{batch}_k)\big)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import Any

import pyro
import torch

from motherlode.campaign import recorded_law
from motherlode.core.types import LawLike
from motherlode.estimators.proposals import given_law, prior_score
from motherlode.events import Events
from motherlode.losses import Loss, alices
from motherlode.training.checkpoint import Checkpoint
from motherlode.training.checks import examine
from motherlode.training.data.inputs import Columns, of_events, open_store, origin_of
from motherlode.training.data.split import Dataset, as_batch, split
from motherlode.training.data.stream import streamed
from motherlode.training.data.survey import survey
from motherlode.training.defaults import complete, default_estimator
from motherlode.training.options import TrainingOptions
from motherlode.training.run import Run
from motherlode.training.tensorboard import writing

__all__ = ["train"]


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
    log: str | Path | None = None,
    proposal: LawLike | None = None,
) -> Any:
    """Return an estimator fitted to events.

    Parameters
    ----------
    events
        :class:`motherlode.Events` or an :class:`motherlode.EventStore`. Of a store only the columns that the loss reads
        are read; where they take more than ``options.memory`` they stay on disk and are read shard by shard.
    loss
        One of :mod:`motherlode.losses`.
    estimator
        What to train, in place; None builds the loss's own kind with default networks.
    seed
        Decides the validation split, the batches and, where ``estimator`` is None, the weights at the start: the same
        seed gives the same weights. An estimator that is passed keeps the weights it comes with.
    progress
        Show a progress bar on standard error.
    device
        Where to compute, for instance ``"cuda"``.
    options
        Steps, batch size, learning rate and the like.
    checkpoint
        File to keep the state in after each round; where it exists, training goes on from it. Removed at the end.
    log
        Folder to write losses and learning rate to after each round, for TensorBoard.
    proposal
        Law that θ was drawn from, in any form that :meth:`motherlode.Law.of` reads. Posteriors take their bounds from
        it; a loss of the posterior's score needs it unless θ is uniform in a box or the store recorded its law.

    Raises
    ------
    TrainingError
        One of its kinds, where events, loss and estimator do not fit, a step or the loss of the events held out is not
        finite, a checkpoint is of another training, or TensorBoard is missing.
    CondemnedStore
        If a leak was found while the events were mined.
    """
    options, device, seed = options or TrainingOptions(), torch.device(device), index(seed)
    with _seeded(seed), writing(log) as tell:
        estimator, dataset, origin = _meet(events, loss, estimator, options, seed, device, proposal)
        estimator.cpu().fit_scaling(dataset.reference)
        loss = loss.calibrated(estimator, dataset.reference)
        run = Run(estimator.to(device).train(), loss, dataset, options, seed, device)
        state = Checkpoint(checkpoint, run) if checkpoint is not None else None
        try:
            run.go(state, progress, tell)
        finally:
            run.descent.close()
        if state is not None:
            state.remove()
    estimator.record = replace(run.record(), origin=origin)
    return estimator.eval()


def _meet(
    events: Any,
    loss: Loss,
    estimator: Any,
    options: TrainingOptions,
    seed: int,
    device: torch.device,
    proposal: LawLike | None,
) -> tuple[Any, Dataset, dict[str, Any]]:
    """Return what is trained, on what, and where that comes from, if they fit one another."""
    stored = None if isinstance(events, Events) else open_store(events, loss)
    origin = origin_of(events)
    if stored is None:
        data, found = of_events(events, loss), None
    elif len(stored) * stored.bytes_per_event <= options.memory:
        data, found = Columns(**stored.load(), exchangeable=stored.exchangeable), None
    else:
        found = survey(stored, loss, options.validation, options.memory, seed)
        data = found.sample
    law = recorded_law(origin) if proposal is None else given_law(proposal, data.theta.shape[1])
    if estimator is None:
        estimator = default_estimator(loss, data if found is None else found.together(), law)
    examine(data, loss, estimator)
    score = None
    if "prior_score" in loss.columns:
        score = prior_score(data.theta, law)
    batch = complete(data, as_batch(data, loss), loss, estimator, score)
    if stored is None or found is None:
        return estimator, split(batch, options.validation, seed, device), origin
    return estimator, streamed(stored, found, batch, loss, score, options, device), origin


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch, and let no distribution check its values: a NaN is reported with its event, and checks cost time."""
    with torch.random.fork_rng(), pyro.validation_enabled(False):
        torch.manual_seed(seed)
        yield
