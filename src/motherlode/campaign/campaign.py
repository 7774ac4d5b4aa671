"""Run a simulator over many proposed events into a store, on any executor, and pick up where it stopped."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from pickle import PicklingError
from typing import Any

import cloudpickle
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from motherlode.campaign.errors import CampaignError, WorkerDied
from motherlode.campaign.proposal import Proposal
from motherlode.events import Events, EventStore, Failure, Manifest, Simulator, StoreMismatch
from motherlode.events.shard import shard_rows
from motherlode.tracing import LeakError, SimulatorFailed

__all__ = ["Campaign"]

Array = NDArray[np.float64]

_SHARD = 10_000
_GIVE_UP = 1000


@dataclass(frozen=True)
class _Shard:
    """Hold one task: which events to mine, and where they go."""

    simulator: Simulator
    proposal: Proposal
    alternatives: int
    seed: int
    path: Path
    traces: bool
    first: int
    count: int


class Campaign:
    """Plan to mine `events` events.

    Parameters
    ----------
    simulator
        What to mine; with several workers it must pickle.
    proposal
        Law of θ and of the alternatives, or anything :meth:`Proposal.parse` reads. Default: the simulator's bounds.
    events
        How many in all.
    alternatives
        K for each event.
    seed
        Root of every random stream.
    path
        Directory of the event store.
    shard
        Events of one task and one file.
    traces
        Whether to keep the branchings.

    Raises
    ------
    CampaignError, ProposalError
        If the settings cannot be right; nothing has run then.

    Examples
    --------
    >>> import tempfile
    >>> import motherlode
    >>> simulator = motherlode.wrap(lambda theta, rng: rng.normal(theta[0]), "theta", -1, 1)
    >>> folder = tempfile.TemporaryDirectory()
    >>> campaign = Campaign(simulator, "theta=-1:1", events=1000, path=folder.name)
    >>> campaign.run(progress=False).audit().ok
    True
    >>> campaign.missing()
    []
    >>> folder.cleanup()
    """

    def __init__(
        self,
        simulator: Simulator,
        proposal: "Proposal | str | Path | Mapping[str, Any] | None" = None,
        *,
        events: int,
        alternatives: int = 1,
        seed: int = 0,
        path: str | Path,
        shard: int = _SHARD,
        traces: bool = False,
    ) -> None:
        if events < 1 or alternatives < 0 or shard < 1 or not 0 <= seed < 2**64:
            given = f"events={events}, alternatives={alternatives}, shard={shard}, seed={seed}"
            raise CampaignError(f"{given}: needed are events ≥ 1, alternatives ≥ 0, shard ≥ 1 and seed in [0, 2**64).")
        self.simulator = simulator
        self.proposal = Proposal.from_bounds(simulator.parameters) if proposal is None else Proposal.parse(proposal)
        self.proposal.check_fits(simulator.parameters)
        self.events, self.alternatives, self.seed = events, alternatives, seed
        self.store = EventStore(path)
        self.shard, self.traces = shard, traces

    def manifest(self) -> Manifest:
        """Return where the events come from."""
        return Manifest(
            simulator=self.simulator.name,
            version=self.simulator.version,
            parameters=self.simulator.parameters,
            alternatives=self.alternatives,
            seed=self.seed,
            proposal=self.proposal.to_json(),
            exchangeable=self.proposal.exchangeable,
        )

    def missing(self) -> list[tuple[int, int]]:
        """Return (first, count) of the shards that are not in the store yet."""
        gaps, position = [], 0
        done = sorted((first, count) for seed, first, count in self.store.spans() if seed == self.seed)
        for first, count in [*done, (self.events, 0)]:
            gaps += [(position, min(first, self.events) - position)] if first > position else []
            position = max(position, first + count)
        return [
            (begin, min(self.shard, first + count - begin))
            for first, count in gaps
            for begin in range(first, first + count, self.shard)
        ]

    def run(self, workers: int = 1, executor: Executor | None = None, progress: bool = True) -> EventStore:
        """Mine what is missing and return the store.

        Parameters
        ----------
        workers
            Processes on this machine; 1 mines in this one.
        executor
            Where to run instead: anything with ``submit``, such as a ``dask.distributed`` client's
            ``get_executor()``. Its workers must see the store's directory.
        progress
            Show a progress bar on standard error.

        Raises
        ------
        LeakError
            If x moves with θ other than through the draws; the store is condemned.
        SimulatorFailed
            If nothing but failures came of the first thousand events, or of all.
        CampaignError
            If workers < 1.
        WorkerDied
            If a process vanished; run again to resume.
        StoreMismatch
            If the store holds events of another origin.
        """
        if workers < 1:
            raise CampaignError(f"workers={workers}: at least one process has to mine. Use 1 for this one.")
        self.store.open(self.manifest())
        self.store.check_usable()
        tasks = [self._task(first, count) for first, count in self.missing()]
        done = self.events - sum(task.count for task in tasks)
        with tqdm(total=self.events, initial=done, unit=" events", disable=not progress) as bar:
            bar.set_description("mining")
            try:
                for task in self._finished(tasks, workers, executor):
                    bar.update(task.count)
                    done += task.count
                    self._refuse_failing(done)
            except LeakError as leak:
                self.store.condemn(str(leak))
                raise
            except BrokenProcessPool as error:
                raise WorkerDied(str(error).splitlines()[0].rstrip("."), done, self.events) from error
        return self.store

    def _refuse_failing(self, done: int) -> None:
        """Stop a campaign in which nothing works; its failures are on record."""
        if done >= min(_GIVE_UP, self.events) and not any(shard_rows(shard) for shard in self.store.shards()):
            failures = self.store.failures()
            raise SimulatorFailed(failures[0].reason, np.array(failures[0].theta), len(failures))

    def _task(self, first: int, count: int) -> _Shard:
        fixed = (self.simulator, self.proposal, self.alternatives, self.seed, self.store.path.absolute(), self.traces)
        return _Shard(*fixed, first, count)

    def _finished(self, tasks: list[_Shard], workers: int, executor: Executor | None) -> Iterator[_Shard]:
        if not tasks:
            return
        if executor is None and workers == 1:
            yield from (_mine_shard(task) for task in tasks)
        elif executor is not None:
            yield from _spread(tasks, executor)
        else:
            from loky import ProcessPoolExecutor

            with ProcessPoolExecutor(max_workers=workers) as pool:
                yield from _spread(tasks, pool)


def _spread(tasks: list[_Shard], executor: Executor) -> Iterator[_Shard]:
    futures = {executor.submit(_write_pickled, _pickled(task)): task for task in tasks}
    try:
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    finally:
        for future in futures:
            future.cancel()


def _pickled(task: _Shard) -> bytes:
    try:
        return cloudpickle.dumps(task)
    except (TypeError, AttributeError, PicklingError) as error:
        raise CampaignError(
            f"The simulator {task.simulator.name} cannot travel to another process: {error}. "
            "Files, locks and connections cannot be copied. "
            "Open them inside the function, or mine with workers=1."
        ) from error


def _write_pickled(task: bytes) -> Path:
    """Write a shard from a task pickled by value, whatever pickles the executor itself uses."""
    return _write_shard(cloudpickle.loads(task))


def _mine_shard(task: _Shard) -> _Shard:
    _write_shard(task)
    return task


def _write_shard(task: _Shard) -> Path:
    """Mine one shard and write it, unless another process has; runs on a worker and returns the file's path."""
    store = EventStore(task.path)
    shard = store.shard_path(task.seed, task.first, task.count)
    if shard.exists():
        return shard
    try:
        return store.append(_mined(task), span=(task.first, task.count))
    except StoreMismatch:
        if shard.exists():
            return shard
        raise


def _mined(task: _Shard) -> Events:
    theta, alternatives = task.proposal.draw(task.seed, task.first, task.count, task.alternatives)
    try:
        events = task.simulator.mine(theta, alternatives, seed=task.seed, first=task.first, traces=task.traces)
    except SimulatorFailed as failed:
        events = _only_failures(task, theta, alternatives, failed.reason)
    return replace(events, exchangeable=task.proposal.exchangeable)


def _only_failures(task: _Shard, theta: Array, alternatives: Array, reason: str) -> Events:
    """Return the failures of a shard whose every event failed: the last shard may be small, and others succeed."""
    failures = tuple(Failure(task.first + i, tuple(row.tolist()), task.seed, reason) for i, row in enumerate(theta))
    none = alternatives[:0]
    return Events(theta[:0], none, np.empty(0), none[:, :, 0], theta[:0], seed=task.seed, failures=failures)
