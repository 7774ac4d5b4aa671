"""The command line: what it does, what it says, how it ends."""

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from motherlode.cli import main
from motherlode.store import EventStore

SOURCE = """
PARAMETERS = ("mu", "sigma")
LOW, HIGH = (-1.0, 0.5), (1.0, 2.0)

def sound(theta, rng):
    return rng.normal(theta[0], theta[1])

def leaking(theta, rng):
    return theta[0] + theta[1] * rng.normal()

def broken(theta, rng):
    raise RuntimeError("no calibration file")
"""

PRIOR = "mu=-1:1,sigma=0.5:2"


@pytest.fixture
def simulator(tmp_path):
    file = tmp_path / "toy_simulator.py"
    file.write_text(SOURCE)
    return file


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def mine(simulator, out, *more, function="sound"):
    return run("mine", f"{simulator}:{function}", "--prior", PRIOR, "--events", 300, "--out", out, *more)


def test_help_names_every_command():
    text = run("--help").output
    for command in ("check", "demo", "mine", "train", "infer", "limits", "report", "keys"):
        assert command in text
        assert "Usage" in run(command, "--help").output


def test_help_is_quick():
    """No command imports torch or zmq before it runs."""
    code = (
        "import sys, click.testing, motherlode.cli\n"
        "click.testing.CliRunner().invoke(motherlode.cli.main, ['--help'])\n"
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "pyro", "matplotlib", "zmq"} & set(loaded)


def test_version():
    import motherlode

    assert run("--version").output.strip() == f"motherlode, version {motherlode.__version__}"


def test_as_a_module():
    done = subprocess.run([sys.executable, "-m", "motherlode", "--version"], capture_output=True, text=True, check=True)
    assert "motherlode" in done.stdout


def test_check_of_a_sound_simulator(simulator):
    result = run("check", f"{simulator}:sound")
    assert result.exit_code == 0
    assert "minable" in result.output
    assert "toy_simulator.py:6" in result.output


def test_check_of_a_leak_names_the_line_and_the_remedy(simulator):
    result = run("check", f"{simulator}:leaking", "--events", 20)
    assert result.exit_code == 1
    assert "NOT minable" in result.output
    assert "toy_simulator.py:9" in result.output
    assert "instead of" in result.output


def test_check_of_what_always_fails(simulator):
    result = run("check", f"{simulator}:broken", "--events", 20)
    assert result.exit_code == 1
    assert "no calibration file" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nowhere.py:f"], "There is no file nowhere.py"),
        (["check", "{file}"], "names a file but no function"),
        (["check", "{file}:absent"], "has no function 'absent'. It has: sound, leaking, broken"),
        (["check", "{file}:sound", "--prior", "mu=0:1"], "('mu', 'sigma')"),
        (["check", "{file}:sound", "--prior", "mu=-5:1,sigma=0.5:2"], "declared on [-1, 1] only"),
        (["check", "{file}:sound", "--prior", "mu:0:1"], "neither name=low:high"),
        (["mine", "{file}:sound", "--prior", PRIOR, "--events", "0", "--out", "{out}"], "events=0"),
        (["mine", "{file}:sound", "--prior", PRIOR, "--out", "{file}"], "is a file"),
        (["mine", "{file}:sound", "--prior", PRIOR, "--out", "{out}", "--workers", "0"], "workers=0"),
        (["check", "/no/such/program"], "/no/such/program"),
    ],
)
def test_mistakes_end_with_a_text_and_status_one(simulator, tmp_path, arguments, words):
    given = [a.format(file=simulator, out=tmp_path / "store") for a in arguments]
    result = run(*given)
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_mine_and_resume(simulator, tmp_path):
    out = tmp_path / "store"
    result = mine(simulator, out, "--seed", 5, "--alternatives", 2, "--shard", 100)
    assert result.exit_code == 0
    assert "300 events, 0 failures" in result.output
    assert "passed" in result.output
    store = EventStore(out)
    whole = store.load()
    assert whole.alternatives.shape == (300, 2, 2)
    store.shards()[1].unlink()
    again = mine(simulator, out, "--seed", 5, "--alternatives", 2, "--shard", 7)
    assert again.exit_code == 0
    assert EventStore(out).load().same_as(whole)
    assert EventStore(out).manifest().simulator == "sound"


def test_mine_refuses_to_mix(simulator, tmp_path):
    mine(simulator, tmp_path / "store")
    result = mine(simulator, tmp_path / "store", "--seed", 9)
    assert result.exit_code == 1
    assert "StoreMismatch" in result.output
    assert "seed = 0" in result.output


def test_mine_of_a_leak_condemns(simulator, tmp_path):
    result = mine(simulator, tmp_path / "store", function="leaking")
    assert result.exit_code == 1
    assert "toy_simulator.py:leaking:9" in result.output
    assert EventStore(tmp_path / "store").condemned()
    again = run("train", tmp_path / "store", "--out", tmp_path / "model")
    assert again.exit_code == 1
    assert "condemned" in again.output


def test_mine_with_traces(simulator, tmp_path):
    assert mine(simulator, tmp_path / "store", "--traces").exit_code == 0
    assert len(EventStore(tmp_path / "store").load().traces[0]) == 1


def test_train_refuses_an_unknown_method(simulator, tmp_path):
    mine(simulator, tmp_path / "store")
    result = run("train", tmp_path / "store", "--method", "alchemy", "--out", tmp_path / "model")
    assert result.exit_code == 2
    assert "alices" in result.output


def test_an_empty_folder_cannot_be_trained_on(tmp_path):
    (tmp_path / "empty").mkdir()
    result = run("train", tmp_path / "empty", "--out", tmp_path / "model")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


@pytest.mark.slow
@pytest.mark.parametrize("board", ["python", pytest.param("cpp", marks=pytest.mark.cpp)])
def test_the_demo(tmp_path, board, request):
    """The main job in one command: figures, and a report whose numbers are right."""
    if board == "cpp":
        request.getfixturevalue("galton")
    out = tmp_path / "demo"
    command = [sys.executable, "-m", "motherlode", "demo", "--quick", "--simulator", board, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((out / "report.json").read_text())
    for name in ("expectation_ratio", "expectation_score"):
        exact = {"expectation_ratio": 1.0, "expectation_score": 0.0}[name]
        assert abs(report[name] - exact) < 5 * report[f"{name}_error"]
    assert report["mse_log_ratio"] < 2e-3
    assert abs(report["posterior_mean"] - report["exact_posterior_mean"]) < report["exact_posterior_sd"]
    assert len(list(out.glob("*.png"))) >= 4
    assert np.isfinite(report["draws_per_second"])
    assert len(done.stdout.strip().splitlines()) >= 10


def test_mine_with_near_alternatives(simulator, tmp_path):
    out = tmp_path / "store"
    assert mine(simulator, out, "--near", 0.05).exit_code == 0
    events = EventStore(out).load()
    distance = np.abs(events.theta[:, None] - events.alternatives) / np.array([2.0, 1.5])
    assert distance.max() <= 0.05
    assert np.ptp(events.theta[:, 0]) > 1.8
