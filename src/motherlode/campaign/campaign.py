"""Run a simulator over many proposed events into a store, on any executor, and pick up where it stopped."""

import operator
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from motherlode.campaign.errors import CampaignError, WorkerDied
from motherlode.campaign.proposal import Proposal
from motherlode.campaign.tasks import Job, Task, run_task, spread
from motherlode.core.types import LawLike
from motherlode.events import Simulator
from motherlode.store import EventStore, Manifest
from motherlode.store.shard import shard_rows
from motherlode.tracing import LeakError, SimulatorFailed

__all__ = ["Campaign"]

_SHARD = 10_000
_GIVE_UP = 1000
_PATIENCE = 5.0


def _whole(name: str, number: int) -> int:
    """Return a whole number of any type as Python's own, which manifests and streams need."""
    try:
        return operator.index(number)
    except TypeError as error:
        raise CampaignError(
            f"{name}={number!r} is no whole number. Events, their streams and their shards are counted by it. "
            "Give an integer, of Python or NumPy."
        ) from error


class Campaign:
    """Mine `events` events into a store.

    Parameters
    ----------
    simulator
        What to mine; with several workers it must pickle.
    proposal
        Law of θ and of the alternatives, or anything :meth:`Proposal.of` reads; a law without names of its own has the
        simulator's. Default: uniform within the simulator's bounds.
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
    CampaignError, ProposalError, LawError
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
        proposal: LawLike | None = None,
        *,
        events: int,
        alternatives: int = 1,
        seed: int = 0,
        path: str | Path,
        shard: int = _SHARD,
        traces: bool = False,
    ) -> None:
        events, alternatives = _whole("events", events), _whole("alternatives", alternatives)
        seed, shard = _whole("seed", seed), _whole("shard", shard)
        if events < 1 or alternatives < 0 or shard < 1 or not 0 <= seed < 2**64:
            given = f"events={events}, alternatives={alternatives}, shard={shard}, seed={seed}"
            raise CampaignError(f"{given}: needed are events ≥ 1, alternatives ≥ 0, shard ≥ 1 and seed in [0, 2**64).")
        self.simulator = simulator
        self.proposal = Proposal.of(simulator.parameters if proposal is None else proposal, simulator.parameters.names)
        self.proposal.check_fits(simulator.parameters)
        self.events, self.alternatives, self.seed = events, alternatives, seed
        self.store = EventStore(path)
        self.shard, self.traces = shard, bool(traces)

    def manifest(self) -> Manifest:
        """Return where the events come from."""
        return Manifest(
            simulator=self.simulator.name,
            version=self.simulator.version,
            parameters=self.simulator.parameters,
            alternatives=self.alternatives,
            seed=self.seed,
            proposal=self.proposal.to_json(),
            exchangeable=True,
            traces=self.traces,
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
            If workers < 1, or if shards that workers wrote cannot be seen here.
        WorkerDied
            If a process vanished; run again to resume.
        StoreMismatch
            If the store holds events of another origin.
        """
        if workers < 1:
            raise CampaignError(f"workers={workers}: at least one process has to mine. Use 1 for this one.")
        self.store.open(self.manifest())
        self.store.check_usable()
        tasks = [Task(first, count) for first, count in self.missing()]
        done = self._seen()
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
            except BrokenExecutor as error:
                raise WorkerDied(str(error).splitlines()[0].rstrip("."), done, self.events) from error
        self._refuse_unseen(self.events)
        self._refuse_failing(self.events)
        return self.store

    def _refuse_unseen(self, mined: int) -> None:
        """Refuse a campaign whose workers wrote elsewhere; a file system of many machines may show files late."""
        deadline = time.monotonic() + _PATIENCE
        while (unseen := mined - self._seen()) > 0 and time.monotonic() < deadline:
            time.sleep(_PATIENCE / 20)
        if unseen > 0:
            first, count = self.missing()[0]
            raise CampaignError(
                f"{unseen} of {mined} events were mined into shards that cannot be seen here (shared file system?): "
                f"{self.store.path.absolute()} lacks events {first} to {first + count - 1}. "
                "They would be lost without a word. Let every worker see this directory under this path, "
                "then run again: what can be seen is not mined twice."
            )

    def _seen(self) -> int:
        return self.events - sum(count for _, count in self.missing())

    def _refuse_failing(self, done: int) -> None:
        """Stop a campaign in which nothing works; its failures are on record."""
        if done >= min(_GIVE_UP, self.events) and not any(shard_rows(shard) for shard in self.store.shards()):
            failures = self.store.failures()
            if not failures:
                self._refuse_unseen(done)
                return
            raise SimulatorFailed(failures[0].reason, np.array(failures[0].theta), len(failures))

    def _job(self) -> Job:
        path, origin = self.store.path.absolute(), self.manifest().inputs_hash()
        return Job(self.simulator, self.proposal, self.alternatives, self.seed, path, self.traces, origin)

    def _finished(self, tasks: list[Task], workers: int, executor: Executor | None) -> Iterator[Task]:
        if not tasks:
            return
        if executor is None and workers == 1:
            for task in tasks:
                run_task(self._job(), task)
                yield task
        elif executor is not None:
            yield from spread(self._job(), tasks, executor)
        else:
            from loky import ProcessPoolExecutor

            with ProcessPoolExecutor(max_workers=workers) as pool:
                yield from spread(self._job(), tasks, pool)
