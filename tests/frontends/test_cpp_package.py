"""Build programs outside of the repository against the C++ headers as the wheel lays them out."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import motherlode

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "src" / "cpp"

CORE = """
#include <iostream>
#include "motherlode/motherlode.hpp"
double toss(const motherlode::Theta& theta, motherlode::Draws& draws) { return draws.branch(theta[0]); }
int main() {
  motherlode::print_events(motherlode::Model("toss", "1", toss).parameter("p", 0, 1), {0.5}, 1, 3, std::cout);
}
"""
SERVER = """
#include "motherlode/main.hpp"
double toss(const motherlode::Theta& theta, motherlode::Draws& draws) { return draws.branch(theta[0]); }
int main(int argc, char** argv) {
  return motherlode::main(motherlode::Model("toss", "1", toss).parameter("p", 0, 1), argc, argv);
}
"""

pytestmark = [
    pytest.mark.cpp,
    pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed"),
]


def run(*command):
    """Run a command and return what it printed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.fail(f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Copy the C++ part of the wheel to where pyproject.toml puts it."""
    site = tmp_path_factory.mktemp("site packages")
    included = re.findall(r'^"(.+)" = "(motherlode/.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert len(included) >= 4
    for source, target in included:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, site / target)
        else:
            (site / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, site / target)
    return site / "motherlode"


def project(folder, body, program):
    """Write a project of one program."""
    folder.mkdir()
    text = f"cmake_minimum_required(VERSION 3.18)\nproject(outside LANGUAGES CXX)\n{body}\n"
    (folder / "CMakeLists.txt").write_text(text)
    (folder / "toss.cpp").write_text(program)
    return folder


def build(folder, *options):
    """Configure, build, and return the program."""
    run("cmake", "-S", folder, "-B", folder / "build", *options)
    run("cmake", "--build", folder / "build")
    return folder / "build" / "toss"


def test_find_package_of_core_needs_nothing_else(prefix, tmp_path):
    body = (
        "find_package(motherlode 0.1 REQUIRED COMPONENTS core)\n"
        "add_executable(toss toss.cpp)\n"
        "target_link_libraries(toss PRIVATE motherlode::core)"
    )
    hidden = "-DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON"
    program = build(project(tmp_path / "core", body, CORE), f"-DCMAKE_PREFIX_PATH={prefix}", hidden)
    assert len(run(program).split()) == 3


def test_find_package_of_server_from_a_folder_with_a_space(prefix, tmp_path):
    body = (
        "find_package(motherlode REQUIRED)\n"
        "add_executable(toss toss.cpp)\n"
        "target_link_libraries(toss PRIVATE motherlode::server)"
    )
    program = build(
        project(tmp_path / "server", body, SERVER), f"-Dmotherlode_DIR={prefix / 'share' / 'cmake' / 'motherlode'}"
    )
    with motherlode.launch([program]) as simulator:
        trace = simulator.mine([[0.5]] * 3, [[[0.25]]] * 3, seed=1, traces=True).traces[0]
    assert trace[0].address.startswith("toss.cpp:toss:")


def test_fetch_content_takes_the_source_folder(tmp_path):
    body = (
        f'add_subdirectory("{CPP}" motherlode)\n'
        "add_executable(toss toss.cpp)\n"
        "target_link_libraries(toss PRIVATE motherlode::core)"
    )
    assert len(run(build(project(tmp_path / "fetched", body, CORE))).split()) == 3


def test_what_is_missing_is_named_with_the_packages_to_install(prefix, tmp_path):
    body = (
        "set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)\n"
        "set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)\n"
        "find_package(motherlode REQUIRED COMPONENTS server)"
    )
    folder = project(tmp_path / "missing", body, CORE)
    configure = ["cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={prefix}"]
    done = subprocess.run(configure, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "apt install libzmq3-dev cppzmq-dev libflatbuffers-dev flatbuffers-compiler" in " ".join(done.stderr.split())


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
def test_pkg_config_gives_the_flags_of_core(tmp_path):
    flags = run("pkg-config", "--cflags", CPP / "share" / "pkgconfig" / "motherlode.pc").split()
    (tmp_path / "toss.cpp").write_text(CORE)
    run("c++", *flags, tmp_path / "toss.cpp", "-o", tmp_path / "toss")
    assert len(run(tmp_path / "toss").split()) == 3


def test_versions_agree():
    written = {
        CPP / "include" / "motherlode" / "version.hpp": r'version = "(.*)"',
        CPP / "cmake" / "motherlodeConfigVersion.cmake": r'PACKAGE_VERSION "(.*)"',
        CPP / "share" / "pkgconfig" / "motherlode.pc": r"Version: (.*)",
    }
    for file, pattern in written.items():
        assert re.search(pattern, file.read_text())[1] == motherlode.__version__, file
