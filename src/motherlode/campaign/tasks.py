"""Mine a campaign as a job of many tasks, one shard of events each, here or on the workers of an executor."""

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from pickle import PicklingError

import cloudpickle

from motherlode.campaign.errors import CampaignError
from motherlode.campaign.proposal import Proposal
from motherlode.core.parameters import supported_on
from motherlode.core.types import Foreign
from motherlode.events import Events, Failure, Simulator
from motherlode.store import EventStore, StoreMismatch
from motherlode.tracing import SimulatorFailed

__all__ = ["Job", "Task", "run_task", "spread"]

_AHEAD = 4
_AT_LEAST = 16
_PATIENCE = 1.0


@dataclass(frozen=True)
class Job:
    """What all tasks of a campaign have in common.

    Attributes
    ----------
    simulator, proposal, alternatives, seed, traces
        The campaign's.
    path
        Directory of the store.
    origin
        SHA-256 of the inputs in the store's manifest.
    """

    simulator: Simulator
    proposal: Proposal
    alternatives: int
    seed: int
    path: Path
    traces: bool
    origin: str


@dataclass(frozen=True)
class Task:
    """Which events to mine: first to first + count - 1."""

    first: int
    count: int


def run_task(job: Job, task: Task) -> Path:
    """Mine the events of a task into a shard, unless another process has; return the path of its file.

    Raises
    ------
    CampaignError
        If the store that the campaign started cannot be seen from here.
    """
    store = EventStore(job.path)
    file = store.shard_path(job.seed, task.first, task.count)
    if file.exists():
        return file
    if not store.manifest_path.exists():
        raise CampaignError(
            f"{store.manifest_path} cannot be seen on {platform.node()}, though the campaign wrote it. "
            "Shards written here would be lost. "
            "Let every worker see the directory of the store under the same path, or mine on one machine."
        )
    try:
        return store.append(_mined(job, task), span=(task.first, task.count), origin=job.origin)
    except StoreMismatch:
        if file.exists():
            return file
        raise


def _mined(job: Job, task: Task) -> Events:
    theta, alternatives = job.proposal.draw(job.seed, task.first, task.count, job.alternatives)
    support = job.proposal.law.support
    try:
        with supported_on(support.low, support.high):
            events = job.simulator.mine(theta, alternatives, seed=job.seed, first=task.first, traces=job.traces)
    except SimulatorFailed as failed:
        points = enumerate(theta.tolist(), task.first)
        failures = [Failure(event, tuple(point), job.seed, failed.reason) for event, point in points]
        events = Events.failed(failures, job.alternatives)
    return replace(events, exchangeable=True)


def spread(job: Job, tasks: Sequence[Task], executor: Executor) -> Iterator[Task]:
    """Run tasks on the executor's workers and yield each when it is done.

    Parameters
    ----------
    job
        What to mine; it is pickled once, by value, whatever pickles the executor itself uses.
    tasks
        Which events; four for each worker are handed out at a time, on Dask at least 16.
    executor
        Of loky, of a Dask client, or any other with ``submit``.

    Raises
    ------
    BrokenExecutor
        If workers died and the task was not, or could not be, given to others.
    CampaignError
        If the simulator cannot be pickled.
    """
    pickled = _pickled(job)
    waiting = iter(tasks)
    running: dict[Future[str], Task] = {}
    try:
        while True:
            for task in islice(waiting, max(0, _width(executor) - len(running))):
                running[executor.submit(_run_pickled, pickled, task.first, task.count)] = task
            if not running:
                return
            for future in wait(running, timeout=_PATIENCE, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                _check(future, task)
                yield task
    finally:
        for future in running:
            future.cancel()


def _check(future: "Future[str]", task: Task) -> None:
    try:
        future.result()
    except _killed_workers() as error:
        raise BrokenExecutor(
            f"every worker that was given events {task.first} to {task.first + task.count - 1} died"
        ) from error


def _dask_client(executor: Executor) -> Foreign | None:
    """Return the client behind an executor of Dask's, None for others."""
    dask: Foreign = sys.modules.get("distributed.cfexecutor")
    return executor._client if dask is not None and isinstance(executor, dask.ClientExecutor) else None


def _width(executor: Executor) -> int:
    """Return how many tasks to hand out at a time; a cluster may start without workers and grow meanwhile."""
    client = _dask_client(executor)
    if client is not None:
        return max(_AT_LEAST, _AHEAD * sum(client.nthreads().values()))
    return _AHEAD * int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def _killed_workers() -> tuple[type[BaseException], ...]:
    """Return Dask's exception for a task that took all its workers down, where Dask is in use at all."""
    scheduler: Foreign = sys.modules.get("distributed.scheduler")
    return () if scheduler is None else (scheduler.KilledWorker,)


def _pickled(job: Job) -> bytes:
    try:
        return cloudpickle.dumps(job)
    except (TypeError, ValueError, AttributeError, RuntimeError, PicklingError) as error:
        raise CampaignError(
            f"The simulator {job.simulator.name} cannot travel to another process: {error}. "
            "Files, locks, connections and pointers cannot be copied. "
            "Open them inside the function, or mine with workers=1."
        ) from error


def _run_pickled(job: bytes, first: int, count: int) -> str:
    load: Callable[[bytes], Job] = cloudpickle.loads
    return str(run_task(load(job), Task(first, count)))
