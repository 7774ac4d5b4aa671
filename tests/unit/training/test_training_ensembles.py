"""Members are trainings of their own, and what an ensemble says of itself follows from what it averages."""

import warnings

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch import nn

from motherlode import losses
from motherlode.estimators import Ensemble, OutOfRangeWarning, RatioEstimator
from motherlode.estimators.errors import UnsuitableEstimator
from motherlode.training import TrainingOptions, calibrate, train
from motherlode.training.ensembles import train_ensemble

SHORT = TrainingOptions(steps=8)


def together(events, loss=losses.alice, size=2, **options):
    return train_ensemble(events, loss, size=size, progress=False, **({"options": SHORT} | options))


class Features(nn.Module):
    """An embedding of the user's own, half of it frozen."""

    def __init__(self):
        super().__init__()
        self.trained, self.frozen = nn.Linear(1, 3), nn.Linear(3, 2)
        self.frozen.requires_grad_(False)

    def forward(self, x):
        return self.frozen(torch.tanh(self.trained(x)))


def weights(estimator):
    return torch.cat([weight.detach().flatten() for weight in estimator.parameters()])


def test_members_built_like_an_estimator_are_the_members_of_no_estimator():
    """Its class builds member m under seed + m, as training does where it gets none; it stays as it was itself."""
    events = gaussian_events(300)
    mine = RatioEstimator(1, (1,))
    before = weights(mine)
    given, free = together(events, estimator=mine, seed=3), together(events, seed=3)
    for one, other in zip(given.members, free.members, strict=True):
        assert torch.equal(weights(one), weights(other))
    assert torch.equal(weights(mine), before)
    assert all(member is not mine for member in given.members)
    assert float(np.min(given.spread(np.zeros((4, 1)), np.linspace(-1, 1, 4)[:, None], np.full((4, 1), 0.5)))) > 0.0


@pytest.mark.parametrize("network", ["mlp", "residual"])
def test_members_start_from_weights_of_their_own_and_share_frozen_ones(network):
    """No step is taken: blocks of a residual network still start as the identity."""
    mine = RatioEstimator(1, (1,), network=network, embedding=Features())
    first, second = together(
        gaussian_events(100), estimator=mine, options=TrainingOptions(steps=1, learning_rate=1e-12)
    ).members
    for name in ("embedding.trained", "network.0"):
        assert not torch.allclose(first.get_submodule(name).weight, second.get_submodule(name).weight)
    assert torch.equal(first.embedding.frozen.weight, mine.embedding.frozen.weight)
    assert not first.embedding.frozen.weight.requires_grad
    if network == "residual":
        assert float(first.network[1].branch[-1].weight.detach().abs().max()) < 1e-6


def test_an_estimator_that_its_class_does_not_build_is_refused():
    class Narrow(RatioEstimator):
        def __init__(self):
            super().__init__(1, (1,))

    changed = RatioEstimator(1, (1,))
    changed.network = nn.Linear(2, 1)
    for estimator, reason in ((changed, "weights network"), (Narrow(), "unexpected keyword")):
        with pytest.raises(UnsuitableEstimator, match=reason):
            together(gaussian_events(100), estimator=estimator)


def test_one_object_is_not_two_members():
    one, embedding = RatioEstimator(1, (1,)), nn.Linear(1, 2)
    shared = [RatioEstimator(1, (1,), embedding=embedding) for _ in range(2)]
    for members in ([one, one], shared):
        with pytest.raises(UnsuitableEstimator, match="same object or train the same weights"):
            Ensemble(members)
    embedding.requires_grad_(False)
    assert len(Ensemble(shared).members) == 2


def test_a_stopped_training_of_several_members_goes_on(tmp_path, monkeypatch):
    """Stopped in member 1: its own checkpoint is there, that of member 0 is gone with the end of its training."""
    events, path = gaussian_events(300), tmp_path / "state"
    options = TrainingOptions(steps=40)
    whole = together(events, options=options)
    stop_after(monkeypatch, trainings=1, steps=20)
    with pytest.raises(KeyboardInterrupt):
        together(events, options=options, checkpoint=path)
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.1"]
    again = together(events, options=options, checkpoint=path)
    for one, other in zip(again.members, whole.members, strict=True):
        assert torch.equal(weights(one), weights(other))
    assert list(tmp_path.iterdir()) == []


def stop_after(monkeypatch, trainings, steps):
    """Interrupt where a number of trainings has ended and the next has saved its state after some steps."""
    from motherlode.training.checkpoint import Checkpoint

    ended, remove, save = [], Checkpoint.remove, Checkpoint.save

    def removed(checkpoint):
        ended.append(checkpoint)
        remove(checkpoint)

    def saved(checkpoint):
        save(checkpoint)
        if len(ended) == trainings and checkpoint.run.step >= steps:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "remove", removed)
    monkeypatch.setattr(Checkpoint, "save", saved)


def test_each_member_logs_to_a_folder_of_its_own(tmp_path):
    pytest.importorskip("tensorboard")
    together(gaussian_events(100), log=tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["0", "1"]


@pytest.mark.parametrize("loss", [losses.nle, losses.alices], ids=lambda loss: loss.name)
def test_the_score_is_the_gradient_of_what_the_ensemble_says(loss):
    """For a mixture of densities the members' scores count by their densities."""
    ensemble = together(gaussian_events(300), loss, size=3)
    theta = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64)[:, None].requires_grad_()
    x = torch.linspace(-4.0, 4.0, 7, dtype=torch.float64)[:, None]
    value = ensemble.log_prob(x, theta) if loss is losses.nle else ensemble.log_ratio(theta, x)
    (slope,) = torch.autograd.grad(value.sum(), theta)
    found = ensemble.score(theta.detach(), x)
    torch.testing.assert_close(found, slope, rtol=1e-4, atol=1e-6)
    assert not found.requires_grad
    if loss is losses.nle:
        plain = torch.stack([member.score(theta.detach(), x) for member in ensemble.members]).mean(0)
        assert float((plain - slope).detach().abs().max()) > 1e-4


def test_a_member_without_density_has_no_say_in_the_score():
    ensemble = together(gaussian_events(300), losses.nle)
    one, other = ensemble.members
    one.log_prob = lambda x, theta: torch.full(theta.shape[:-1], -torch.inf, dtype=torch.float64)
    one.score = lambda theta, x: torch.full_like(theta, torch.nan)
    theta, x = torch.zeros(3, 1, dtype=torch.float64), torch.ones(3, 1, dtype=torch.float64)
    torch.testing.assert_close(ensemble.score(theta, x), other.score(theta, x))


@pytest.mark.parametrize("loss", [losses.nle, losses.alice], ids=lambda loss: loss.name)
def test_an_ensemble_warns_of_parameters_out_of_range_once(loss):
    ensemble = together(gaussian_events(300), loss, size=3)
    far, x = torch.full((2, 1), 3.0, dtype=torch.float64), torch.zeros(2, 1, dtype=torch.float64)
    first = (x, far) if loss is losses.nle else (far, x)
    method = ensemble.log_prob if loss is losses.nle else ensemble.log_ratio
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        method(*first)
        ensemble.spread(*first)
        ensemble.score(far, x)
    assert [entry.category for entry in told] == [OutOfRangeWarning]
    with pytest.warns(OutOfRangeWarning):
        (ensemble.members[1].log_prob if loss is losses.nle else ensemble.members[1].log_ratio)(*first)


def test_a_reference_out_of_range_is_told_of_too():
    ensemble = together(gaussian_events(300))
    with pytest.warns(OutOfRangeWarning) as told:
        ensemble.log_ratio([[0.0]], [[0.0]], [[3.0]])
    assert len(told) == 1


def test_an_ensemble_of_calibrated_ratios_is_the_mean_of_them():
    """Corrections are no shifts, so scores against one reference are not those against the members' own."""
    held_out = gaussian_events(2000, seed=9)
    raw = [
        train(gaussian_events(600, seed=seed), losses.alice, progress=False, options=SHORT, seed=seed)
        for seed in range(2)
    ]
    members = [calibrate(one, held_out) for one in raw]
    ensemble = Ensemble(members)
    theta = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64)[:, None]
    x = torch.full((7, 1), 0.21, dtype=torch.float64)
    reference = ensemble.default_reference()
    mean = torch.stack([member.log_ratio(theta, x, reference) for member in members]).mean(0)
    torch.testing.assert_close(ensemble.log_ratio(theta, x), mean)
    leaf = theta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(ensemble.log_ratio(leaf, x).sum(), leaf)
    torch.testing.assert_close(ensemble.score(theta, x), slope, rtol=1e-4, atol=1e-6)
    assert ensemble.potential(theta, x).shape == (7,)
