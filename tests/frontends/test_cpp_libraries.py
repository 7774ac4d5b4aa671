"""C++ libraries with hidden visibility, linked or loaded as plug-ins, draw in the run of their program."""

import shutil
import subprocess
from pathlib import Path

import pytest

INCLUDE = Path(__file__).resolve().parents[2] / "src" / "cpp" / "include"
LIBRARY = """
#include "motherlode/motherlode.hpp"
static motherlode::engine gen;
static motherlode::uniform_real_distribution<double> u01(0.0, 1.0);
extern "C" __attribute__((visibility("default"))) double NAME(double p) { return u01(gen) < p ? 1.0 : 0.0; }
"""
PROGRAM = """
#include <dlfcn.h>
#include <iostream>
#include "motherlode/motherlode.hpp"
using Draw = double (*)(double);
#ifdef LINKED
extern "C" double first(double);
extern "C" double second(double);
Draw find(const char* name) { return name[0] == 'f' ? first : second; }
#else
Draw find(const char* name) {
  void* library = dlopen((std::string("./lib") + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<Draw>(dlsym(library, name));
}
#endif
int main() {
  const Draw first_draw = find("first");
  const Draw second_draw = find("second");
  const auto model = motherlode::Model("toss", "1", [=](const motherlode::Theta& theta, motherlode::Draws&) {
    return first_draw(theta[0]) + 2 * second_draw(theta[0]);
  }).parameter("p", 0, 1);
  try {
    motherlode::print_events(model, {0.5}, 1, 20, std::cout);
  } catch (const motherlode::Error& error) {
    std::cout << error.what();
  }
}
"""
ALONE = """
#include <iostream>
#include "motherlode/motherlode.hpp"
int main() {
  const auto model = motherlode::Model("toss", "1", [](const motherlode::Theta& theta, motherlode::Draws& draws) {
    const bool first = draws.branch(theta[0]);
    return first + 2 * draws.branch(theta[0]);
  }).parameter("p", 0, 1);
  motherlode::print_events(model, {0.5}, 1, 20, std::cout);
}
"""

pytestmark = [pytest.mark.cpp, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")]


def run(folder, *command):
    """Run a command in the folder and return what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def build(folder, text, name, *options):
    """Compile a text with hidden visibility."""
    (folder / f"{name}.cpp").write_text(text)
    hidden = ("-fvisibility=hidden", "-fvisibility-inlines-hidden", "-Wall", "-Wextra")
    run(folder, "g++", "-std=c++17", *hidden, f"-I{INCLUDE}", f"{name}.cpp", "-o", name, *options)


def test_libraries_and_plug_ins_share_one_run(tmp_path):
    for name in ("first", "second"):
        build(tmp_path, LIBRARY.replace("NAME", name), f"lib{name}.so", "-fPIC", "-shared")
    build(tmp_path, ALONE, "alone")
    build(tmp_path, PROGRAM, "linked", "-DLINKED", "-L.", "-lfirst", "-lsecond", "-Wl,-rpath,.", "-ldl")
    build(tmp_path, PROGRAM, "loading", "-rdynamic", "-ldl")
    build(tmp_path, PROGRAM, "apart", "-ldl")
    wanted = run(tmp_path, "./alone")
    assert len(wanted.split()) == 20
    assert run(tmp_path, "./linked") == wanted
    assert run(tmp_path, "./loading") == wanted
    assert "link the program that loads it with -rdynamic" in run(tmp_path, "./apart")
