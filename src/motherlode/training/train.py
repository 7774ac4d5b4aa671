r"""Train an estimator: one loop in plain torch, tensors in memory or streamed from the store, batches by index.

.. math:: w \leftarrow w - η_k\, \mathrm{AdamW}\big(\nabla_w\, \text{loss}(\hat q_w, \text{batch}_k)\big)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from operator import index
from pathlib import Path
from typing import TypedDict, Unpack, overload

import pyro
import torch

from motherlode.campaign import recorded_law
from motherlode.core.types import JSON, LawLike
from motherlode.estimators.base import Estimator
from motherlode.estimators.kinds.ratio import RatioEstimator
from motherlode.estimators.proposals import bounds_of, check_free, given_law, prior_score, told
from motherlode.estimators.protocols import DirectPosterior
from motherlode.events import Events
from motherlode.laws import Law
from motherlode.losses import Loss, alices
from motherlode.losses.targets import E
from motherlode.store import EventStore
from motherlode.training.checkpoint import Checkpoint
from motherlode.training.checks import check_training
from motherlode.training.data.derived import complete
from motherlode.training.data.inputs import Columns, of_events, open_store, origin_of
from motherlode.training.data.split import Dataset, as_batch, split_events
from motherlode.training.data.stream import streamed
from motherlode.training.data.survey import survey
from motherlode.training.options import TrainingOptions
from motherlode.training.run import TrainingRun
from motherlode.training.tensorboard import writing

__all__ = ["TrainingArguments", "train"]


class TrainingArguments(TypedDict, total=False):
    """Arguments of :func:`train` besides events, loss, estimator and seed; it says what they mean."""

    progress: bool
    device: str | torch.device
    options: TrainingOptions | None
    checkpoint: str | Path | None
    log: str | Path | None
    proposal: LawLike | None


@overload
def train(
    events: Events | EventStore,
    loss: Loss[RatioEstimator] = ...,
    estimator: RatioEstimator | None = None,
    *,
    seed: int = 0,
    **arguments: Unpack[TrainingArguments],
) -> RatioEstimator: ...


@overload
def train(
    events: Events | EventStore,
    loss: Loss[E],
    estimator: E | None = None,
    *,
    seed: int = 0,
    **arguments: Unpack[TrainingArguments],
) -> E: ...


def train(
    events: Events | EventStore,
    loss: Loss[E] = alices,
    estimator: E | None = None,
    *,
    seed: int = 0,
    progress: bool = True,
    device: str | torch.device = "cpu",
    options: TrainingOptions | None = None,
    checkpoint: str | Path | None = None,
    log: str | Path | None = None,
    proposal: LawLike | None = None,
) -> E:
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
        it; a loss of the posterior's score needs it unless θ is uniform in a box or the store recorded its law. The
        record tells it, so that :func:`motherlode.posterior` under another prior reweights by it.

    Raises
    ------
    TrainingError
        One of its kinds, where events, loss and estimator do not fit, a step or the loss of the events held out is not
        finite, a checkpoint is of another training, or TensorBoard is missing.
    CondemnedStore
        If a leak was found while the events were mined.

    Examples
    --------
    >>> import numpy as np
    >>> import motherlode
    >>> simulator = motherlode.wrap(lambda theta, rng: rng.normal(rng.normal(theta[0]), 1.0), "mean", -1.0, 1.0)
    >>> theta = np.linspace(-1.0, 1.0, 200)[:, None]
    >>> events = simulator.mine(theta, theta[::-1, None], seed=1)
    >>> options = motherlode.training.TrainingOptions(steps=20)
    >>> ratio = motherlode.train(events, motherlode.losses.alices, progress=False, options=options)
    >>> ratio.log_ratio(theta[:3], events.x[:3], theta[-3:]).shape
    (3,)
    """
    options, device, seed = options or TrainingOptions(), torch.device(device), index(seed)
    with _seeded(seed), writing(log) as tell:
        estimator, dataset, origin = _meet(events, loss, estimator, options, seed, device, proposal)
        estimator.cpu().fit_scaling(dataset.reference)
        loss = loss.calibrated(estimator, dataset.reference)
        estimator.to(device).train()
        run = TrainingRun(estimator, loss, dataset, options, seed, device)
        try:
            if checkpoint is None:
                run.go(progress, [tell])
            else:
                state = Checkpoint(checkpoint, run)
                state.restore()
                run.go(progress, [tell, lambda _: state.save()])
                state.remove()
        finally:
            run.optimizer.close()
    estimator.record = replace(run.record(), origin=origin)
    estimator.eval()
    return estimator


def _meet(
    events: Events | EventStore,
    loss: Loss[E],
    estimator: E | None,
    options: TrainingOptions,
    seed: int,
    device: torch.device,
    proposal: LawLike | None,
) -> tuple[E, Dataset, dict[str, JSON]]:
    """Return what is trained, on what, and where that comes from, if they fit one another."""
    found, stored = None, None
    if isinstance(events, Events):
        data = of_events(events, loss)
    elif len(stored := open_store(events, loss)) * stored.bytes_per_event <= options.memory:
        data = Columns(**stored.load(), exchangeable=stored.exchangeable)
    else:
        found = survey(stored, loss, options.validation, options.memory, seed)
        data = found.sample
    origin = origin_of(events)
    law = recorded_law(origin) if proposal is None else given_law(proposal, data.theta.shape[1])
    if law is not None and proposal is not None:
        origin["proposal"] = told(law)
    if estimator is None:
        seen = data if found is None else found.together()
        estimator = loss.target.build(seen, lambda: bounds_of(seen.theta, law))
    _check_fixed(law, estimator)
    check_training(data, loss, estimator)
    score = None
    if "prior_score" in loss.columns:
        score = prior_score(data.theta, law)
    batch = complete(data, as_batch(data, loss), loss, estimator, score)
    if stored is None or found is None:
        return estimator, split_events(batch, options.validation, seed, device), origin
    return estimator, streamed(stored, found, batch, loss, score, options, device), origin


def _check_fixed(law: Law | None, estimator: Estimator) -> None:
    """Refuse a posterior density of parameters that were all proposed at one value."""
    if law is not None and isinstance(estimator, DirectPosterior):
        check_free(law)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch, and let no distribution check its values: a NaN is reported with its event, and checks cost time."""
    with torch.random.fork_rng(), pyro.validation_enabled(False):
        torch.manual_seed(seed)
        yield
