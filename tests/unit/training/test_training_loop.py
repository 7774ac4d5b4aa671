"""The loop does what it promises: reproducible, resumable, best weights restored, and it refuses wrong gold."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch.utils._python_dispatch import TorchDispatchMode

from motherlode import losses
from motherlode.estimators import RatioEstimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.estimators.saving import load
from motherlode.events import Events
from motherlode.store import EventStore, StoredColumns
from motherlode.store.errors import CondemnedStore
from motherlode.training import TrainingOptions, train
from motherlode.training.data.loader import Loader
from motherlode.training.data.split import InMemory, Part, as_batch, pair_up, split_events
from motherlode.training.early_stopping import EarlyStopping
from motherlode.training.errors import (
    MissingColumns,
    NonFiniteEvents,
    NonFiniteLoss,
    NoTensorBoard,
    NotExchangeable,
    RoughActivation,
    ScoreUnavailable,
)
from motherlode.training.optimizer import Schedule
from motherlode.training.run import TrainingRun

SHORT = TrainingOptions(steps=60)


def fit(events, loss=losses.alices, **options):
    return train(events, loss, progress=False, **({"options": SHORT} | options))


def weights(estimator):
    return {name: value.clone() for name, value in estimator.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_the_same_seed_gives_the_same_weights_whatever_the_global_state(events):
    torch.manual_seed(1)
    one = weights(fit(events, seed=3))
    torch.manual_seed(2)
    state = torch.get_rng_state()
    other = weights(fit(events, seed=3))
    assert same(one, other)
    assert torch.equal(state, torch.get_rng_state())
    assert not same(one, weights(fit(events, seed=4)))


def test_seeds_are_whole_numbers_of_any_kind(events, tmp_path):
    one = fit(replace(events, seed=np.int64(7)), seed=np.int64(3))
    assert same(weights(one), weights(fit(events, seed=3)))
    assert load(one.save(tmp_path / "one")).record.origin["seed"] == 7
    fit(replace(events, seed=None)).save(tmp_path / "two")
    with pytest.raises(TypeError, match="integer"):
        fit(events, seed=0.5)


def test_fault_1_best_weights_are_a_copy_and_not_a_reference():
    """MadMiner, goldmine, lens and manifold-flow kept state_dict() by reference and returned the last epoch."""
    layer = torch.nn.Linear(1, 1)
    best = EarlyStopping(layer)
    assert best.offer(torch.tensor([1.0, 1.1, 0.9]), 1, layer)
    kept = {name: value.clone() for name, value in layer.state_dict().items()}
    with torch.no_grad():
        layer.weight += 5.0
    assert not best.offer(torch.tensor([2.0, 2.1, 1.9]), 2, layer)
    assert same(kept, best.weights)
    assert best.step == 1


def test_early_stopping_restores_what_validated_best():
    """Few events and a large network: CARL overfits at once, and the weights returned must not be the last ones."""
    events = gaussian_events(400, width=0.5)
    estimator = RatioEstimator(1, (1,), hidden=(256, 256))
    options = TrainingOptions(steps=800, weight_decay=0.0, validation=0.5)
    fit(events, losses.carl, estimator=estimator, options=options)
    record = estimator.record
    assert record.steps < 800
    assert record.history[-1].learning_rate < 5e-3 * 0.2
    assert record.validation_loss <= min(row.validation for row in record.history) + 0.05
    assert record.validation_loss < max(row.validation for row in record.history) - 0.01


@pytest.mark.parametrize("patience", [0.1, 1.0])
def test_the_weights_returned_have_the_validation_loss_of_the_record(patience):
    events = gaussian_events(400, width=0.5)
    estimator = RatioEstimator(1, (1,), hidden=(256, 256))
    options = TrainingOptions(steps=400, weight_decay=0.0, validation=0.5, patience=patience)
    fit(events, losses.alice, estimator=estimator, options=options)
    dataset = split_events(as_batch(events, losses.alice), 0.5, 0, torch.device("cpu"))
    run = TrainingRun(estimator, losses.alice, dataset, options, 0, torch.device("cpu"))
    assert float(run.validate().mean()) == estimator.record.validation_loss
    assert estimator.record.best_step in {row.step for row in estimator.record.history}


def test_patience_ends_with_a_learning_rate_of_zero():
    schedule = Schedule(1.0, 1000, 0.1)
    assert schedule.rate(99) == pytest.approx(1.0)
    assert schedule.rate(999) < 1e-4
    schedule.cool_down(300)
    rates = [schedule.rate(step) for step in range(300, schedule.end)]
    assert schedule.end == 400
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.02


def test_nothing_is_written_unasked(events, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fit(events)
    assert list(tmp_path.iterdir()) == []


def test_rounds_are_logged_for_tensorboard_if_asked(events, tmp_path, monkeypatch):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    monkeypatch.chdir(tmp_path)
    record = fit(events, log="log").record
    assert [entry.name for entry in tmp_path.iterdir()] == ["log"]
    read = accumulator.EventAccumulator(str(tmp_path / "log"))
    read.Reload()
    for name, column in (("loss/training", 1), ("loss/validation", 2), ("rate", 3)):
        scalars = read.Scalars(name)
        assert [scalar.step for scalar in scalars] == [row.step for row in record.history]
        np.testing.assert_allclose([scalar.value for scalar in scalars], [row[column] for row in record.history], 1e-6)


def test_a_log_without_tensorboard_is_refused_before_the_first_step(events, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(NoTensorBoard, match=r"motherlode\[tensorboard\]"):
        fit(events, log=tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_step_that_is_not_finite_names_the_event(events, what):
    """The weights are those of the step before: those that so many steps by hand give."""

    class Poisoned(RatioEstimator):
        def log_ratio(self, theta, x, theta_reference=None):
            value = super().log_ratio(theta, x, theta_reference)
            if not self.training:
                return value
            hit = x[:, 0] == poison
            zero = torch.where(hit, value - value.detach(), torch.ones_like(value)).sqrt() - (~hit).double()
            return torch.where(hit, torch.nan, value) if what == "loss" else value + zero

    poison = events.x[events.theta[:, 0].argmax(), 0]
    estimator = Poisoned(1, (1,))
    untouched = RatioEstimator(1, (1,))
    untouched.load_state_dict(estimator.state_dict())
    options = TrainingOptions(steps=100, validation=0.01)
    with pytest.raises(NonFiniteLoss, match=f"The {what} is not finite at step .*caused by event") as caught:
        fit(events, losses.alice, estimator=estimator, options=options)
    assert caught.value.events == (int(events.theta[:, 0].argmax()),)
    assert caught.value.step > 0
    run_to(untouched, events, options, caught.value.step)
    for one, other in zip(estimator.parameters(), untouched.parameters(), strict=True):
        assert torch.equal(one, other)
        assert torch.isfinite(one).all()


def run_to(estimator, events, options, steps):
    """Take so many steps of a training, by hand."""
    dataset = split_events(as_batch(events, losses.alice), options.validation, 0, torch.device("cpu"))
    estimator.fit_scaling(dataset.reference)
    run = TrainingRun(estimator.train(), losses.alice, dataset, options, 0, torch.device("cpu"))
    for step, batch in zip(range(steps), run.loader.batches(0), strict=False):
        run.optimizer.step(losses.alice(estimator, batch), run.schedule.rate(step))


def test_nets_in_float32_read_data_in_float64():
    """x at 1e8, where float32 steps by 8: the scales are taken off in float64."""
    events = gaussian_events(1000)
    near, far = fit(events, losses.alice), fit(replace(events, x=events.x + 1e8), losses.alice)
    theta, x, other = np.full((9, 1), 0.5), np.linspace(-2, 2, 9)[:, None], np.full((9, 1), -0.5)
    np.testing.assert_allclose(far.log_ratio(theta, x + 1e8, other), near.log_ratio(theta, x, other), atol=1e-4)
    assert all(weight.dtype == torch.float32 for weight in far.parameters())
    assert far.log_ratio(theta, x, other).dtype == np.float64


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_events_that_are_not_finite_are_named(events, value):
    x = events.x.copy()
    x[[7, 11]] = value
    with pytest.raises(NonFiniteEvents, match=r"first \[7, 11\]") as caught:
        fit(replace(events, x=x))
    assert caught.value.events == (7, 11)


def test_missing_scores_refuse_score_losses_only(events):
    score = events.joint_score.copy()
    score[5] = np.nan
    broken = replace(events, joint_score=score)
    with pytest.raises(ScoreUnavailable, match=r"losses\.alice") as caught:
        fit(broken)
    assert caught.value.events == (5,)
    fit(broken, losses.alice)


def test_impossible_alternatives_train(events):
    label = events.joint_log_ratio.copy()
    label[:100] = np.inf
    for loss in (losses.alice, losses.rolr):
        assert np.isfinite(fit(replace(events, joint_log_ratio=label), loss).record.validation_loss)


def test_pair_losses_need_exchangeable_events(events):
    with pytest.raises(NotExchangeable):
        fit(replace(events, exchangeable=False))
    fit(replace(events, exchangeable=None))
    with pytest.raises(NotExchangeable):
        fit(replace(events, exchangeable=None, alternatives=events.alternatives + 0.5))


@pytest.mark.parametrize(
    ("marks", "expected"), [((True, False), False), ((None, False), False), ((True, None), None), ((True, True), True)]
)
@pytest.mark.parametrize("memory", [1.0, 1e9])
def test_one_part_that_is_not_exchangeable_decides(events, tmp_path, marks, expected, memory):
    parts = [replace(events[1000 * part : 1000 * part + 1000], exchangeable=mark) for part, mark in enumerate(marks)]
    store = EventStore(tmp_path / "store")
    for part in parts:
        store.append(part)
    assert StoredColumns(store, ["theta"]).exchangeable is expected
    assert Events.concatenate(parts).exchangeable is expected
    if expected is False:
        with pytest.raises(NotExchangeable):
            fit(store, options=TrainingOptions(steps=5, memory=memory))
        with pytest.raises(NotExchangeable):
            fit(Events.concatenate(parts))


def test_a_condemned_store_is_refused(events, tmp_path):
    store = EventStore(tmp_path / "store")
    store.append(events)
    assert fit(store).record.origin["events"] == 2000
    store.condemn("x moved when theta did.")
    with pytest.raises(CondemnedStore, match="x moved"):
        fit(store)


def test_score_losses_need_smooth_networks(events):
    with pytest.raises(RoughActivation, match="ReLU"):
        fit(events, estimator=RatioEstimator(1, (1,), activation="relu"))
    fit(events, losses.alice, estimator=RatioEstimator(1, (1,), activation="relu"))


def test_what_does_not_fit_is_refused(events):
    with pytest.raises(UnsuitableEstimator, match="x of shape"):
        fit(events, estimator=RatioEstimator(1, (2,)))
    with pytest.raises(MissingColumns, match="alternatives"):
        fit(gaussian_events(50, alternatives=0))
    with pytest.raises(UnsuitableEstimator, match="EventStore"):
        fit({"theta": events.theta})
    with pytest.raises(ValueError, match="shares"):
        TrainingOptions(validation=0.0)


def test_fault_5_scores_are_in_units_of_theta_in_validation_as_in_training():
    """With θ and t rescaled together nothing may change: same loss in training and validation, same log r."""
    events = gaussian_events(2000)
    scale = 1000.0
    scaled = replace(
        events,
        theta=events.theta * scale,
        alternatives=events.alternatives * scale,
        joint_score=events.joint_score / scale,
    )
    one, other = fit(events), fit(scaled)
    for a, b in zip(one.record.history, other.record.history, strict=True):
        assert b.validation == pytest.approx(a.validation, rel=1e-3)
        assert b.training == pytest.approx(a.training, rel=1e-3)
    theta, x = np.linspace(-1, 1, 5)[:, None], np.ones((5, 1))
    np.testing.assert_allclose(other.log_ratio(theta * scale, x), one.log_ratio(theta, x), atol=1e-3)


class Operations(TorchDispatchMode):
    """Count the tensor operations made inside the context."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def test_batches_are_taken_by_index(events):
    """A loader that fetches items one by one makes more operations for larger batches; by index it makes as many."""

    def operations(size):
        part = Part(as_batch(events, losses.alices), torch.arange(len(events)))
        device = torch.device("cpu")
        loader = Loader(InMemory(part), size, 0, lambda batch, generator: pair_up(batch, False, generator), device)
        with Operations() as made:
            for _, _ in zip(range(3), loader.batches(0), strict=False):
                pass
        return made.count

    assert operations(500) <= operations(5)
