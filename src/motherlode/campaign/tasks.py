"""Spread the shards of a campaign over an executor, and say which shard went down with its workers."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from itertools import islice
from pickle import PicklingError
from typing import Any

import cloudpickle

from motherlode.campaign.errors import CampaignError
from motherlode.campaign.shard import Plan, Shard, write_shard

__all__ = ["spread"]

_AHEAD = 4
_AT_LEAST = 16
_PATIENCE = 1.0


def spread(plan: Plan, shards: Sequence[Shard], executor: Executor) -> Iterator[Shard]:
    """Write shards on the executor's workers and yield each when it is done.

    Parameters
    ----------
    plan
        What to mine; it is pickled once, by value, whatever pickles the executor itself uses.
    shards
        Which events; four for each worker are handed out at a time, on Dask at least 16.
    executor
        Of loky, of a Dask client, or any other with ``submit``.

    Raises
    ------
    BrokenExecutor
        If workers died and the shard was not, or could not be, given to others.
    CampaignError
        If the simulator cannot be pickled.
    """
    pickled = _pickled(plan)
    waiting = iter(shards)
    running: dict[Future[str], Shard] = {}
    try:
        while True:
            for shard in islice(waiting, max(0, _width(executor) - len(running))):
                running[executor.submit(_write_pickled, pickled, shard.first, shard.count)] = shard
            if not running:
                return
            for future in wait(running, timeout=_PATIENCE, return_when=FIRST_COMPLETED).done:
                shard = running.pop(future)
                _check(future, shard)
                yield shard
    finally:
        for future in running:
            future.cancel()


def _check(future: "Future[str]", shard: Shard) -> None:
    try:
        future.result()
    except _killed_workers() as error:
        raise BrokenExecutor(
            f"every worker that was given events {shard.first} to {shard.first + shard.count - 1} died"
        ) from error


def _dask_client(executor: Executor) -> Any:
    """Return the client behind an executor of Dask's, None for others."""
    dask: Any = sys.modules.get("distributed.cfexecutor")
    return executor._client if dask is not None and isinstance(executor, dask.ClientExecutor) else None


def _width(executor: Executor) -> int:
    """Return how many shards to hand out at a time; a cluster may start without workers and grow meanwhile."""
    client = _dask_client(executor)
    if client is not None:
        return max(_AT_LEAST, _AHEAD * sum(client.nthreads().values()))
    return _AHEAD * int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def _killed_workers() -> tuple[type[BaseException], ...]:
    """Return Dask's exception for a task that took all its workers down, where Dask is in use at all."""
    scheduler: Any = sys.modules.get("distributed.scheduler")
    return () if scheduler is None else (scheduler.KilledWorker,)


def _pickled(plan: Plan) -> bytes:
    try:
        return cloudpickle.dumps(plan)
    except (TypeError, ValueError, AttributeError, RuntimeError, PicklingError) as error:
        raise CampaignError(
            f"The simulator {plan.simulator.name} cannot travel to another process: {error}. "
            "Files, locks, connections and pointers cannot be copied. "
            "Open them inside the function, or mine with workers=1."
        ) from error


def _write_pickled(plan: bytes, first: int, count: int) -> str:
    load: Callable[[bytes], Plan] = cloudpickle.loads
    return str(write_shard(load(plan), Shard(first, count)))
