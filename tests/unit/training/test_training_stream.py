"""A store larger than its share of memory is streamed: same events, same batches where they fit, bounded memory."""

import itertools
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch.nn.functional import binary_cross_entropy_with_logits

from motherlode import losses
from motherlode.store import EventStore, StoredColumns
from motherlode.training import TrainingOptions, train
from motherlode.training.data.inputs import Columns, columns_of
from motherlode.training.data.loader import Loader
from motherlode.training.data.split import as_batch, pair_up, split_events
from motherlode.training.data.stream import streamed
from motherlode.training.data.survey import survey
from motherlode.training.errors import NonFiniteEvents, ScoreUnavailable

CPU = torch.device("cpu")
SHARD = 500


def store_of(folder, events, size=SHARD):
    store = EventStore(folder)
    for first in range(0, len(events), size):
        store.append(events[first : first + size])
    return store


@pytest.fixture(scope="module")
def many():
    return gaussian_events(20_000)


@pytest.fixture(scope="module")
def store(many, tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("stream") / "store", many)


def stream_of(store, memory, loss=losses.alices, seed=0):
    stored = StoredColumns(store, columns_of(loss))
    found = survey(stored, loss, 0.1, memory, seed)
    options = TrainingOptions(memory=memory)
    return found, streamed(stored, found, as_batch(found.sample, loss), loss, None, options, CPU)


def test_where_everything_fits_batches_are_those_of_memory(store, many):
    found, dataset = stream_of(store, 1e9)
    inside = split_events(as_batch(many, losses.alices), 0.1, 0, CPU)
    assert torch.equal(torch.as_tensor(found.sample.x), inside.reference.x)
    assert torch.equal(dataset.validation.index, inside.validation.index)
    assert torch.equal(dataset.validation.events.x, inside.validation.events.x)
    feeds = [Loader(each.training, 128, 0, lambda batch, _: batch, CPU) for each in (dataset, inside)]
    for one, other in itertools.islice(zip(*(loader.batches(0) for loader in feeds), strict=True), 300):
        assert all(torch.equal(getattr(one, name), getattr(other, name)) for name in columns_of(losses.alices))


def test_a_pass_through_small_buffers_meets_every_event_once_and_none_held_out(store, many):
    _, dataset = stream_of(store, 2e5)
    groups = dataset.training.groups(torch.Generator().manual_seed(0))
    assert len(groups) == 8
    parts = [dataset.training.read(group) for group in groups]
    index = torch.cat([part.index for part in parts])
    assert sorted(index.tolist()) == sorted(set(range(20_000)) - set(dataset.validation.index.tolist()))
    assert torch.equal(torch.cat([part.events.x for part in parts]), torch.as_tensor(many.x)[index])
    assert len(dataset.training) == len(index)


@pytest.mark.parametrize(
    ("count", "size", "groups"), [(600, 60, {3}), (1100, 100, {4, 5}), (1500, 500, {1}), (90, 9, {1})]
)
def test_a_buffer_holds_a_batch_and_two_shards_however_small_the_memory(tmp_path, count, size, groups):
    """Ten shards of 60 events and no memory: groups of one shard held no batch of 128, and training never began."""
    store = store_of(tmp_path / "store", gaussian_events(count), size)
    options = TrainingOptions(steps=5, memory=1.0)
    _, dataset = stream_of(store, options.memory)
    batch = options.batch(len(dataset.training))
    for seed in range(20):
        found = dataset.training.groups(torch.Generator().manual_seed(seed))
        assert len(found) in groups
        assert all(len(group) >= 2 and dataset.training.rows(group) >= batch for group in found)
        assert sorted(itertools.chain(*found)) == list(range(len(dataset.training.stored.rows)))
    assert train(store, progress=False, options=options).record.steps == 5


def test_batches_of_a_stream_depend_on_their_number_alone_too(store):
    _, dataset = stream_of(store, 2e5)
    loader = Loader(dataset.training, 64, 3, lambda batch, _: batch, CPU)
    whole = list(itertools.islice(loader.batches(0), 600))
    for first in (1, 17, 100, 281, 599):
        assert torch.equal(next(loader.batches(first)).x, whole[first].x)
        assert torch.equal(loader.events(first).events.x, whole[first].x)


def test_the_sample_has_the_extremes_of_all_events(tmp_path):
    """Ranges, and a column that is whole but for one event in ten thousand, decide how x is read."""
    events = gaussian_events(10_000)
    x = np.round(events.x)
    x[7777] = 0.5
    events = replace(events, x=x)
    found, _ = stream_of(store_of(tmp_path / "store", events), 1e5)
    assert len(found.sample) < 2000
    kept = np.delete(np.arange(10_000), found.held)
    for name in ("theta", "alternatives", "x"):
        values = getattr(events, name)[kept]
        assert np.array_equal(getattr(found.sample, name).min(axis=0), values.min(axis=0))
        assert np.array_equal(getattr(found.sample, name).max(axis=0), values.max(axis=0))
    assert 7777 in found.held or 0.5 in found.sample.x


def test_streaming_learns_what_memory_learns(store):
    """The loss of each of 20,000 fresh events under both: the mean difference is 0 within 4 standard errors."""
    fresh = split_events(as_batch(gaussian_events(20_000, seed=9), losses.alice), 0.5, 0, CPU).reference
    pairs = pair_up(fresh, False, torch.Generator().manual_seed(0))
    label = torch.sigmoid(-pairs.joint_log_ratio)
    fits = [
        train(store, losses.alice, progress=False, options=TrainingOptions(steps=500, memory=memory))
        for memory in (2e5, 1e9)
    ]
    assert [fit.record.events for fit in fits] == [19_000, 18_000]
    with torch.no_grad():
        log_ratios = [fit.log_ratio(pairs.theta0, pairs.x, pairs.theta1) for fit in fits]
    one, other = (binary_cross_entropy_with_logits(-value, label, reduction="none") for value in log_ratios)
    untrained = binary_cross_entropy_with_logits(torch.zeros_like(label), label, reduction="none")
    assert abs(z(one - other)) < 4
    assert z(untrained - one) > 10


def z(values):
    return float(values.mean() / values.std() * len(values) ** 0.5)


def test_streaming_is_reproducible(store):
    options = TrainingOptions(steps=60, memory=2e5)
    one, other = (train(store, losses.alices, progress=False, options=options).parameters() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("loss", [losses.npe, losses.scandal_whitened, losses.score_matched_posterior, losses.nle])
def test_every_kind_of_loss_streams(store, loss):
    estimator = train(store, loss, progress=False, options=TrainingOptions(steps=20, memory=2e5))
    assert np.isfinite(estimator.record.validation_loss)


def test_a_checkpoint_of_a_stream_goes_on(store, tmp_path, monkeypatch):
    from motherlode.training.run import TrainingRun

    options = TrainingOptions(steps=200, memory=2e5)
    whole = train(store, losses.alice, progress=False, options=options)
    original = TrainingRun.round

    def interrupted(self, batches):
        if self.step > 90:
            raise KeyboardInterrupt
        original(self, batches)

    monkeypatch.setattr(TrainingRun, "round", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(store, losses.alice, progress=False, options=options, checkpoint=tmp_path / "state")
    monkeypatch.setattr(TrainingRun, "round", original)
    resumed = train(store, losses.alice, progress=False, options=options, checkpoint=tmp_path / "state")
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), resumed.parameters(), strict=True))


def test_events_that_cannot_be_trained_on_are_named_over_all_shards(tmp_path):
    events = gaussian_events(5000)
    x, score = events.x.copy(), events.joint_score.copy()
    x[[3, 4400]], score[[700, 701]] = np.nan, np.nan
    options = TrainingOptions(steps=5, memory=1e4)
    with pytest.raises(NonFiniteEvents, match="2 of 5000") as caught:
        train(store_of(tmp_path / "x", replace(events, x=x)), progress=False, options=options)
    assert caught.value.events == (3, 4400)
    with pytest.raises(ScoreUnavailable) as lost:
        train(store_of(tmp_path / "score", replace(events, joint_score=score)), progress=False, options=options)
    assert lost.value.events == (700, 701)


def test_only_the_columns_of_the_loss_are_read(store, monkeypatch):
    import motherlode.store.columns as module

    read, original = set(), module.read_columns

    def seen(path, names):
        read.update(names)
        return original(path, names)

    monkeypatch.setattr(module, "read_columns", seen)
    train(store, losses.nle, progress=False, options=TrainingOptions(steps=5))
    assert read == {"theta", "x"}
    assert set(columns_of(losses.alice)) == {"theta", "x", "alternatives", "joint_log_ratio"}
    assert Columns(np.zeros((3, 1)), np.zeros(3)).joint_score is None


PEAK = """
import sys, threading, torch
from pathlib import Path
torch.set_num_threads(1)
import motherlode
from motherlode.training import TrainingOptions

def anonymous():
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon")))

def watch(ended, seen):
    while not ended.wait(0.002):
        seen.append(anonymous())

def train(path, **options):
    motherlode.train(motherlode.EventStore(path), progress=False, options=TrainingOptions(**options))

train(sys.argv[2], steps=20)
before, ended, seen = anonymous(), threading.Event(), []
watcher = threading.Thread(target=watch, args=(ended, seen))
watcher.start()
train(sys.argv[1], steps=100, batch_size=1000, memory=float(sys.argv[3]))
ended.set()
watcher.join()
print(max(seen) - before)
"""
"""Not the peak resident set: pages of libraries that nobody touches for long leave it on a busy machine."""


@pytest.mark.slow
def test_memory_stays_bounded(tmp_path):
    """400,000 events take 131 MB of heap: with 20 MB allowed it grows by less than half of what loading them takes."""
    events = gaussian_events(10_000, parameters=10)
    large, small = EventStore(tmp_path / "large"), store_of(tmp_path / "small", gaussian_events(1000, parameters=10))
    for part in range(40):
        large.append(replace(events, event=events.event + part * 10_000))

    def growth(memory):
        command = [sys.executable, "-c", PEAK, str(large.path), str(small.path), str(memory)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(tmp_path))
        return int(answer.stdout)

    streaming, loaded = growth(2e7), growth(1e9)
    assert loaded > 131e6
    assert streaming < 0.5 * loaded, (streaming, loaded)
