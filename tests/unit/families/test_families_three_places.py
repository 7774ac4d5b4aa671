"""A family is added in three places: a row, a C++ struct, and its table and frame in `protocols`."""

import os
import shutil
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.cpp,
    pytest.mark.skipif(shutil.which("flatc") is None, reason="flatc is not installed (Debian: flatbuffers-compiler)"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed"),
]

ROW = """    Family(
        "HalfNormal", 13, {"scale": POSITIVE},
        sampler=lambda generator, size, scale: abs(generator.normal(0.0, scale, size)),
        scipy=Call("halfnorm", ("scale",)),
        pyro=Call("HalfNormal", ("scale",)),
    ),
)  # fmt: skip
"""
STRUCT = """
template <class Real>
struct HalfNormal {
  static constexpr FamilyId id{13, "HalfNormal"};
  static constexpr const char* domain = "a finite scale > 0";
  Real scale;

  bool valid() const { return detail::is_positive(scale); }
  std::array<Real, 1> parameters() const { return {scale}; }
  double sample(Source& source) const { return std::abs(Normal<double>{0.0, primal(scale)}.sample(source)); }

  Real log_prob(double value) const {
    return value >= 0 ? Real(std::log(2.0) + Normal<Real>{0.0, scale}.log_prob(value)) : Real(-detail::infinity);
  }
};

template <class A>
HalfNormal(A) -> HalfNormal<RealOf<A>>;

}  // namespace motherlode
"""
PROGRAM = """
#include <cstdio>
#include "motherlode/motherlode.hpp"
#include "motherlode/ppx/encode.hpp"
using namespace motherlode;

int main(int, char** argv) {
  const Model model = Model("toy", "1", [](const Theta& theta, Draws& draws) {
    return draws.observe(HalfNormal{theta[0]}, "x");
  }).parameter("theta", 0.1, 10.0);
  GoldRequest asked;
  asked.keep = Keep::traces;
  asked.count = 1;
  asked.theta = {2.0};
  asked.alternatives = {3.0};
  asked.steps = {1e-5};
  const GoldBlock block = mine(model, asked);
  std::printf("%s %.17g %.17g\\n", block.traces.sites[0].family.name, block.x[0], block.joint_log_ratio[0]);
  encode::Builder builder;
  encode::sample(builder, {"galton.cpp:fall:23#1", "halfnormal", HalfNormal<double>::id, false}, HalfNormal{0.5});
  std::FILE* file = std::fopen(argv[1], "wb");
  std::fwrite(builder.GetBufferPointer(), 1, builder.GetSize(), file);
  std::fclose(file);
}
"""
CHECK = """
import sys
from pathlib import Path
from scipy import stats
from motherlode.families import FAMILIES, PYRO_FAMILIES, WIRE_FAMILIES
from motherlode.ppx.format.codec import decode

family = FAMILIES["HalfNormal"]
assert WIRE_FAMILIES[-1] is family and PYRO_FAMILIES["HalfNormal"][0] is family
name, x, log_ratio = sys.argv[1:4]
assert name == "HalfNormal"
assert abs(family.log_prob(float(x), 2.0) - stats.halfnorm(scale=2.0).logpdf(float(x))) < 1e-12
assert abs(family.log_prob(float(x), 2.0) - family.log_prob(float(x), 3.0) - float(log_ratio)) < 1e-12
ours, golden = (decode(Path(path).read_bytes()) for path in sys.argv[4:6])
assert ours.family == golden.family == "HalfNormal" and ours.parameters == golden.parameters
"""
SEEN = "layout or conforms or writer_writes or wire_numbers or decodes_to or recalled or flatc_reads"


def edit(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def house(root, tmp_path):
    """A copy of the parts of the repository that know families."""
    for folder in ("src", "protocols", "tests/wire", "tests/unit/families"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(root / file, tmp_path / file)
    return tmp_path


def test_a_family_added_in_three_places_is_known_everywhere(house):
    include, protocols = house / "src/cpp/include", house / "protocols"
    edit(house / "src/motherlode/families/continuous.py", ")  # fmt: skip\n", ROW)
    edit(include / "motherlode/continuous.hpp", "\n}  // namespace motherlode\n", STRUCT)
    edit(protocols / "ppx.fbs", "\nunion Distribution {", "table HalfNormal { scale:Tensor; }\n\nunion Distribution {")
    edit(protocols / "ppx.fbs", "  Geometric\n", "  Geometric, HalfNormal\n")
    edit(
        protocols / "golden/write.py",
        '    "sample_uncontrolled"',
        '    "sample_halfnormal": sample("HalfNormal", scale=HALF),\n    "sample_uncontrolled"',
    )

    environment = {**os.environ, "PYTHONPATH": str(house / "src")}
    run(sys.executable, protocols / "golden/write.py")
    tests = ["tests/wire/test_golden.py", "tests/unit/families/test_families_calls.py"]
    tests = [*tests, "tests/unit/families/test_families_table.py", "-k", f"{SEEN} or those_of_the_wire or of_the_wire"]
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, cwd=house, env=environment)

    run("flatc", "--cpp", "--scoped-enums", "-o", house / "generated", protocols / "ppx.fbs")
    (house / "toy.cpp").write_text(PROGRAM)
    run("g++", "-std=c++17", "-O0", "-I", include, "-I", house / "generated", house / "toy.cpp", "-o", house / "toy")
    found = run(house / "toy", house / "ours.bin").split()
    golden = protocols / "golden/accepted/sample_halfnormal.bin"
    run(sys.executable, "-c", CHECK, *found, house / "ours.bin", golden, env=environment)
