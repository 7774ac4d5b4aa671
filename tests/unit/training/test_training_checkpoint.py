"""A checkpoint goes on with the training it was taken of, to the same weights, and with no other."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch.distributions import Independent, Normal, Uniform

from motherlode import losses
from motherlode.estimators import RatioEstimator
from motherlode.training import TrainingOptions, train
from motherlode.training.checkpoint import Checkpoint
from motherlode.training.data.split import as_batch, held_out, split_events
from motherlode.training.errors import UnusableCheckpoint
from motherlode.training.run import TrainingRun

SHORT = TrainingOptions(steps=60)


def fit(events, loss=losses.alices, **options):
    return train(events, loss, progress=False, **({"options": SHORT, "seed": 1} | options))


@pytest.fixture
def interrupted(monkeypatch):
    """Return a function that trains as ``fit`` and is interrupted after some rounds."""
    original = TrainingRun.round

    def fit_a_while(*arguments, rounds=3, **options):
        counted = iter(range(rounds))

        def interrupt(self, batches):
            if next(counted, None) is None:
                raise KeyboardInterrupt
            original(self, batches)

        monkeypatch.setattr(TrainingRun, "round", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(*arguments, **options)
        monkeypatch.setattr(TrainingRun, "round", original)

    return fit_a_while


def same(one, other):
    state = other.state_dict()
    return all(torch.equal(value, state[name]) for name, value in one.state_dict().items())


def test_an_interrupted_training_goes_on_to_the_same_result(events, tmp_path, interrupted):
    path = tmp_path / "state"
    interrupted(events, checkpoint=path, rounds=12)
    assert path.exists()
    assert same(fit(events), fit(events, checkpoint=path))
    assert list(tmp_path.iterdir()) == []


def test_another_training_is_refused_and_what_differs_is_named(events, tmp_path, interrupted):
    path = tmp_path / "state"
    interrupted(events, checkpoint=path)
    before = path.read_bytes()
    moved, held = events.x + 1.0, events.x.copy()
    held[held_out(2000, 0.1, 1)[0]] += 1.0
    others = [
        ({"seed": 2}, "seed was 1 and is 2"),
        ({"options": TrainingOptions(steps=61)}, "option steps was 60 and is 61"),
        ({"estimator": RatioEstimator(1, (1,), hidden=(8,))}, r"hidden of the estimator was \[64, 64\] and is \[8\]"),
        ({"estimator": RatioEstimator(1, (1,), activation="tanh")}, "activation of the estimator was silu and is tanh"),
        ({"loss": losses.rascal}, r"loss was losses\.alices.* and is losses\.rascal"),
        ({"events": replace(events, x=moved)}, r"x of the events fitted was sha256 .* and is sha256"),
        ({"events": replace(events, x=held)}, r"state of another training: x of the events held out was sha256"),
        ({"events": events[:1500]}, r"shape \(1800, 1\) and is sha256 .*shape \(1350, 1\)"),
    ]
    for other, words in others:
        with pytest.raises(UnusableCheckpoint, match=words) as caught:
            fit(**({"events": events, "checkpoint": path} | other))
        assert "Going on from it would mix two trainings" in str(caught.value)
        assert caught.value.differences
    assert path.read_bytes() == before
    assert same(fit(events), fit(events, checkpoint=path))


def test_layers_of_an_embedding_of_ones_own_count(events, tmp_path, interrupted):
    def with_layer(layer):
        torch.manual_seed(0)
        return RatioEstimator(1, (1,), embedding=torch.nn.Sequential(torch.nn.Linear(1, 4), layer))

    interrupted(events, estimator=with_layer(torch.nn.SiLU()), checkpoint=tmp_path / "state")
    with pytest.raises(UnusableCheckpoint, match=r"layer embedding\.1 was SiLU\(\) and is Tanh\(\)") as caught:
        fit(events, estimator=with_layer(torch.nn.Tanh()), checkpoint=tmp_path / "state")
    assert list(caught.value.differences.values()) == [("SiLU()", "Tanh()")]


def test_another_law_of_the_parameters_is_another_training(events, tmp_path, interrupted):
    laws = [Independent(Normal(torch.zeros(1).double(), scale), 1) for scale in (1.0, 2.0)]
    options = {"loss": losses.score_matched_posterior, "checkpoint": tmp_path / "state"}
    interrupted(events, proposal=laws[0], **options)
    with pytest.raises(UnusableCheckpoint, match="slope of the proposal was"):
        fit(events, proposal=laws[1], **options)
    with pytest.raises(UnusableCheckpoint, match=r"slope of the proposal was .* and is \['0'\]"):
        fit(events, proposal=Independent(Uniform(torch.tensor([-2.0]).double(), 2.0), 1), **options)
    fit(events, proposal=laws[0], **options)


@pytest.mark.parametrize("loss", [losses.alices, losses.score_matched_posterior])
def test_a_training_goes_on_with_another_number_of_threads(tmp_path, interrupted, loss):
    """Sums differ between one and two threads in their last digit, and with them the identity did."""
    events, options = gaussian_events(60_000), TrainingOptions(steps=4)
    interrupted(events, loss, rounds=1, options=options, checkpoint=tmp_path / "state")
    torch.set_num_threads(2)
    assert fit(events, loss, options=options, checkpoint=tmp_path / "state").record.steps == 4


@pytest.mark.parametrize("kind", ["empty", "cut", "text", "surrogate", "module", "weights"])
def test_a_file_without_a_state_is_refused(events, tmp_path, interrupted, kind):
    path = tmp_path / "state"
    interrupted(events, checkpoint=path)
    if kind == "surrogate":
        fit(events, options=TrainingOptions(steps=1)).save(path)
    elif kind in ("module", "weights"):
        torch.save(torch.nn.Linear(1, 1) if kind == "module" else {"weight": torch.zeros(3)}, path)
    else:
        path.write_bytes({"empty": b"", "cut": path.read_bytes()[:-100], "text": b"steps: 60\n" * 99}[kind])
    with pytest.raises(
        UnusableCheckpoint, match=r"holds no state of a training.*Delete the file to begin anew"
    ) as caught:
        fit(events, checkpoint=path)
    assert caught.value.path == path
    assert caught.value.differences == {}


def test_steps_and_rates_may_be_numbers_of_numpy(events, tmp_path, interrupted):
    options = TrainingOptions(steps=np.int64(60), learning_rate=np.float32(1e-3))
    interrupted(events, options=options, checkpoint=tmp_path / "state")
    fit(events, options=options, checkpoint=tmp_path / "state").save(tmp_path / "estimator")


def test_the_random_states_of_all_devices_are_kept(events, tmp_path, monkeypatch):
    """On a machine without a GPU, two are pretended."""
    dataset = split_events(as_batch(events, losses.alice), 0.1, 0, torch.device("cpu"))
    run = TrainingRun(RatioEstimator(1, (1,)), losses.alice, dataset, SHORT, 0, torch.device("cpu"))
    checkpoint, restored = Checkpoint(tmp_path / "state", run), []
    states = [torch.arange(16, dtype=torch.uint8), torch.arange(16, 32, dtype=torch.uint8)]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: states)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", restored.extend)
    checkpoint.save()
    cpu = torch.get_rng_state()
    torch.rand(3)
    assert checkpoint.restore()
    assert torch.equal(torch.get_rng_state(), cpu)
    assert all(torch.equal(one, other) for one, other in zip(restored, states, strict=True))
