/// The engine against NumPy, the families against SciPy, the product against a sum of logarithms.

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "answers.hpp"
#include "check.hpp"
#include "motherlode/motherlode.hpp"

using namespace motherlode;

TEST("core: Philox has NumPy's words") {
  for (const auto& answer : answers::streams) {
    Philox philox(answer.seed, answer.stream, answer.event);
    for (const std::uint64_t word : answer.words) {
      CHECK(philox() == word);
    }
  }
}

TEST("core: halves of a word come lower half first, and uniforms are NumPy's") {
  for (const auto& answer : answers::streams) {
    Philox halves(answer.seed, answer.stream, answer.event);
    for (const std::uint32_t half : answer.halves) {
      CHECK(halves.next32() == half);
    }
    CHECK(Philox(answer.seed, answer.stream, answer.event).uniform() == answer.uniform);
  }
}

TEST("core: log-densities are SciPy's, in the tails and off the support") {
  for (const auto& answer : answers::densities) {
    CHECK_NEAR(answer.density(answer.value), answer.log_prob, 4e-13 * (1 + std::abs(answer.log_prob)));
  }
  CHECK_NEAR(Bernoulli{1e-12}.log_prob(1), -27.631021115928547, 1e-12);
}

TEST("core: categorical weights need no norm") {
  const Categorical<double> family{{1.0, 0.0, 3.0}};
  CHECK_NEAR(family.log_prob(0), std::log(0.25), 1e-15);
  CHECK_NEAR(family.log_prob(2), std::log(0.75), 1e-15);
  CHECK(std::isinf(family.log_prob(1)) && std::isinf(family.log_prob(3)) && std::isinf(family.log_prob(-1)));
  Source source{Philox(1, 0, 0)};
  for (int i = 0; i < 1000; ++i) {
    CHECK(family.sample(source) != 1);
  }
}

TEST("core: a family refuses parameters outside its domain") {
  CHECK(!(Normal{0.0, 0.0}.valid()) && !(Normal{std::nan(""), 1.0}.valid()));
  CHECK(!(Uniform{1.0, 1.0}.valid()) && !(Bernoulli{1.5}.valid()) && !(Bernoulli{std::nan("")}.valid()));
  CHECK(!(Poisson{-1.0}.valid()) && !(Binomial{2.5, 0.5}.valid()) && !(Gamma{0.0, 1.0}.valid()));
  CHECK(!(Geometric{0.0}.valid()) && !(Geometric{1.5}.valid()) && Geometric{1.0}.valid());
  CHECK(!(Categorical<double>{{0.0, 0.0}}.valid()) && !(Categorical<double>{{}}.valid()));
}

namespace {

/// The mean of `family`'s sampler lies within 4.5 standard errors of the truth (two-sided alpha 7e-6 a family).
template <class F>
void check_sampler(const F& family, double mean, double sd) {
  constexpr int size = 40000;
  Source source{Philox(11, 0, 1)};
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < size; ++i) {
    const double value = family.sample(source);
    sum += value;
    squares += (value - mean) * (value - mean);
  }
  CHECK_NEAR(sum / size, mean, 4.5 * sd / std::sqrt(size));
  CHECK_NEAR(std::sqrt(squares / size), sd, 0.05 * sd);
}

}  // namespace

TEST("core: samplers draw from their own density") {
  check_sampler(Normal{2.0, 3.0}, 2, 3);
  check_sampler(Uniform{-1.0, 3.0}, 1, 4 / std::sqrt(12.0));
  check_sampler(Categorical<double>{{1.0, 1.0, 2.0}}, 1.25, std::sqrt(0.6875));
  check_sampler(Poisson{3.5}, 3.5, std::sqrt(3.5));
  check_sampler(Bernoulli{0.3}, 0.3, std::sqrt(0.21));
  check_sampler(Beta{2.0, 3.0}, 0.4, 0.2);
  check_sampler(Exponential{4.0}, 0.25, 0.25);
  check_sampler(Gamma{2.5, 0.5}, 5, std::sqrt(10.0));
  check_sampler(LogNormal{0.0, 0.25}, std::exp(0.03125), std::sqrt(std::expm1(0.0625)) * std::exp(0.03125));
  check_sampler(Binomial{20.0, 0.3}, 6, std::sqrt(4.2));
  check_sampler(Weibull{2.0, 1.0}, 2, 2);
  check_sampler(Geometric{0.25}, 4, std::sqrt(12.0));
}

TEST("core: a product of a million probabilities keeps its logarithm") {
  Product numerator;
  Product denominator;
  double sum = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const double p = 1e-3 + 0.9 * ((i % 1000 * 7919) % 1000) / 1000.0;
    const double q = 0.5 * p + 0.01;
    numerator.multiply(p);
    denominator.multiply(q);
    sum += std::log(p / q);
  }
  CHECK_NEAR(Product::log_ratio(numerator, denominator), sum, 1e-12 * 1e6);
}

TEST("core: a product survives the smallest factors and knows zero") {
  Product tiny;
  for (int i = 0; i < 100; ++i) {
    tiny.multiply(5e-324);
  }
  CHECK(!tiny.is_zero());
  CHECK_NEAR(Product::log_ratio(tiny, Product()), 100 * std::log(5e-324), 1e-9);
  tiny.multiply(0.0);
  CHECK(tiny.is_zero());
}

TEST("core: addresses do not tell where the source was built") {
  CHECK(relative_file("/home/me/project/galton.cpp") == "galton.cpp");
  CHECK(relative_file("../simulators/galton.cpp") == "galton.cpp");
  CHECK(relative_file("./shower/splitting.cpp") == "shower/splitting.cpp");
  CHECK(address({"shower/splitting.cpp", "split", 12}) == "shower/splitting.cpp:split:12");
  CHECK(address({"board.hpp", "fall<Theta, Draws>", 7}) == "board.hpp:fall:7");
}
