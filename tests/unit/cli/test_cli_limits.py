"""``motherlode limits``: what it prints, writes and draws for one, two and three parameters; what it refuses first."""

import json

import numpy as np
import pytest
from scipy.stats import chi2, norm

BOX = {"a": (-1.0, 1.0), "b": (-1.0, 1.0), "c": (-1.0, 1.0)}


def observed(path, dimensions, events=10, centre=0.0):
    quantiles = norm.ppf((np.arange(events) + 0.5) / events)
    np.save(path / "observed.npy", np.repeat(centre + 0.3 * quantiles[:, None], dimensions, axis=1))
    return path / "observed.npy"


@pytest.fixture
def scan(exact_model, command, tmp_path):
    """Return a function that scans so many parameters."""

    def run(dimensions, *more, centre=0.0, events=10):
        model = exact_model(**{name: BOX[name] for name in list(BOX)[:dimensions]})
        data = observed(tmp_path, dimensions, events, centre)
        return command("limits", model, "--observed", data, "--out", tmp_path / "out", "--method", "wilks", *more)

    return run


def test_three_parameters_are_printed_and_written_without_a_figure(scan, tmp_path):
    result = scan(3, "--points", 5, "--no-zoom")
    assert result.exit_code == 0, result.output
    assert "95% wilks: a in [" in result.output
    assert "No figure: it has two dimensions, and the region has 3 (a, b, c)." in result.output
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["limits"] == result.output.splitlines()[:3]
    assert (tmp_path / "out" / "region.npz").exists()
    assert not (tmp_path / "out" / "limits.png").exists()


def test_two_parameters_are_drawn(scan, tmp_path):
    assert scan(2, "--points", 7, "--level", 0.95, "--level", 0.95).exit_code == 0
    assert (tmp_path / "out" / "limits.png").exists()


def test_levels_are_named_exactly(scan):
    result = scan(1, "--level", 0.9973, "--level", 0.6827)
    assert "99.73% wilks: a in [" in result.output
    assert "68.27% wilks: a in [" in result.output
    assert "100%" not in result.output


@pytest.mark.parametrize("level", [95, 0, 1, -0.5, "nan"])
def test_levels_are_shares_of_one(scan, tmp_path, level):
    result = scan(1, f"--level={level}")
    assert result.exit_code == 2
    assert f"{float(level)} is not in the range 0<x<1" in result.output or "nan is not a number" in result.output
    assert not (tmp_path / "out").exists()


def test_a_region_between_grid_points_is_found_by_zooming(scan, tmp_path):
    """500 events: the 95 % region is 0.033 around 0.2, and the nearest of 9 points from -1 to 1 is 0.25."""
    given = {"centre": 0.2, "events": 500}
    assert "95% wilks: no value (0 of 81 grid points)" in scan(2, "--points", 9, "--no-zoom", **given).output
    result = scan(2, "--points", 9, **given)
    assert result.exit_code == 0, result.output
    box = json.loads((tmp_path / "out" / "manifest.json").read_text())["regions"][1]["hull"]
    exact = np.sqrt(chi2.ppf(0.95, 2)) * 0.3 / np.sqrt(500)
    for low, high in box.values():
        np.testing.assert_allclose([low, high], [0.2 - exact, 0.2 + exact], atol=0.5 * exact)


@pytest.mark.parametrize("name", ["infer", "limits"])
def test_a_folder_that_cannot_be_made_is_refused_before_computing(exact_model, command, tmp_path, monkeypatch, name):
    import motherlode

    class Untouchable:
        def __getattr__(self, attribute):
            raise RuntimeError(f"{attribute} ran before --out was tried")

    for function in ("posterior", "limits"):
        monkeypatch.setattr(motherlode, function, lambda *_: Untouchable())
    (tmp_path / "file").write_text("")
    model, data = exact_model(a=BOX["a"]), observed(tmp_path, 1)
    method = ("--method", "wilks") if name == "limits" else ()
    result = command(name, model, "--observed", data, *method, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert "cannot be made a directory (Not a directory)" in " ".join(result.output.split())
