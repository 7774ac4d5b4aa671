"""Campaigns: the same events however the work is cut, resumed after anything, refused where they cannot be right."""

import ctypes
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import motherlode
from motherlode import Law
from motherlode.campaign import Campaign, CampaignError, ProposalError
from motherlode.store import CondemnedStore, EventStore, StoreMismatch
from motherlode.tracing import LeakError, SimulatorFailed

PRIOR = "theta=-1:1"


def normal(theta, rng):
    return rng.normal(theta[0], 1.0)


def other_normal(theta, rng):
    return rng.normal(theta[0], 2.0)


def leaking(theta, rng):
    return theta[0] + rng.normal()


def late_leak(theta, rng):
    return rng.normal() + (theta[0] if abs(theta[0]) > 0.999 else 0.0)


def broken(theta, rng):
    raise RuntimeError("no data file")


def picky(theta, rng):
    if theta[0] > 0.5:
        raise ValueError("theta too large")
    return rng.normal(theta[0], 1.0)


def simulator(function=normal):
    return motherlode.wrap(function, "theta", -1.0, 1.0)


def campaign(path, function=normal, **options):
    given = {"events": 250, "alternatives": 2, "seed": 4, "shard": 100, "path": path}
    return Campaign(simulator(function), PRIOR, **given | options)


def positive(theta, rng):
    return rng.normal(theta[0]) if theta[0] >= 0.1 else rng.exponential()


@pytest.mark.parametrize("workers", [1, 2])
def test_probes_stay_inside_the_proposal_where_no_bounds_are_declared(tmp_path, workers):
    """Below 0.1 the simulator is another one, but nobody proposes such a θ."""
    mined = Campaign(motherlode.wrap(positive, "theta"), "theta=0.1:1", events=600, shard=300, path=tmp_path)
    assert mined.run(workers, progress=False).audit().probed == 600


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return campaign(tmp_path_factory.mktemp("whole") / "s").run(progress=False).load()


def test_what_comes_out(whole, tmp_path):
    assert len(whole) == 250
    assert whole.alternatives.shape == (250, 2, 1)
    assert whole.exchangeable is True
    assert whole.seed == 4
    np.testing.assert_array_equal(whole.event, np.arange(250))
    sim = simulator()
    assert sim.mine(whole.theta, whole.alternatives, seed=4).same_as(whole)


@pytest.mark.parametrize("shard", [1000, 250, 99, 7])
def test_shard_size_does_not_matter(whole, tmp_path, shard):
    assert campaign(tmp_path, shard=shard).run(progress=False).load().same_as(whole)


def test_workers_do_not_matter(whole, tmp_path):
    assert campaign(tmp_path).run(workers=2, progress=False).load().same_as(whole)


def test_any_executor_will_do(whole, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        assert campaign(tmp_path, shard=50).run(executor=pool, progress=False).load().same_as(whole)


class Watched(ThreadPoolExecutor):
    """Note how many tasks are handed out at a time, and with what."""

    def __init__(self):
        super().__init__(2)
        self.running, self.most, self.plans = 0, 0, set()

    def submit(self, fn, /, plan, *args):
        self.running += 1
        self.most = max(self.most, self.running)
        self.plans.add(id(plan))
        future = super().submit(fn, plan, *args)
        future.add_done_callback(self._count)
        return future

    def _count(self, future):
        self.running -= 1


def test_tasks_are_handed_out_a_few_at_a_time_and_the_simulator_is_pickled_once(whole, tmp_path):
    with Watched() as pool:
        assert campaign(tmp_path, shard=5).run(executor=pool, progress=False).load().same_as(whole)
    assert 2 <= pool.most <= 8
    assert len(pool.plans) == 1


class Elsewhere(ThreadPoolExecutor):
    """Say that shards are done, but write only some of them where the campaign looks, and late."""

    def __init__(self, written):
        super().__init__(1)
        self.written = written

    def submit(self, fn, /, plan, first, count):
        future = Future()
        future.set_result("somewhere")
        if first in self.written:
            super().submit(lambda: (time.sleep(0.1), fn(plan, first, count)))
        return future


@pytest.mark.parametrize(
    ("written", "lost"), [((), "200 of 200.*events 0 to 9"), ((0, 10), "180 of 200.*events 20 to")]
)
def test_shards_that_cannot_be_seen(tmp_path, monkeypatch, written, lost):
    monkeypatch.setattr("motherlode.campaign.campaign._PATIENCE", 1.0)
    with Elsewhere(written) as pool, pytest.raises(CampaignError, match=f"{lost}.*every worker see this directory"):
        campaign(tmp_path, events=200, shard=10).run(executor=pool, progress=False)


def test_a_worker_that_cannot_see_the_store_says_so(tmp_path):
    class Stranger(ThreadPoolExecutor):
        def submit(self, fn, /, *args):
            (tmp_path / "manifest.json").unlink(missing_ok=True)
            return super().submit(fn, *args)

    with Stranger(1) as pool, pytest.raises(CampaignError, match=r"manifest.json cannot be seen on .*same path"):
        campaign(tmp_path).run(executor=pool, progress=False)


def test_shards_that_are_seen_late(whole, tmp_path):
    with Elsewhere((0, 100, 200)) as pool:
        assert campaign(tmp_path).run(executor=pool, progress=False).load().same_as(whole)


@pytest.mark.parametrize("lost", [[0], [1], [2], [0, 2], [0, 1, 2]])
@pytest.mark.parametrize("shard", [100, 30, 1000])
def test_resume_fills_the_gaps(whole, tmp_path, lost, shard):
    store = campaign(tmp_path).run(progress=False)
    kept = [s.stat().st_mtime_ns for i, s in enumerate(store.shards()) if i not in lost]
    for i in sorted(lost, reverse=True):
        store.shards()[i].unlink()
    again = campaign(tmp_path, shard=shard)
    assert sum(count for _, count in again.missing()) == sum((100, 100, 50)[i] for i in lost)
    assert again.run(progress=False).load().same_as(whole)
    assert set(kept) <= {s.stat().st_mtime_ns for s in store.shards()}


def test_more_events_later(whole, tmp_path):
    campaign(tmp_path, events=120).run(progress=False)
    assert campaign(tmp_path).missing() == [(120, 100), (220, 30)]
    assert campaign(tmp_path).run(progress=False).load().same_as(whole)


def test_a_finished_campaign_does_nothing(tmp_path):
    campaign(tmp_path).run(progress=False)
    assert campaign(tmp_path).missing() == []
    assert campaign(tmp_path, events=100).missing() == []
    assert len(campaign(tmp_path).run(progress=False)) == 250


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"seed": 5}, "seed"),
        ({"alternatives": 1}, "alternatives"),
        ({"function": other_normal}, "simulator"),
        ({"traces": True}, "traces"),
    ],
)
def test_another_campaign_is_refused(tmp_path, options, what):
    campaign(tmp_path, events=10).run(progress=False)
    with pytest.raises(StoreMismatch, match=what):
        campaign(tmp_path, **options).run(progress=False)


def test_another_prior_is_refused(tmp_path):
    campaign(tmp_path, events=10).run(progress=False)
    with pytest.raises(StoreMismatch, match="proposal"):
        Campaign(simulator(), "theta=-1:0.9", events=10, alternatives=2, seed=4, path=tmp_path).run(progress=False)


def test_a_changed_source_is_another_simulator(tmp_path):
    for change, same in (("1.0", True), ("2.0", False)):
        file = tmp_path / f"v{change}" / "sim.py"
        file.parent.mkdir()
        file.write_text(f"def sim(theta, rng):\n    return rng.normal(theta[0], {change})\n")
        from motherlode.frontends.targets import load_module

        wrapped = motherlode.wrap(load_module(file).sim, "theta", -1.0, 1.0)
        run = Campaign(wrapped, PRIOR, events=10, path=tmp_path / "store")
        if same:
            run.run(progress=False)
            continue
        with pytest.raises(StoreMismatch, match="version"):
            run.run(progress=False)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_leak_condemns_the_store(tmp_path, workers):
    with pytest.raises(LeakError, match=r"test_campaign_run\.py:leaking"):
        campaign(tmp_path, leaking).run(workers=workers, progress=False)
    assert "test_campaign_run.py:leaking" in EventStore(tmp_path).condemned()
    with pytest.raises(CondemnedStore, match="new store"):
        campaign(tmp_path, leaking).run(progress=False)


def test_a_late_leak_keeps_the_shards_but_condemns_them(tmp_path):
    with pytest.raises(LeakError):
        campaign(tmp_path, late_leak, events=2000, seed=1).run(progress=False)
    store = EventStore(tmp_path)
    assert store.condemned()
    with pytest.raises(CondemnedStore):
        store.check_usable()


def test_failures_are_recorded_and_counted(tmp_path):
    store = campaign(tmp_path, picky).run(progress=False)
    loaded = store.load()
    assert len(loaded) + len(loaded.failures) == 250
    for failure in loaded.failures:
        assert failure.reason.startswith("ValueError: theta too large")
        assert (failure.theta[0] > 0.5) == ("on replay at theta=" not in failure.reason)
    assert any("truncated" in warning for warning in store.audit().warnings)
    again = campaign(tmp_path, picky)
    assert again.missing() == []


def test_failures_do_not_depend_on_the_cut(tmp_path):
    """Shards of one event: those that fail are stored, and the campaign goes on."""
    big = campaign(tmp_path / "a", picky, events=60).run(progress=False).load()
    small = campaign(tmp_path / "b", picky, events=60, shard=1).run(progress=False).load()
    assert small.same_as(big)
    assert small.failures == big.failures


def test_nothing_but_failures(tmp_path):
    with pytest.raises(SimulatorFailed, match="no data file") as raised:
        campaign(tmp_path, broken, events=5000).run(progress=False)
    assert raised.value.events == 1000
    assert len(EventStore(tmp_path).failures()) == 1000


def test_nothing_but_failures_is_no_success_the_second_time_either(tmp_path):
    for _ in range(2):
        with pytest.raises(SimulatorFailed, match="no data file"):
            campaign(tmp_path, broken).run(progress=False)
    assert not EventStore(tmp_path).audit().ok


@pytest.mark.parametrize(
    "options", [{"events": 0}, {"alternatives": -1}, {"shard": 0}, {"seed": -1}, {"seed": 2**64}], ids=str
)
def test_settings_that_cannot_be_right(tmp_path, options):
    with pytest.raises(CampaignError, match="needed are"):
        campaign(tmp_path, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["events", "alternatives", "shard", "seed"])
@pytest.mark.parametrize("value", [1e2, "7", None])
def test_numbers_that_are_not_whole(tmp_path, option, value):
    with pytest.raises(CampaignError, match=f"{option}={value!r} is no whole number"):
        campaign(tmp_path, **{option: value})
    assert not list(tmp_path.iterdir())


def test_whole_numbers_of_any_type(whole, tmp_path):
    numbers = {"events": np.int64(250), "alternatives": np.uint8(2), "seed": np.int64(4), "shard": np.int32(100)}
    assert campaign(tmp_path, **numbers).run(progress=False).load().same_as(whole)
    assert campaign(tmp_path).missing() == []


def test_no_workers(tmp_path):
    with pytest.raises(CampaignError, match="workers=0"):
        campaign(tmp_path).run(workers=0)


def test_the_prior_must_fit(tmp_path):
    with pytest.raises(ProposalError):
        Campaign(simulator(), "theta=-2:1", events=10, path=tmp_path)
    assert Campaign(simulator(), events=10, path=tmp_path).proposal.law == Law.of("theta=-1:1")


def test_no_alternatives(tmp_path):
    loaded = campaign(tmp_path, alternatives=0).run(progress=False).load()
    assert loaded.joint_log_ratio.shape == (250, 0)


def test_traces_are_kept_where_asked(tmp_path):
    loaded = campaign(tmp_path, traces=True).run(progress=False).load()
    totals = np.array([trace.log_prob() for trace in loaded.traces])
    np.testing.assert_allclose(totals[:, :1] - totals[:, 1:], loaded.joint_log_ratio, atol=1e-12)
    address = loaded.traces[0][0].address
    assert address == f"tests/unit/campaign/test_campaign_run.py:normal:{normal.__code__.co_firstlineno + 1}"


def test_the_manifest_tells_the_whole_origin(tmp_path):
    manifest = campaign(tmp_path, events=10).run(progress=False).manifest()
    assert (manifest.simulator, manifest.seed, manifest.alternatives) == ("normal", 4, 2)
    assert manifest.parameters.names == ("theta",)
    assert manifest.proposal == {"law": Law.of("theta=-1:1").to_json(), "near": None}
    assert manifest.exchangeable is True
    assert manifest.score_valid
    assert {"python", "numpy", "scipy", "pyarrow"} <= manifest.libraries.keys()
    assert replace(manifest, libraries={}).inputs_hash() == manifest.inputs_hash()


def test_progress_counts_what_was_there(tmp_path, capsys):
    campaign(tmp_path, events=120).run(progress=False)
    campaign(tmp_path).run()
    assert "250/250" in capsys.readouterr().err


def test_a_pointer_cannot_travel(tmp_path):
    pointer = ctypes.pointer(ctypes.c_double(1.0))

    def pointing(theta, rng):
        return rng.normal(theta[0], pointer.contents.value)

    with ThreadPoolExecutor(1) as pool, pytest.raises(CampaignError, match=r"pointing cannot travel.*workers=1"):
        campaign(tmp_path, pointing).run(executor=pool, progress=False)


def test_a_simulator_that_cannot_travel(tmp_path):
    lock = threading.Lock()

    def locked(theta, rng):
        with lock:
            return rng.normal(theta[0], 1.0)

    assert len(campaign(tmp_path / "a", locked).run(progress=False)) == 250
    with ThreadPoolExecutor(1) as pool, pytest.raises(CampaignError, match=r"locked cannot travel.*workers=1"):
        campaign(tmp_path / "b", locked).run(executor=pool, progress=False)
