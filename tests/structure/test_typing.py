"""A type checker in a user's script knows every public name, and what training returns."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import motherlode

SOURCE = Path(motherlode.__file__).parent

SCRIPT = """
import motherlode
from motherlode import losses

store = motherlode.EventStore("events")
reveal_type(motherlode.train(store))
reveal_type(motherlode.train(store, losses.alice, motherlode.RatioEstimator(1)))
reveal_type(motherlode.train(store, loss=losses.nle))
reveal_type(motherlode.train(store, loss=losses.npe))
reveal_type(motherlode.train(store, loss=losses.sally))
reveal_type(motherlode.train(store, loss=losses.nre))
reveal_type(motherlode.train_ensemble(store, losses.nle, size=3))
reveal_type(motherlode.Ensemble([motherlode.RatioEstimator(1)]))
reveal_type(motherlode.load("model"))
motherlode.train(store, los=1)
motherlode.train(store, losses.nle, motherlode.RatioEstimator(1))
motherlode.train(5)
motherlode.Ensemble([motherlode.RatioEstimator(1)], nonsense=3)
motherlode.nothing
"""

REVEALED = {
    6: "kinds.ratio.RatioEstimator",
    7: "kinds.ratio.RatioEstimator",
    8: "kinds.likelihood.LikelihoodEstimator",
    9: "kinds.posterior.PosteriorEstimator",
    10: "kinds.score.ScoreEstimator",
    11: "kinds.ratio.RatioEstimator",
    12: "kinds.ensembles.LikelihoodEnsemble",
    13: "kinds.ensembles.RatioEnsemble",
    14: "base.Estimator",
}
REFUSED = {15: "call-overload", 16: "arg-type", 17: "call-overload", 18: "call-overload", 19: "attr-defined"}


@pytest.fixture(scope="module")
def said(request, tmp_path_factory):
    """What mypy says of the script, line by line, with the options of someone who set none."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("user")
    (folder / "script.py").write_text(SCRIPT)
    cache = request.config.cache.mkdir("mypy")
    command = [sys.executable, "-m", "mypy", "--config-file=", f"--cache-dir={cache}", "script.py"]
    output = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    lines: dict[int, str] = {}
    for line in output.splitlines():
        if line.startswith("script.py:"):
            number, text = line.split(":", 2)[1:]
            lines[int(number)] = lines.get(int(number), "") + text
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("line", REVEALED)
def test_training_returns_the_estimator_that_the_loss_trains(said, line):
    assert f'Revealed type is "motherlode.estimators.{REVEALED[line]}"' in said[line]


@pytest.mark.slow
@pytest.mark.parametrize("line", REFUSED)
def test_what_does_not_fit_is_an_error(said, line):
    assert "error:" in said[line]
    assert f"[{REFUSED[line]}]" in said[line]


@pytest.mark.slow
def test_nothing_else_is_said(said):
    assert set(said) == {*REVEALED, *REFUSED}


def test_the_package_says_that_it_is_typed():
    assert (SOURCE / "py.typed").exists()


def test_type_checkers_and_the_interpreter_know_the_same_names():
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.asname: node.module for node in block.body for alias in node.names}
    assert {name: module for name, module in seen.items() if name != "losses"} == motherlode._HOMES
    assert {*seen, "__version__"} == set(motherlode.__all__)
