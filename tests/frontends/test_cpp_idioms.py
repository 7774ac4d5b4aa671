"""Idioms of <random> compile against the C++ headers with their meaning, or are refused by one sentence."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "src" / "cpp" / "include"
HEAD = """
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>
#include "motherlode/motherlode.hpp"
motherlode::engine gen;
motherlode::uniform_real_distribution<double> u01(0.0, 1.0);
"""
ACCEPTED = """
std::vector<int> v(5); std::shuffle(v.begin(), v.end(), gen); return v[0];
std::vector<int> v(5), o; std::sample(v.begin(), v.end(), std::back_inserter(o), 2, gen); return o[0];
return std::generate_canonical<double, 53>(gen);
return std::min(1.0, u01(gen)) + std::max(u01(gen), 0.1) + std::clamp(u01(gen), 0.1, 0.9);
return std::min<double>(1.0, u01(gen)) + double(std::max(u01(gen), u01(gen)));
std::random_device rd; motherlode::engine g2(rd()), g3{rd()}; return u01(g2) + u01(g3);
motherlode::engine g2(static_cast<unsigned>(std::time(nullptr))); g2.seed(1); g2.seed(); return u01(g2);
std::seed_seq s{1, 2}; motherlode::engine g2(s); g2.seed(s); gen.discard(10); return u01(g2);
motherlode::engine::result_type r = gen(); return double(r % 6);
motherlode::engine32 g2(1); const std::uint32_t r = g2(); return r / 4294967296.0;
return double(gen.max() - gen.min()) + motherlode::engine::default_seed;
motherlode::geometric_distribution<int> d(theta); return d(gen) + d.p();
motherlode::poisson_distribution<int> d; return d(gen, motherlode::poisson_distribution<int>::param_type(theta));
motherlode::normal_distribution<double> d(theta, 1.0); return d(gen) + d.mean() + d.min();
motherlode::normal_distribution d{theta, 1.0}; using P = decltype(d)::param_type; return d(gen, P{1.0, 2.0});
motherlode::uniform_int_distribution d(0, 9); using P = decltype(d)::param_type; d.param(P(1, 6)); return d(gen);
motherlode::uniform_real_distribution<float> d; const float u = d(gen); return double(u);
auto die = std::bind(motherlode::uniform_int_distribution<int>(1, 6), std::ref(gen)); return die();
auto coin = std::bind(u01, std::ref(gen)); return coin() < theta ? 1 : 0;
auto u = u01(gen); u -= 0.5; u *= 2; u += 1; u /= 2; return u < theta;
std::uniform_int_distribution<int> die(1, 6); std::normal_distribution<> normal; return die(gen) + normal(gen);
std::vector<double> v(3); std::generate_n(v.begin(), 3, [] { return u01(gen); }); v.push_back(u01(gen)); return v[0];
const double x = -std::log(1 - u01(gen)) * std::sqrt(u01(gen)) + std::pow(u01(gen), 2) + std::abs(u01(gen)); return x;
const double x = u01(gen) * u01(gen) + 1 / u01(gen) - u01(gen) / u01(gen); return x + std::cos(6.28 * u01(gen));
if (u01(gen) < theta && theta > u01(gen) && !(u01(gen) >= 0.5) && u01(gen) != u01(gen)) return 1; return 0;
std::cout << u01(gen) << std::to_string(u01(gen)); return static_cast<int>(double(6 * u01(gen)));
motherlode::uniform01 u; motherlode::uniform01 v(gen); return u < theta || v < theta;
motherlode::discrete_distribution<> d({1.0, theta}); return d(gen) + d.probabilities()[0];
motherlode::cauchy_distribution<> d(0, 1); motherlode::student_t_distribution<> t(3); return d(gen) + t(gen);
""".strip().splitlines()
REFUSED = {
    "int i = 6 * u01(gen); return i;": "motherlode::uniform_int_distribution",
    "return (int)(u01(gen) * 6);": "static_cast<int>(double(u))",
    "if (u01(gen)) return 1; return 0;": "a uniform of motherlode is no integer or bool",
    "return double(u01(gen) % 2);": "motherlode::uniform_int_distribution",
    "std::cout << gen; return 0;": "give the run its own seed instead",
    "std::mt19937 g; motherlode::normal_distribution<> d; return d(g);": "declare it where std::mt19937 stood",
    "motherlode::normal_distribution<int> d; return d(gen);": "give it a floating-point type",
    "motherlode::uniform_int_distribution<double> d; return d(gen);": "there is uniform_real_distribution",
}
HINTED = {
    "const double u = u01(gen); return u < theta ? 1 : 0;": "keep it as `auto u`",
    "motherlode::engine g2(3); return u01(g2) < theta ? 1 : 0;": "motherlode ignores the seed",
    "gen.seed(3); return u01(gen) < theta ? 1 : 0;": "motherlode ignores the seed",
}

pytestmark = [pytest.mark.cpp, pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")]


def functions(bodies):
    """Return functions with these bodies."""
    return "\n".join(f"double f{i}(double theta) {{ (void)theta; {body} }}" for i, body in enumerate(bodies))


def compiled(folder, text, *options):
    """Return the lines of errors and warnings that g++ prints of this text."""
    source = folder / "idioms.cpp"
    source.write_text(HEAD + text + "\n")
    command = ["g++", "-Wall", "-Wextra", "-Wshadow", "-fsyntax-only", f"-I{INCLUDE}", *options, str(source)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=300).stderr
    return [line for line in printed.splitlines() if " error: " in line or " warning: " in line]


@pytest.mark.parametrize("standard", [17, 20])
def test_idioms_compile_without_a_warning(tmp_path, standard):
    assert compiled(tmp_path, functions(ACCEPTED), f"-std=c++{standard}") == []


@pytest.mark.parametrize(("body", "cure"), REFUSED.items())
def test_what_cannot_be_is_refused_by_one_sentence_that_names_the_cure(tmp_path, body, cure):
    (line,) = compiled(tmp_path, functions([body]), "-std=c++17")
    assert "static assertion failed" in line
    assert cure in line


def test_hints_are_given_to_those_who_ask(tmp_path):
    lines = compiled(tmp_path, functions(HINTED), "-std=c++17", "-DMOTHERLODE_WARN")
    assert len(lines) == len(HINTED)
    assert all("deprecated" in line and hint in line for line, hint in zip(lines, HINTED.values(), strict=True))
    assert compiled(tmp_path, functions(HINTED), "-std=c++17") == []


def test_the_examples_of_the_page_on_densities_compile(tmp_path):
    examples = re.findall(r"```cpp\n(.*?)```", (ROOT / "docs" / "densities.md").read_text(), re.DOTALL)
    assert len(examples) == 3
    assert compiled(tmp_path, "\n".join(examples), "-std=c++17") == []
