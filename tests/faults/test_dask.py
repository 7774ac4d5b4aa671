"""Campaigns on a real Dask scheduler: the same events as in one process, none lost when a node dies."""

import os
import signal
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import pytest

import motherlode
from motherlode.campaign.errors import WorkerDied

distributed = pytest.importorskip("distributed", reason="needs the extra: pip install 'motherlode[dask]'")

resource_tracker.ensure_running()  # lives as long as pytest does: it must not count as a child that a test left behind
COLUMNS = ("theta", "alternatives", "x", "joint_log_ratio", "joint_score")


@pytest.fixture
def cluster():
    """Two worker processes, watched by a nanny each, as a job queue would restart nodes."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        yield client


def campaign(path, function, events=600, shard=50):
    simulator = motherlode.wrap(function, "theta", -1.0, 1.0)
    return motherlode.Campaign(simulator, events=events, alternatives=1, seed=3, path=path, shard=shard)


def same_events(first, second):
    first, second = first.load(), second.load()
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))


def test_the_events_are_those_of_one_process(cluster, tmp_path):
    def normal(theta, rng):
        return rng.normal(theta[0], 1.0)

    serial = campaign(tmp_path / "serial", normal).run(progress=False)
    spread = campaign(tmp_path / "dask", normal).run(executor=cluster.get_executor(), progress=False)
    assert len(spread) == 600
    assert spread.audit().ok
    same_events(serial, spread)


def test_no_event_is_lost_when_a_node_dies(cluster, tmp_path):
    """The first worker to see a rare event kills itself with SIGKILL; Dask gives its shard to the other one."""
    flag = tmp_path / "died"

    def deadly(theta, rng):
        z = rng.normal(theta[0], 1.0)
        if z > 2.0 and not flag.exists():
            flag.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return z

    spread = campaign(tmp_path / "dask", deadly).run(executor=cluster.get_executor(), progress=False)
    assert int(flag.read_text()) != os.getpid()
    assert len(spread) == 600
    assert not spread.failures()
    same_events(campaign(tmp_path / "serial", deadly).run(progress=False), spread)


@pytest.mark.slow
def test_a_simulator_that_kills_every_node_is_named_and_its_neighbours_stay(cluster, tmp_path):
    def murderous(theta, rng):
        if theta[0] > 0.99:
            os.kill(os.getpid(), signal.SIGKILL)
        return rng.normal(theta[0], 1.0)

    running = campaign(tmp_path / "dask", murderous)
    with pytest.raises(WorkerDied, match=r"given events \d+ to \d+ died.*run the same command again"):
        running.run(executor=cluster.get_executor(retries=0), progress=False)
    assert 0 < len(running.store) < 600
    assert running.missing()


def test_the_command_line_mines_on_a_scheduler(cluster, tmp_path):
    from click.testing import CliRunner

    from motherlode.cli import main

    source = Path(tmp_path / "toy.py")
    source.write_text("def toy(theta, rng):\n    return rng.normal(theta[0], 1.0)\n")
    address = cluster.scheduler.address
    command = ["mine", f"{source}:toy", "--prior", "theta=-1:1", "--events", "400", "--shard", "100", "--dask", address]
    result = CliRunner().invoke(main, [*command, "--out", str(tmp_path / "store")], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "400 events, 0 failures" in result.output
