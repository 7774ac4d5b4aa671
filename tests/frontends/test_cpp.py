"""Build and run the C++ tests, and throw the same balls on the C++ board and on the Python one."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build"

pytestmark = [
    pytest.mark.cpp,
    pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed"),
]


def run(*command, **options):
    """Run a command and return what it printed; show all of it where it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=1200, **options)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def build(source, name, *options):
    """Configure and build a CMake project in a folder of the cache that later runs reuse."""
    folder = CACHE / name
    run("cmake", "-S", source, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", *options)
    run("cmake", "--build", folder, "--parallel", 2)
    return folder


@pytest.fixture(scope="module")
def tests():
    return build(ROOT / "tests" / "cpp", "tests-cpp")


@pytest.fixture(scope="module")
def galton():
    return (
        build(ROOT / "simulators" / "galton", "galton", f"-Dmotherlode_DIR={ROOT / 'src' / 'cpp' / 'cmake'}") / "galton"
    )


SUITES = ("core", "replay", "tracked", "random", "standard", "own", "eigen", "golden", "server", "fuzz")


@pytest.mark.parametrize("suite", SUITES)
def test_suite(tests, suite):
    run("ctest", "--test-dir", tests, "--output-on-failure", "-R", f"^{suite}$", "--timeout", 120)


@pytest.mark.slow
def test_a_million_mutated_frames_and_all_tests_under_sanitizers():
    folder = build(ROOT / "tests" / "cpp", "tests-asan", "-DMOTHERLODE_SANITIZE=ON")
    run(folder / "fuzz", 1_000_000)
    run("ctest", "--test-dir", folder, "--output-on-failure", "--timeout", 300)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clang++") is None, reason="clang++ is not installed")
def test_clang_compiles_without_a_warning_and_passes():
    folder = build(ROOT / "tests" / "cpp", "tests-clang", "-DCMAKE_CXX_COMPILER=clang++")
    run("ctest", "--test-dir", folder, "--output-on-failure", "--timeout", 120)


def python_board(theta, seed, event):
    """Return the slot that plain.py's ball ends in, on stream (seed, event)."""
    sys.path.insert(0, str(ROOT / "simulators" / "galton"))
    try:
        import plain
    finally:
        sys.path.pop(0)
    key = np.array([seed, 0], dtype=np.uint64)
    counter = np.array([0, 0, event, 0], dtype=np.uint64)
    return plain.galton([theta], np.random.Generator(np.random.Philox(key=key, counter=counter)))


@pytest.mark.parametrize("theta", [-0.8, -0.4375])
def test_alone_the_board_throws_the_balls_of_plain_python(galton, theta):
    printed = run(galton, "--theta", theta, "--events", 300, "--seed", 17)
    assert [float(line) for line in printed.split()] == [python_board(theta, 17, event) for event in range(300)]


def test_help_and_mistakes_on_the_command_line(galton):
    assert "--events N" in run(galton, "--help")
    for words in (["--theta", "-2"], ["--theta", "a"], ["--events"], ["--nonsense", "1"], ["tcp://0.0.0.0:1"]):
        done = subprocess.run([galton, *words], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        assert done.stderr.startswith("galton: ")


def test_the_program_ends_with_its_parent(galton, tmp_path):
    script = (
        "import subprocess, sys, os\n"
        "env = {**os.environ, 'MOTHERLODE_ENDPOINT': sys.argv[2], 'MOTHERLODE_OWNER': str(os.getpid())}\n"
        "quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}\n"
        "child = subprocess.Popen(sys.argv[1:], env=env, **quiet)\n"
        "print(child.pid)\n"
    )
    endpoint = f"ipc://{os.path.relpath(tmp_path)}/s"
    pid = int(run(sys.executable, "-c", script, galton, endpoint))
    for _ in range(200):
        if not alive(pid):
            return
        time.sleep(0.05)
    pytest.fail(f"process {pid} outlived its parent")


def test_the_folder_of_a_killed_owner_goes_with_the_program(galton):
    script = (
        "import os, signal, sys\n"
        "from motherlode.ppx.client.process import Program\n"
        "program = Program(sys.argv[1:])\n"
        "while not (program.folder.path / 's').exists():\n"
        "    program.check('starting')\n"
        "print(program.folder.path, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, galton], capture_output=True, text=True, timeout=60)
    folder = Path(killed.stdout.strip())
    for _ in range(200):
        if not folder.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{folder} was left: {list(folder.iterdir())}")


def alive(pid):
    """Return whether the process runs (a zombie does not)."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
