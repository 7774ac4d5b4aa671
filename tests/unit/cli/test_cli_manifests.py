"""``infer`` and ``limits`` write down all that their numbers follow from, and ``report`` shows it."""

import json

import numpy as np
import pytest

from motherlode import Law


@pytest.fixture
def given(exact_model, tmp_path):
    """Return a model of one parameter and an observation, as arguments."""
    np.save(tmp_path / "observed.npy", 0.3 * np.random.default_rng(0).normal(size=(10, 1)))
    return (exact_model(a=(-1.0, 1.0)), "--observed", tmp_path / "observed.npy")


@pytest.fixture
def manifest(given, command, tmp_path):
    """Return a function that runs a command and returns its manifest and the report of it."""

    def run(name, *more):
        result = command(name, *given, "--out", tmp_path / "out", *more)
        assert result.exit_code == 0, result.output
        assert command("report", tmp_path / "out").exit_code == 0
        return json.loads((tmp_path / "out" / "manifest.json").read_text()), (
            tmp_path / "out" / "report.md"
        ).read_text()

    return run


def has_the_training(found, report):
    """Seeds of training and mining, loss and events are there; the rounds are not."""
    record = found["model"]["record"]
    assert (record["seed"], record["origin"]["seed"], record["loss"], record["events"]) == (7, 11, "nle", 900)
    assert "history" not in record
    assert {"path", "sha256"} <= set(found["model"]) & set(found["observed"])
    assert {"motherlode", "numpy", "scipy", "torch"} <= set(found["libraries"])
    assert "| model.record.seed | 7 |" in report
    assert "| model.record.origin.seed | 11 |" in report


def test_infer_by_chains(manifest):
    found, report = manifest("infer", "--chains", 4, "--samples", 400, "--seed", 3, "--prior", "a=-0.5:1")
    assert found["options"] == {"method": "nuts", "prior": "a=-0.5:1", "chains": 4, "samples": 400, "seed": 3}
    assert found["prior"] == Law.of("a=-0.5:1").to_json()
    assert (found["command"], found["method"], found["seed"]) == ("infer", "nuts", 3)
    assert set(found["parameters"]["a"]) == {"mean", "sd", "rhat", "ess_bulk"}
    has_the_training(found, report)
    assert "| options.chains | 4 |" in report


def test_infer_without_chains(manifest):
    found, _ = manifest("infer", "--method", "direct")
    assert found["options"] == {"method": "direct", "prior": None, "samples": 1000, "seed": 0}
    assert found["prior"] == Law.of("a=-1:1").to_json()


def test_limits_by_wilks(manifest):
    found, report = manifest("limits", "--method", "wilks", "--points", 9, "--level", 0.9, "--no-zoom")
    options = {"method": "wilks", "prior": None, "points": 9, "level": [0.9], "zoom": False, "seed": 0}
    assert found["options"] == options
    assert found["box"] == {"a": [-1.0, 1.0]}
    assert found["prior"] == Law.of("a=-1:1").to_json()
    (region,) = found["regions"]
    ((low, high),) = region["intervals"]
    assert region["level"] == 0.9
    assert low < found["best"]["a"] < high
    assert len(found["limits"]) == 2
    has_the_training(found, report)
    assert "| regions.1.level | 0.9 |" in report


def test_limits_by_toys(manifest, tmp_path):
    (tmp_path / "normal.py").write_text("def normal(theta, rng):\n    return rng.normal(theta, 0.3)\n")
    target = f"{tmp_path / 'normal.py'}:normal"
    found, _ = manifest("limits", "--simulator", target, "--points", 25, "--toys", 50, "--level", 0.95)
    assert found["options"]["toys"] == 50
    assert found["options"]["simulator"] == found["simulator"] == target
    assert found["simulator_name"] == "normal"
    assert found["simulator_version"]
