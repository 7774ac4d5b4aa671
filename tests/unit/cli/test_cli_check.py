"""``motherlode check``: exit status, output, the picture."""

import sys

import pytest
from click.testing import CliRunner

from motherlode.cli import main

SOURCE = """
PARAMETERS = ("theta",)
LOW = (0.5,)
HIGH = (2.0,)


def right(theta, rng):
    return rng.normal(theta[0], 1.0) + rng.poisson(2.0)


def leaky(theta, rng):
    return theta[0] + rng.normal()
"""


@pytest.fixture
def target(tmp_path):
    file = tmp_path / "coins_of_test_check.py"
    file.write_text(SOURCE)
    yield str(file)
    sys.modules.pop("motherlode_target_coins_of_test_check", None)


def run(*arguments):
    return CliRunner().invoke(main, ["check", *arguments])


def test_minable(target, tmp_path):
    result = run(f"{target}:right", "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert result.output.startswith("right: minable.")
    assert "coins_of_test_check.py:8 (right)" in result.output
    picture = tmp_path / "out" / "branchings.png"
    assert str(picture) in result.output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_not_minable(target):
    result = run(f"{target}:leaky", "--prior", "theta=0.6:1.0")
    assert result.exit_code == 1
    assert "leaky: NOT minable" in result.output
    assert "coins_of_test_check.py:12 (leaky)" in result.output
    assert "return theta[0] + rng.normal()" in result.output
    assert "rng.normal(theta, 1.0)" in result.output


def test_options(target):
    result = run(f"{target}:right", "--events", "250", "--alternatives", "3")
    assert result.exit_code == 0
    assert "events tried                    250" in result.output
    assert "3 alternative(s)" in result.output


def test_prior_that_does_not_fit(target):
    result = run(f"{target}:right", "--prior", "mu=0:1")
    assert result.exit_code == 1
    assert "theta" in result.output
    assert "Traceback" not in result.output


def test_no_such_function(target):
    result = run(f"{target}:wrong")
    assert result.exit_code == 1
    assert "It has: leaky, right" in result.output or "It has: right, leaky" in result.output
