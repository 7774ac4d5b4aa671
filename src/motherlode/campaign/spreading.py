"""Spread the shards of a campaign over an executor, and say which shard went down with its workers."""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from pickle import PicklingError
from typing import Any

import cloudpickle

from motherlode.campaign.errors import CampaignError
from motherlode.campaign.shard import Shard, write_shard

__all__ = ["spread"]


def spread(shards: Sequence[Shard], executor: Executor) -> Iterator[Shard]:
    """Write shards on the executor's workers and yield each when it is done.

    Parameters
    ----------
    shards
        What to mine; they travel pickled by value, whatever pickles the executor itself uses.
    executor
        Of loky, of a Dask client, or any other with ``submit``.

    Raises
    ------
    BrokenExecutor
        If workers died and the shard was not, or could not be, given to others.
    CampaignError
        If the simulator cannot be pickled.
    """
    futures = {executor.submit(_write_pickled, _pickled(shard)): shard for shard in shards}
    try:
        for future in as_completed(futures):
            shard = futures[future]
            try:
                future.result()
            except _killed_workers() as error:
                raise BrokenExecutor(
                    f"every worker that was given events {shard.first} to {shard.first + shard.count - 1} died"
                ) from error
            yield shard
    finally:
        for future in futures:
            future.cancel()


def _killed_workers() -> tuple[type[BaseException], ...]:
    """Return Dask's exception for a task that took all its workers down, where Dask is in use at all."""
    scheduler: Any = sys.modules.get("distributed.scheduler")
    return () if scheduler is None else (scheduler.KilledWorker,)


def _pickled(shard: Shard) -> bytes:
    try:
        return cloudpickle.dumps(shard)
    except (TypeError, AttributeError, PicklingError) as error:
        raise CampaignError(
            f"The simulator {shard.simulator.name} cannot travel to another process: {error}. "
            "Files, locks and connections cannot be copied. "
            "Open them inside the function, or mine with workers=1."
        ) from error


def _write_pickled(shard: bytes) -> str:
    load: Callable[[bytes], Shard] = cloudpickle.loads
    return str(write_shard(load(shard)))
