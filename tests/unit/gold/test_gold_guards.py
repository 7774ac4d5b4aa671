"""Guards: interception broken on purpose is named by each of them, and right simulators pass."""

import threading
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import motherlode
from motherlode.core import Parameters
from motherlode.events import Events
from motherlode.families import FAMILIES
from motherlode.frontends.python import PythonSimulator
from motherlode.gold import audit
from motherlode.gold.guards import FreshReplay, NotRepeatable, NotTheProgram, check_closure, check_parity
from motherlode.gold.guards.fresh_process import FreshProcess, NotSent
from motherlode.store import StoreMismatch

THETA = np.full((60, 1), 0.4)


def chain(theta, rng):
    z = rng.normal(theta[0], 0.5)
    return [z + rng.poisson(3 * theta[0]), rng.normal(z)]


def survivors(theta, rng):
    return [sum(rng.random() < theta[0] for _ in range(8)), rng.exponential()]


def remembered(theta, rng, memo={}):  # noqa: B006 - this is what is tested
    z = rng.normal()
    return memo.setdefault(z, theta[0] + z)


def remembered_rate(theta, rng, memo={}):  # noqa: B006 - this is what is tested
    z = rng.normal()
    return rng.normal(memo.setdefault(z, theta[0]))


def counted(theta, rng, runs=[0]):  # noqa: B006 - this is what is tested
    z = rng.normal(theta[0])
    return memo_of_many(z, runs)


def memo_of_many(z, runs):
    """Return z, and one more once forty draws were seen: mining sees them late, a bare run after it at once."""
    runs.append(z)
    return z + (len({*runs[1:]}) > 40)


def unordered(theta, rng):
    drawn = {name: rng.normal(theta[0]) for name in {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}}
    return [drawn["alpha"], drawn["delta"]]


def wrapped(function, kind=PythonSimulator):
    return kind(function, Parameters(("p",), (0.1,), (0.9,)))


def fresh(simulator, count=60):
    started = FreshReplay(simulator, THETA[:count], np.full((count, 1, 1), 0.5), seed=3, events=6)
    try:
        return started.check(simulator.mine(THETA[:count], [[0.5]], seed=3))
    finally:
        started.close()


class Patched(PythonSimulator):
    """Its interception changes what a draw returns, in the last digits."""

    def program(self, theta):
        return np.multiply(super().program(theta), 1 + 1e-15)

    def _watched(self, theta, watch):
        return np.multiply(super()._watched(theta, watch), 1 + 1e-15)


class Altered(PythonSimulator):
    """Its gold is altered on its way out."""

    def mine(self, *arguments, **options):
        return self.alter(super().mine(*arguments, **options))


class FlippedScore(Altered):
    def alter(self, events):
        return replace(events, joint_score=-events.joint_score)


class ForgottenDraw(Altered):
    """The draws of one place are missing from the ratio, as behind a mask that was edited."""

    def mine(self, *arguments, **options):
        events = super(Altered, self).mine(*arguments, **options | {"traces": True})
        gone = events.traces.site == 1
        event = np.repeat(np.arange(len(events)), np.diff(events.traces.offsets))[gone]
        missing = events.traces.log_prob[gone, :1] - events.traces.log_prob[gone, 1:]
        ratio = events.joint_log_ratio.copy()
        np.subtract.at(ratio, event, missing)
        return replace(events, joint_log_ratio=ratio, joint_score=np.full_like(events.joint_score, np.nan))


class WrongFamily:
    """Draws are Exponential, and their gold is that of a Normal."""

    name, version, parameters = "wrong", "1", Parameters(("p",), (0.1,), (0.9,))

    def mine(self, theta, alternatives=None, *, seed=0, first=0, traces=False):
        events = wrapped(lambda t, rng: rng.exponential(t[0])).mine(theta, alternatives, seed=seed, first=first)
        score = FAMILIES["Normal"].log_prob
        at, others = events.theta, events.alternatives[:, :, 0]
        ratio = score(events.x[:, None], at, 1.0) - score(events.x[:, None], others, 1.0)
        return Events(at, events.alternatives, events.x, ratio, events.x[:, None] - at, events.event, seed)


def test_parity_passes_and_says_its_power():
    simulator = wrapped(chain)
    found = check_parity(simulator, simulator.mine(THETA, seed=3), np.arange(60))
    assert found.verdict == "passed"
    assert "60 events" in found.words
    assert "0.049 of the events" in found.words


def test_parity_names_the_event_of_a_patched_stand_in():
    with pytest.raises(NotTheProgram, match=r"event 7 .*bare program") as raised:
        wrapped(chain, Patched).mine(THETA, seed=3, first=7)
    assert raised.value.event == 7
    assert not wrapped(chain, Patched).check(THETA).ok


def test_parity_is_not_possible_where_nothing_bare_runs():
    simulator = wrapped(chain)
    assert check_parity(WrongFamily(), simulator.mine(THETA), np.arange(60)).verdict == "not possible here"


def test_parity_skips_events_that_failed():
    def picky(theta, rng):
        z = rng.normal(theta[0])
        if z < 0:
            raise ValueError("negative")
        return z

    simulator = wrapped(picky)
    events = simulator.mine(THETA, seed=3)
    assert events.failures
    assert check_parity(simulator, events, np.arange(len(events))).verdict == "passed"


@pytest.mark.parametrize("function", [chain, survivors])
def test_fresh_replay_passes(function):
    found = fresh(wrapped(function))
    assert found.verdict == "passed", found
    assert "of the events shows with 95 %" in found.words


@pytest.mark.parametrize(
    ("function", "what"), [(remembered, "replay"), (remembered_rate, "and 0 where theta came first")]
)
def test_fresh_replay_finds_what_is_kept_between_runs(function, what):
    with pytest.raises(NotRepeatable, match=what):
        fresh(wrapped(function))


@pytest.mark.slow
def test_fresh_replay_finds_rows_that_depend_on_the_runs_before_them():
    simulator = wrapped(chain)
    events = simulator.mine(THETA, [[0.5]], seed=3)
    started = FreshReplay(simulator, THETA, np.full((60, 1, 1), 0.5), seed=3, events=6)
    with pytest.raises(NotRepeatable, match="x is"):
        started.check(replace(events, x=events.x + 1e-12))


def test_parity_finds_rows_that_depend_on_the_runs_before_them():
    with pytest.raises(NotTheProgram, match="keeps nothing between runs"):
        wrapped(counted).mine(THETA)


@pytest.mark.slow
def test_a_large_call_refuses_a_memo():
    with pytest.raises(NotRepeatable, match="keeps something between runs"):
        wrapped(remembered).mine(np.full((1000, 1), 0.4), [[0.5]])
    assert not wrapped(remembered).check(THETA).ok


def test_rows_that_depend_on_the_hash_seed_are_told_as_such():
    found = fresh(wrapped(unordered))
    assert found.verdict == "warning"
    assert "hash seed" in found.words


@pytest.mark.slow
def test_check_tells_that_rows_depend_on_the_hash_seed():
    report = wrapped(unordered).check(THETA)
    assert report.ok
    assert any("Sort the set" in finding for finding in report.findings)


def test_what_cannot_be_sent_is_not_run():
    lock = threading.Lock()

    def locked(theta, rng):
        with lock:
            return rng.normal(theta[0])

    found = fresh(wrapped(locked))
    assert found.verdict == "not run"
    assert "cannot be sent to another process" in found.words


def test_a_fresh_process_that_dies_or_raises_is_told():
    with pytest.raises(NotSent, match="ZeroDivisionError"):
        FreshProcess(lambda in_fork: 1 / 0, hash_seed=1).result()
    with pytest.raises(NotSent, match="without an answer"):
        FreshProcess(lambda in_fork: in_fork(partial(__import__("os")._exit, 3)), hash_seed=1).result()


@pytest.mark.parametrize("function", [chain, survivors])
def test_closure_passes_and_says_its_power(function):
    found = check_closure(wrapped(function), THETA, seconds=20)
    assert found.verdict == "passed", found
    assert "standard deviations" in found.words


@pytest.mark.parametrize(
    ("simulator", "what"),
    [
        (wrapped(chain, FlippedScore), "joint score"),
        (wrapped(survivors, ForgottenDraw), None),
        (wrapped(chain, ForgottenDraw), "joint ratio"),
        (WrongFamily(), "joint"),
    ],
    ids=["sign of the score", "draw without theta", "masked draw", "wrong family"],
)
def test_closure_sees_wrong_gold(simulator, what):
    found = check_closure(simulator, THETA, seconds=20)
    assert found.verdict == ("passed" if what is None else "warning"), found
    assert what is None or what in found.words


@pytest.mark.slow
def test_check_refuses_gold_that_does_not_close():
    report = wrapped(chain, FlippedScore).check(THETA)
    assert not report.ok
    assert any("joint score" in finding for finding in report.findings)
    assert "closure: warning" in str(report)


def test_audit_of_a_store_with_its_simulator(tmp_path):
    simulator = motherlode.wrap(chain, "p", 0.1, 0.9)
    store = motherlode.Campaign(simulator, "p=0.2:0.8", events=300, shard=100, path=tmp_path / "s").run(progress=False)
    found = audit(store, simulator)
    assert found.ok
    assert {outcome.guard: outcome.verdict for outcome in found.guards} == {
        "fresh replay": "passed",
        "parity": "passed",
        "closure": "passed",
    }
    assert "parity: passed" in str(found)
    with pytest.raises(StoreMismatch):
        audit(store, motherlode.wrap(survivors, "p", 0.1, 0.9))


@pytest.mark.slow
def test_audit_condemns_events_of_another_program(tmp_path):
    simulator = motherlode.wrap(chain, "p", 0.1, 0.9)
    store = motherlode.Campaign(simulator, "p=0.2:0.8", events=100, path=tmp_path / "whole").run(progress=False)
    other = motherlode.EventStore(tmp_path / "s")
    other.open(store.manifest())
    events = store.load()
    other.append(replace(events, x=events.x + np.where(np.arange(100) == 40, 1e-12, 0)[:, None]))
    found = audit(other, simulator)
    assert not found.ok
    assert "event 40" in other.condemned()
