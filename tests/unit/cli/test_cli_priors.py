"""``--prior`` of ``infer`` and ``limits`` goes by names: in another order it means the same, of other names nothing.

x = (a, b) ~ Normal((mu, nu), (0.3, 0.3)), observed around (1, 20): swapped parameters would lie outside either range.
"""

import numpy as np
import pytest
from click.testing import CliRunner

from motherlode.cli import main

SOURCE = """
PARAMETERS = ("mu", "nu")

def pair(theta, rng):
    return rng.normal(theta, 0.3)
"""

SWAPPED = "nu=18:22,mu=0:2"


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)


def arrays(path):
    with np.load(path) as content:
        return dict(content)


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Return a model of two parameters and an observation, as arguments."""
    made = tmp_path_factory.mktemp("pair")
    (made / "pair.py").write_text(SOURCE)
    mined = run("mine", f"{made / 'pair.py'}:pair", "--prior", "mu=0:2,nu=18:22", "--events", 500, "--out", made / "in")
    assert mined.exit_code == 0, mined.output
    trained = run("train", made / "in", "--out", made / "model")
    assert trained.exit_code == 0, trained.output
    np.save(made / "observed.npy", np.array([1.0, 20.0]) + 0.3 * np.random.default_rng(0).normal(size=(20, 2)))
    return (made / "model", "--observed", made / "observed.npy")


@pytest.mark.filterwarnings("ignore::motherlode.inference.errors.ConvergenceWarning")
def test_infer_takes_the_names_in_any_order(given, tmp_path):
    quick = ("--chains", 4, "--samples", 50)
    for name, prior in (("model", ()), ("swapped", ("--prior", SWAPPED))):
        result = run("infer", *given, *quick, *prior, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
    ours, theirs = (arrays(tmp_path / name / "samples.npz") for name in ("model", "swapped"))
    assert ours["names"].tolist() == theirs["names"].tolist() == ["mu", "nu"]
    np.testing.assert_array_equal(ours["samples"], theirs["samples"])


def test_limits_take_the_names_in_any_order(given, tmp_path):
    quick = ("--method", "wilks", "--points", 7, "--no-zoom")
    for name, prior in (("model", ()), ("swapped", ("--prior", SWAPPED))):
        result = run("limits", *given, *quick, *prior, "--out", tmp_path / name)
        assert result.exit_code == 0, result.output
    ours, theirs = (arrays(tmp_path / name / "region.npz") for name in ("model", "swapped"))
    assert theirs["names"].tolist() == ["mu", "nu"]
    np.testing.assert_array_equal(ours["points"], theirs["points"])
    np.testing.assert_array_equal(ours["p_value"], theirs["p_value"])


@pytest.mark.parametrize("command", ["infer", "limits"])
@pytest.mark.parametrize("prior", ["mu=0:2", "mu=0:2,rate=18:22", "mu=0:2,nu=18:22,rate=0:1"])
def test_other_names_are_refused(given, tmp_path, command, prior):
    result = run(command, *given, "--prior", prior, "--out", tmp_path / "none")
    assert result.exit_code == 2
    assert "was trained on mu, nu" in result.output
    assert not (tmp_path / "none").exists()
