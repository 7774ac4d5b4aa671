"""Write answers.hpp: what NumPy and SciPy say, for the C++ tests to agree with.

Run by hand when a case is added: ``python tests/cpp/write_answers.py``.
"""

import sys
from pathlib import Path

import numpy as np
import scipy
from scipy import stats

STREAMS = [(0, 0, 0), (5, 0, 7), (2**64 - 1, 1, 2**40 + 3), (20261120, 2, 2**64 - 1)]
DENSITIES = [
    ("Normal{1.5, 0.25}", stats.norm(1.5, 0.25), "logpdf", [1.5, -3.0, 40.0]),
    ("Uniform{-1.0, 3.0}", stats.uniform(-1.0, 4.0), "logpdf", [-1.0, 0.5, 3.0, 3.5]),
    ("Poisson{3.25}", stats.poisson(3.25), "logpmf", [0, 7, 500, 1.5, -1]),
    ("Poisson{0.0}", stats.poisson(0.0), "logpmf", [0, 1]),
    ("Bernoulli{1e-12}", stats.bernoulli(1e-12), "logpmf", [0, 1, 2]),
    ("Bernoulli{1.0}", stats.bernoulli(1.0), "logpmf", [0, 1]),
    ("Beta{2.5, 0.75}", stats.beta(2.5, 0.75), "logpdf", [1e-9, 0.5, 0.999, 1.5]),
    ("Beta{1.0, 1.0}", stats.beta(1.0, 1.0), "logpdf", [0.0, 1.0]),
    ("Exponential{4.0}", stats.expon(scale=0.25), "logpdf", [0.0, 3.0, 300.0, -1.0]),
    ("Gamma{2.5, 0.5}", stats.gamma(2.5, scale=2.0), "logpdf", [1e-9, 3.0, 3000.0, -1.0]),
    ("Gamma{1.0, 0.5}", stats.gamma(1.0, scale=2.0), "logpdf", [0.0, 3.0]),
    ("LogNormal{0.5, 1.25}", stats.lognorm(1.25, scale=np.exp(0.5)), "logpdf", [1e-12, 2.0, 1e9, 0.0, -1.0]),
    ("Binomial{20.0, 0.3}", stats.binom(20, 0.3), "logpmf", [0, 6, 20, 21, 2.5]),
    ("Binomial{20.0, 0.0}", stats.binom(20, 0.0), "logpmf", [0, 1]),
    ("Binomial{20.0, 1.0}", stats.binom(20, 1.0), "logpmf", [20, 19]),
    ("Geometric{0.25}", stats.geom(0.25), "logpmf", [1, 7, 500, 0, 1.5, -1]),
    ("Geometric{1e-12}", stats.geom(1e-12), "logpmf", [1, 10**9]),
    ("Geometric{1.0}", stats.geom(1.0), "logpmf", [1, 2]),
    ("Weibull{2.0, 1.5}", stats.weibull_min(1.5, scale=2.0), "logpdf", [1e-9, 3.0, 60.0, -1.0]),
    ("Weibull{2.0, 1.0}", stats.weibull_min(1.0, scale=2.0), "logpdf", [0.0, 3.0]),
]


def number(value: float) -> str:
    """Return a C++ literal that is `value` to the last bit."""
    return "-infinity" if value == -np.inf else float(value).hex()


def philox(seed: int, stream: int, event: int) -> np.random.Philox:
    """Return NumPy's engine of this event."""
    return np.random.Philox(
        key=np.array([seed, stream], dtype=np.uint64), counter=np.array([0, 0, event, 0], dtype=np.uint64)
    )


def streams() -> list[str]:
    """Return the first ten words of each stream."""
    lines = []
    for seed, stream, event in STREAMS:
        words = philox(seed, stream, event).random_raw(10)
        halves = np.random.Generator(philox(seed, stream, event)).integers(0, 2**32, size=3, dtype=np.uint32)
        uniform = np.random.Generator(philox(seed, stream, event)).random()
        lines.append(
            f"    {{{seed}u, {stream}u, {event}u, {{{', '.join(f'{word}u' for word in words)}}},"
            f" {{{', '.join(f'{half}u' for half in halves)}}}, {number(uniform)}}},"
        )
    return lines


def densities() -> list[str]:
    """Return log-densities family by family."""
    lines = []
    for family, law, method, values in DENSITIES:
        with np.errstate(divide="ignore"):
            lines += [f"    {{{family}, {number(v)}, {number(getattr(law, method)(v))}}}," for v in values]
    return lines


def main() -> int:
    """Write the header beside this script."""
    text = [
        "#pragma once",
        "",
        f"/// Written by write_answers.py with NumPy {np.__version__} and SciPy {scipy.__version__}; not by hand.",
        "",
        "#include <cstdint>",
        "#include <functional>",
        "#include <limits>",
        "#include <vector>",
        "",
        '#include "motherlode/families.hpp"',
        "",
        "namespace answers {",
        "",
        "using namespace motherlode;",
        "",
        "constexpr double infinity = std::numeric_limits<double>::infinity();",
        "",
        "struct StreamAnswer {",
        "  std::uint64_t seed, stream, event;",
        "  std::vector<std::uint64_t> words;",
        "  std::vector<std::uint32_t> halves;",
        "  double uniform;",
        "};",
        "",
        "struct DensityAnswer {",
        "  std::function<double(double)> density;",
        "  double value, log_prob;",
        "",
        "  template <class F>",
        "  DensityAnswer(F family, double at, double answer)",
        "      : density([family](double x) { return family.log_prob(x); }), value(at), log_prob(answer) {}",
        "};",
        "",
        "inline const std::vector<StreamAnswer> streams{",
        *streams(),
        "};",
        "",
        "inline const std::vector<DensityAnswer> densities{",
        *densities(),
        "};",
        "",
        "}  // namespace answers",
    ]
    Path(__file__).with_name("answers.hpp").write_text("\n".join(text) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
