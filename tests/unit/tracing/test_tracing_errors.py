"""Every error says what, why and what to do, holds its data, and comes back from a worker whole."""

import pickle
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

from motherlode import campaign, events, store, tracing
from motherlode.core import MotherlodeError, ParameterError, WriteError
from motherlode.demo.build import BoardNotBuilt
from motherlode.frontends.errors import NotInstrumented, NotWrappable

THETA, PROBE = np.array([0.5]), np.array([0.7])

ERRORS = [
    ParameterError("theta is wrong."),
    tracing.MissingRandomness("a.py:f:1", "Normal"),
    tracing.InvalidParameters("a.py:f:1", "Normal", {"mean": 0.0, "stddev": -1.0}, {"mean": "finite", "stddev": "> 0"}),
    tracing.InfiniteDensity("a.py:f:1", "Gamma", {"concentration": 0.1, "rate": 1.0}, 0.0),
    tracing.SimulatorFailed("ValueError: no", THETA, 7),
    tracing.LeakError("a.py:f:1", 3, THETA, PROBE, np.array(1.0), np.array([2.0, 3.0])),
    tracing.HiddenRandomness(None, 3, THETA, THETA, np.array(1.0), np.array(2.0)),
    tracing.ReplayDiverged(2, "a.py:f:1", "a.py:f:2 (Normal)", None),
    tracing.ReplayDiverged(2, "a.py:f:1", "a.py:f:2 (Normal)", None).at(3, THETA, PROBE),
    events.EventsError("x has no rows."),
    store.StoreMismatch(Path("store"), "seed", 1, 2),
    store.CorruptShard(Path("shard"), "truncated"),
    store.CorruptManifest(Path("manifest.json"), "empty"),
    WriteError(Path("shard"), "No space left on device"),
    store.CondemnedStore(Path("store"), "It leaks."),
    campaign.CampaignError("events=0"),
    campaign.ProposalError("theta=1"),
    campaign.WorkerDied("killed", 3, 7),
    NotInstrumented("vonmises", "nobody wrote it"),
    NotWrappable("int cannot be called."),
    BoardNotBuilt("no compiler"),
    tracing.NumberUsed("a.py:f:1", 3, THETA, THETA, np.array(1.0), np.array(1.0)),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("pickler", [pickle, cloudpickle])
def test_errors_survive_pickling(error, pickler):
    copy = pickle.loads(pickler.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.args == error.args
    assert vars(copy).keys() == vars(error).keys()
    for name, value in vars(error).items():
        np.testing.assert_equal(getattr(copy, name), value)
    assert isinstance(copy, MotherlodeError)


def test_every_class_is_tried_here():
    tried = {type(error) for error in ERRORS}
    for package in (tracing, events, campaign):
        classes = {value for value in map(vars(package).get, package.__all__) if isinstance(value, type)}
        errors = {c for c in classes if issubclass(c, MotherlodeError)}
        assert errors - {MotherlodeError} <= tried


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ERRORS[1], ["a.py:f:1 (Normal)", "could not be repeated", "seed(generator)"]),
        (ERRORS[2], ["Normal(mean=0, stddev=-1)", "stddev > 0", "undefined", "low=, high="]),
        (ERRORS[3], ["value 0", "Gamma(concentration=0.1, rate=1)", "logarithm"]),
        (ERRORS[4], ["all 7 events", "theta=[0.5]", "ValueError: no", "Run it once by hand"]),
        (ERRORS[5], ["event 3", "x=1 at theta=[0.5] became x=[2., 3.]", "theta=[0.7]", "a.py:f:1", "Normal(theta, 1)"]),
        (ERRORS[6], ["no draw was intercepted", "same theta", "numpy.random", "`rng` argument"]),
        (ERRORS[8], ["event 3", "theta=[0.7]", "draw 2 should be a.py:f:2 (Normal)", "it has ended", "end on draws"]),
        (ERRORS[-1], ["event 3", "theta=[0.5]", "a.py:f:1", "lacks the density", "fresh uniform"]),
        (ERRORS[17], ["after 3 of 7 events", "stay", "only what is missing"]),
    ],
    ids=lambda v: type(v).__name__,
)
def test_texts_hold_values_reason_and_remedy(error, words):
    for word in words:
        assert word in str(error)


def test_families_of_errors():
    assert issubclass(tracing.HiddenRandomness, tracing.LeakError)
    assert issubclass(tracing.ReplayDiverged, tracing.LeakError)
    assert issubclass(ParameterError, ValueError)
    assert issubclass(WriteError, OSError)
