"""The README tells the truth: its Python example runs, its C++ program builds, its links lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from motherlode.core.paths import cmake_dir

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def run(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def test_links_lead_somewhere():
    targets = [target for target in re.findall(r"\]\(([^)#]+)", README) if not target.startswith("http")]
    assert len(targets) > 8
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_two_commands_are_shown():
    commands = "".join(blocks("bash"))
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"make {target}" in commands
        assert f"\n{target}:" in makefile


@pytest.mark.slow
def test_the_python_example_runs(tmp_path):
    example = blocks("python")[0]
    assert "20_000" in example
    script = tmp_path / "example.py"
    script.write_text(example.replace("20_000", "2_000").replace("samples=1000", "samples=100"))
    assert "minable" in run(tmp_path, sys.executable, "-W", "ignore", str(script))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["campaigns", "inference"])
def test_the_first_script_of_a_page_runs(page, tmp_path):
    text = (ROOT / "docs" / f"{page}.md").read_text()
    script = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[0]
    for long, short in (("20_000", "4_000"), ("samples=500", "samples=100"), ("replicas=100", "replicas=20")):
        script = script.replace(long, short)
    (tmp_path / "script.py").write_text(script)
    run(tmp_path, sys.executable, "-W", "ignore", "script.py")


@pytest.mark.slow
@pytest.mark.cpp
def test_the_cpp_example_builds_and_is_mined(tmp_path):
    (tmp_path / "flips.cpp").write_text(blocks("cpp")[0])
    lines = ["cmake_minimum_required(VERSION 3.18)", "project(flips CXX)", "add_executable(flips flips.cpp)"]
    package, link = (line.split("#")[0] for line in blocks("cmake")[0].splitlines())
    (tmp_path / "CMakeLists.txt").write_text("\n".join([*lines, package, link]))
    run(tmp_path, "cmake", "-S", ".", "-B", "build", f"-Dmotherlode_DIR={cmake_dir()}")
    run(tmp_path, "cmake", "--build", "build")
    (tmp_path / "flips").symlink_to(tmp_path / "build" / "flips")
    example = "import numpy as np, motherlode\n" + blocks("python")[1] + "\nprint(events.audit().ok, len(events))"
    assert run(tmp_path, sys.executable, "-c", example).split()[-2:] == ["True", "100000"]
