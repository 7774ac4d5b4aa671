"""From mined events to a model, a posterior, limits and a report, all on the command line.

x ~ Normal(mu, 1); 100 events are observed, so mu is known to 0.1 of a prior box that is 8 wide.
"""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import norm

from motherlode.cli import main

EVENTS = 100
ERROR = 1.0 / np.sqrt(EVENTS)


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def arrays(path):
    with np.load(path) as content:
        return dict(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("chain")
    (made / "normal.py").write_text("def normal(theta, rng):\n    return rng.normal(theta[0], 1.0)\n")
    target = f"{made / 'normal.py'}:normal"
    mined = run("mine", target, "--prior", "mu=-4:4", "--events", 2000, "--seed", 1, "--out", made / "events")
    assert mined.exit_code == 0, mined.output
    kept = ("--checkpoint", made / "state", "--log", made / "scalars")
    trained = run("train", made / "events", "--method", "alices", "--out", made / "model", *kept)
    assert trained.exit_code == 0, trained.output
    assert not (made / "state").exists()
    assert any((made / "scalars").iterdir())
    assert "trained on   1800 events, 200 held out" in trained.output
    quantiles = norm.ppf((np.arange(EVENTS) + 0.5) / EVENTS)
    np.save(made / "observed.npy", 1.0 + quantiles)
    return made


@pytest.fixture
def target(folder):
    return f"{folder / 'normal.py'}:normal"


def test_infer_finds_the_exact_posterior(folder, tmp_path):
    result = run("infer", folder / "model", "--observed", folder / "observed.npy", "--out", tmp_path / "posterior")
    assert result.exit_code == 0, result.output
    assert "mu" in result.output
    samples = arrays(tmp_path / "posterior" / "samples.npz")["samples"]
    assert abs(samples.mean() - 1.0) < 0.5 * ERROR
    assert samples.std() == pytest.approx(ERROR, rel=0.25)
    manifest = json.loads((tmp_path / "posterior" / "manifest.json").read_text())
    assert manifest["model"]["path"] == str(folder / "model")
    assert (manifest["model"]["record"]["seed"], manifest["model"]["record"]["origin"]["seed"]) == (0, 1)
    assert {"posterior.png", "chains.png"} <= {path.name for path in (tmp_path / "posterior").iterdir()}


def test_limits_zoom_into_a_small_region(folder, tmp_path):
    """25 points on 8 units lie 0.33 apart, more than the region's half width of 0.2: only a second scan resolves it."""
    command = ("limits", folder / "model", "--observed", folder / "observed.npy", "--method", "wilks", "--out")
    assert run(*command, tmp_path / "near").exit_code == 0
    assert run(*command, tmp_path / "far", "--no-zoom").exit_code == 0
    near, far = (arrays(tmp_path / name / "region.npz") for name in ("near", "far"))
    assert np.ptp(far["points"]) == 8.0
    assert (far["p_value"] > 0.05).sum() < 3
    inside = near["points"][near["p_value"] > 0.05, 0]
    assert len(inside) > 8
    exact = norm.ppf(0.975) * ERROR
    np.testing.assert_allclose([inside.min(), inside.max()], [1.0 - exact, 1.0 + exact], atol=0.5 * ERROR)


def test_limits_by_toys_cover_and_are_reported(folder, target, tmp_path):
    given = ("--observed", folder / "observed.npy", "--simulator", target, "--toys", 200, "--points", 15)
    result = run("limits", folder / "model", *given, "--out", tmp_path / "limits")
    assert result.exit_code == 0, result.output
    assert "95% neyman: mu in [" in result.output
    region = arrays(tmp_path / "limits" / "region.npz")
    at_truth = np.abs(region["points"][:, 0] - 1.0).argmin()
    assert region["p_value"][at_truth] > 0.05
    assert run("report", tmp_path / "limits").exit_code == 0
    report = (tmp_path / "limits" / "report.md").read_text()
    assert "![limits](limits.png)" in report
    assert "model.sha256" in report


def test_toys_need_a_simulator(folder, tmp_path):
    result = run("limits", folder / "model", "--observed", folder / "observed.npy", "--out", tmp_path / "none")
    assert result.exit_code == 2
    assert "name the simulator with --simulator, or take wilks" in result.output
    assert not (tmp_path / "none").exists()


def test_an_observation_of_the_wrong_shape_is_refused(folder, tmp_path):
    np.save(tmp_path / "two.npy", np.zeros((5, 2)))
    result = run("infer", folder / "model", "--observed", tmp_path / "two.npy", "--out", tmp_path / "none")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "two.npy" in result.output
