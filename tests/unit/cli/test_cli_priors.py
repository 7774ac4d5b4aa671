"""``--prior`` of ``infer`` and ``limits`` goes by names: in another order it means the same, of other names nothing.

Observed around (1, 20): swapped parameters would lie outside either range.
"""

import numpy as np
import pytest

SWAPPED = "nu=18:22,mu=0:2"


@pytest.fixture
def given(exact_model, tmp_path):
    """Return a model of two parameters and an observation, as arguments."""
    np.save(tmp_path / "observed.npy", np.array([1.0, 20.0]) + 0.3 * np.random.default_rng(0).normal(size=(20, 2)))
    return (exact_model(mu=(0.0, 2.0), nu=(18.0, 22.0)), "--observed", tmp_path / "observed.npy")


def arrays(path):
    with np.load(path) as content:
        return dict(content)


@pytest.mark.filterwarnings("ignore::motherlode.inference.errors.ConvergenceWarning")
def test_infer_takes_the_names_in_any_order(given, command, tmp_path):
    quick = ("--chains", 4, "--samples", 50)
    for name, prior in (("model", ()), ("swapped", ("--prior", SWAPPED))):
        result = command("infer", *given, *quick, *prior, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
    ours, theirs = (arrays(tmp_path / name / "samples.npz") for name in ("model", "swapped"))
    assert ours["names"].tolist() == theirs["names"].tolist() == ["mu", "nu"]
    np.testing.assert_array_equal(ours["samples"], theirs["samples"])


def test_limits_take_the_names_in_any_order(given, command, tmp_path):
    quick = ("--method", "wilks", "--points", 7, "--no-zoom")
    for name, prior in (("model", ()), ("swapped", ("--prior", SWAPPED))):
        result = command("limits", *given, *quick, *prior, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
    ours, theirs = (arrays(tmp_path / name / "region.npz") for name in ("model", "swapped"))
    assert theirs["names"].tolist() == ["mu", "nu"]
    np.testing.assert_array_equal(ours["points"], theirs["points"])
    np.testing.assert_array_equal(ours["p_value"], theirs["p_value"])


@pytest.mark.parametrize("name", ["infer", "limits"])
@pytest.mark.parametrize("prior", ["mu=0:2", "mu=0:2,rate=18:22", "mu=0:2,nu=18:22,rate=0:1"])
def test_other_names_are_refused(given, command, tmp_path, name, prior):
    result = command(name, *given, "--prior", prior, "--out", tmp_path / "none")
    assert result.exit_code == 2
    assert "was trained on mu, nu" in " ".join(result.output.split())
    assert not (tmp_path / "none").exists()
