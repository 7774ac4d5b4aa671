#!/usr/bin/env bash
# Build the wheel, install it beside the tree, and use it as a stranger would: find_package from a C++ project
# of one's own, and the demo from the packaged board.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$1
bin=${VENV:-.venv}/bin
python="$(realpath "$bin")/python"

"$bin/pip" wheel -q --no-deps -w "$scratch/wheel" .
"$bin/pip" install -q --no-deps --target "$scratch/site" "$scratch"/wheel/motherlode-*.whl
export PYTHONPATH="$scratch/site"

cd "$scratch"
"$python" -c 'import motherlode, sys; assert motherlode.__file__.startswith(sys.argv[1]), motherlode.__file__' "$scratch/site"

mkdir -p outside
cat > outside/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.18)
project(outside CXX)
find_package(motherlode REQUIRED COMPONENTS server)
add_executable(outside outside.cpp)
target_link_libraries(outside PRIVATE motherlode::server)
CMAKE
cat > outside/outside.cpp <<'CPP'
#include "motherlode/main.hpp"

double flips(const motherlode::Theta& theta, motherlode::Draws& draws) {
  int heads = 0;
  for (int i = 0; i < 10; ++i) heads += draws.branch(theta[0]);
  return heads;
}

int main(int argc, char** argv) {
  return motherlode::main(motherlode::Model("flips", "1.0", flips).parameter("p", 0.1, 0.9), argc, argv);
}
CPP
cmake -S outside -B outside/build -Dmotherlode_DIR="$("$python" -m motherlode --cmakedir)" > outside/cmake.log
cmake --build outside/build >> outside/cmake.log
"$python" - <<'PYTHON'
import motherlode, numpy as np
with motherlode.launch(["outside/build/outside"]) as simulator:
    events = simulator.mine(np.full((1000, 1), 0.5), [[0.6]], seed=1)
x = events.x.ravel()
exact = x * np.log(0.5 / 0.6) + (10 - x) * np.log(0.5 / 0.4)
worst = np.abs(events.joint_log_ratio[:, 0] - exact).max()
print(f"outside program: joint log-ratio within {worst:.1e} of the closed form")
if worst > 1e-12:
    raise SystemExit("the outside program's gold is wrong")
PYTHON
"$python" -m motherlode demo --quick --out "$scratch/demo"
