"""A saved surrogate is the same surrogate, and a file that is none is refused without executing anything."""

import pickle

import numpy as np
import pytest
import torch
from gaussian import gaussian_events
from torch import nn

from motherlode import losses
from motherlode.estimators import PosteriorEstimator, RatioEstimator, load
from motherlode.estimators.errors import NotTrained, UnknownFormat, UnsuitableEstimator
from motherlode.estimators.networks.embeddings import DeepSets
from motherlode.training import TrainingOptions, calibrate, train
from motherlode.training.ensembles import train_ensemble


def test_round_trip(tmp_path, events):
    estimator = train(events, losses.alices, progress=False, options=TrainingOptions(steps=20))
    path = estimator.save(tmp_path / "new" / "ratio.npz")
    again = load(path)
    theta, x = np.linspace(-1, 1, 9)[:, None], np.linspace(-2, 2, 9)[:, None]
    np.testing.assert_array_equal(again.log_ratio(theta, x), estimator.log_ratio(theta, x))
    assert again.record == estimator.record
    assert again.card() == estimator.card()
    assert "2000 events" in again.card() or "1800 events" in again.card()
    assert [entry.name for entry in path.parent.iterdir()] == ["ratio.npz"]


def test_embeddings_come_back_and_own_modules_are_asked_for(tmp_path):
    ours = RatioEstimator(1, (5,), embedding=DeepSets(4)).save(tmp_path / "ours.npz")
    assert isinstance(load(ours).embedding, DeepSets)
    own = RatioEstimator(1, (5,), embedding=nn.Linear(5, 2)).save(tmp_path / "own.npz")
    with pytest.raises(UnsuitableEstimator, match="embedding=module"):
        load(own)
    assert isinstance(load(own, embedding=nn.Linear(5, 2)).embedding, nn.Linear)


class Features(nn.Module):
    """An embedding of the user's own."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(1, 3), nn.Tanh())

    def forward(self, x):
        return self.body(x)


def own(kind, loss=losses.alice):
    """Return a trained wrapper around estimators with an embedding of the user's own."""
    events = gaussian_events(300)
    built = PosteriorEstimator if loss is losses.npe else RatioEstimator
    ensemble = train_ensemble(
        events,
        loss,
        size=2,
        progress=False,
        options=TrainingOptions(steps=8),
        estimator=built.for_events(events, embedding=Features()),
    )
    if kind == "ensemble":
        return ensemble
    return calibrate(ensemble if kind == "calibrated ensemble" else ensemble.members[0], events, cells=2)


@pytest.mark.parametrize("kind", ["ensemble", "calibrated", "calibrated ensemble"])
def test_wrapped_estimators_come_back_with_an_embedding_of_the_users_own(kind, tmp_path):
    estimator = own(kind)
    path = estimator.save(tmp_path / "wrapped")
    with pytest.raises(UnsuitableEstimator, match="embedding=module"):
        load(path)
    given = Features()
    before = given.body[0].weight.detach().clone()
    again = load(path, embedding=given)
    theta, x = np.linspace(-0.9, 0.9, 9)[:, None], np.linspace(-2, 2, 9)[:, None]
    for method in (lambda one: one.log_ratio, lambda one: one.score):
        np.testing.assert_array_equal(method(again)(theta, x), method(estimator)(theta, x))
    if "ensemble" in kind:
        members = again.members if kind == "ensemble" else again.estimator.members
        assert members[0].embedding is not members[1].embedding
        assert torch.equal(given.body[0].weight, before)


def test_an_ensemble_of_posteriors_comes_back_with_an_embedding_of_the_users_own(tmp_path):
    estimator = own("ensemble", losses.npe)
    again = load(estimator.save(tmp_path / "posteriors"), embedding=Features())
    theta, x = np.zeros((3, 1)), np.linspace(-1, 1, 3)[:, None]
    np.testing.assert_array_equal(again.log_prob(theta, x), estimator.log_prob(theta, x))


def test_a_pickle_is_not_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('executed')",))

    path = tmp_path / "bomb"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(UnknownFormat, match="saved surrogate"):
        load(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, weights=np.zeros(3))
    with pytest.raises(UnknownFormat, match=r"no motherlode\.json"):
        load(path)
    path.write_bytes(RatioEstimator(1).save(tmp_path / "good").read_bytes()[:-200])
    with pytest.raises(UnknownFormat):
        load(path)


def test_weights_of_another_version_are_refused(tmp_path):
    path = RatioEstimator(1).save(tmp_path / "file")
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if name != "x_low"}
    with (tmp_path / "older").open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(UnknownFormat, match="not those of this version's RatioEstimator"):
        load(tmp_path / "older")


def test_an_untrained_estimator_has_no_card():
    with pytest.raises(NotTrained, match="not been trained"):
        RatioEstimator(1).card()


def test_loading_leaves_the_global_generator_alone(tmp_path):
    path = RatioEstimator(1).save(tmp_path / "file")
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load(path)
    assert torch.equal(torch.rand(3), expected)
