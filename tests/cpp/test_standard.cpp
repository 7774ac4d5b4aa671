/// The interface of <random>: raw bits, all its distributions, and what std:: code does with both.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "check.hpp"
#include "models.hpp"

namespace {

motherlode::engine bits;
motherlode::uniform_real_distribution<double> u01(0.0, 1.0);

/// The largest distance of two empirical distribution functions.
double distance(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double most = 0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const double at = std::min(a[i], b[j]);
    i = static_cast<std::size_t>(std::upper_bound(a.begin(), a.end(), at) - a.begin());
    j = static_cast<std::size_t>(std::upper_bound(b.begin(), b.end(), at) - b.begin());
    most = std::max(most, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                   static_cast<double>(j) / static_cast<double>(b.size())));
  }
  return most;
}

/// Whether both draw the same law: Kolmogorov-Smirnov at alpha 1e-5, by `param_type` too, with equal parameters.
template <class Ours, class Standard>
void check_law(const Ours& ours, Standard standard) {
  constexpr int count = 20000;
  std::mt19937_64 twister(7);
  Draws draws;
  draws.record(Philox(11, 0, 0));
  const motherlode::engine generator(draws);
  const Ours other{};
  std::vector<double> found;
  std::vector<double> again;
  std::vector<double> wanted;
  for (int i = 0; i < count; ++i) {
    found.push_back(static_cast<double>(ours(generator)));
    again.push_back(static_cast<double>(other(generator, ours.param())));
    wanted.push_back(static_cast<double>(standard(twister)));
  }
  const double limit = 2.47 * std::sqrt(2.0 / count);
  CHECK(distance(found, wanted) < limit);
  CHECK(distance(again, wanted) < limit);
  CHECK(static_cast<double>(ours.min()) == static_cast<double>(standard.min()) || ours.min() <= standard.min());
  Ours copy;
  copy.param(ours.param());
  copy.reset();
  CHECK(copy == ours && copy.param() == ours.param());
}

/// E[w f] under theta is E[f] under the alternative, for f = 1[x < cut].
template <class Function>
void check_weights(Function function, double cut) {
  constexpr std::uint32_t count = 20000;
  const GoldBlock block = gold(one_parameter(function, 0.1, 0.9), request(count, 0.5, {0.6}));
  const GoldBlock there = gold(one_parameter(function, 0.1, 0.9), request(count, 0.6, {}));
  CHECK(block.failures.empty() && gold(one_parameter(function, 0.1, 0.9), probing(200, 0.5)).probed == 200);
  double sum = 0;
  double squares = 0;
  double wanted = 0;
  for (std::size_t row = 0; row < count; ++row) {
    const double weighed = block.x[row] < cut ? std::exp(-block.joint_log_ratio[row]) : 0;
    sum += weighed / count;
    squares += weighed * weighed / count;
    wanted += there.x[row] < cut ? 1.0 / count : 0;
  }
  CHECK_NEAR(sum, wanted, 4.4 * std::sqrt((squares - sum * sum + wanted * (1 - wanted)) / count));
  CHECK(wanted > 0.02 && wanted < 0.98);
}

}  // namespace

TEST("standard: raw bits are draws without theta, and std:: code works with them") {
  const auto model = one_parameter([](const Theta& theta, Draws&) {
                       std::vector<int> cards{0, 1, 2, 3, 4};
                       std::shuffle(cards.begin(), cards.end(), bits);
                       std::uniform_int_distribution<int> die(1, 6);
                       std::normal_distribution<double> normal(0.0, 1.0);
                       const std::uint32_t word = static_cast<std::uint32_t>(bits());
                       const double hit = u01(bits) < theta[0] ? 1.0 : 0.0;
                       return std::vector<double>{double(cards[0]),  double(die(bits)), normal(bits),
                                                  double(word % 6), std::generate_canonical<double, 53>(bits), hit};
                     }, 0.1, 0.9).output({6});
  const GoldBlock block = gold(model, request(12000, 0.5, {0.75}));
  CHECK(block.failures.empty() && gold(model, probing(200, 0.5)).probed == 200);
  std::array<int, 5> first{};
  std::array<int, 6> remainder{};
  for (std::size_t row = 0; row < 12000; ++row) {
    const double* x = &block.x[6 * row];
    ++first[static_cast<std::size_t>(x[0])];
    ++remainder[static_cast<std::size_t>(x[3])];
    CHECK_NEAR(block.joint_log_ratio[row], x[5] == 1 ? std::log(0.5 / 0.75) : std::log(0.5 / 0.25), 1e-12);
  }
  for (const int count : first) {
    CHECK_NEAR(count, 2400, 4.5 * std::sqrt(12000 * 0.2 * 0.8));
  }
  for (const int count : remainder) {
    CHECK_NEAR(count, 2000, 4.5 * std::sqrt(12000 / 6.0 * 5 / 6));
  }
}

TEST("standard: an engine has the interface of std::mt19937_64, its words those of the stream") {
  Draws draws;
  draws.record(Philox(3, 0, 5));
  motherlode::engine generator(draws);
  Philox stream(3, 0, 5);
  CHECK(generator() == stream() && generator() == stream());
  for (const unsigned long long skipped : {1ULL, 10ULL, 4ULL, 1003ULL}) {
    generator.discard(skipped);
    for (unsigned long long i = 0; i < skipped; ++i) {
      stream();
    }
    CHECK(generator() == stream());
  }
  motherlode::engine32 narrow(draws);
  CHECK(narrow() == stream() >> 32 && narrow.max() == 0xffffffff);
  motherlode::engine seeded(42);
  seeded.seed(17);
  std::seed_seq sequence{1, 2, 3};
  const motherlode::engine from_sequence(sequence);
  CHECK(seeded == from_sequence && seeded != generator);
  CHECK(motherlode::engine::min() == 0 && motherlode::engine::max() == std::mt19937_64::max());
  const bool same_type = std::is_same_v<motherlode::engine::result_type, std::uint64_t>;
  CHECK(same_type);
}

TEST("standard: all distributions of <random> draw its laws") {
  check_law(motherlode::uniform_int_distribution<int>(-2, 7), std::uniform_int_distribution<int>(-2, 7));
  check_law(motherlode::uniform_int_distribution<std::int64_t>(-5, std::numeric_limits<std::int64_t>::max()),
            std::uniform_int_distribution<std::int64_t>(-5, std::numeric_limits<std::int64_t>::max()));
  check_law(motherlode::uniform_real_distribution<>(-1, 3), std::uniform_real_distribution<>(-1, 3));
  check_law(motherlode::bernoulli_distribution(0.3), std::bernoulli_distribution(0.3));
  check_law(motherlode::binomial_distribution<>(9, 0.3), std::binomial_distribution<>(9, 0.3));
  check_law(motherlode::negative_binomial_distribution<>(4, 0.3), std::negative_binomial_distribution<>(4, 0.3));
  check_law(motherlode::geometric_distribution<>(0.3), std::geometric_distribution<>(0.3));
  check_law(motherlode::poisson_distribution<>(3.5), std::poisson_distribution<>(3.5));
  check_law(motherlode::exponential_distribution<>(2.5), std::exponential_distribution<>(2.5));
  check_law(motherlode::gamma_distribution<>(2, 3), std::gamma_distribution<>(2, 3));
  check_law(motherlode::weibull_distribution<>(2, 5), std::weibull_distribution<>(2, 5));
  check_law(motherlode::extreme_value_distribution<>(1, 2), std::extreme_value_distribution<>(1, 2));
  check_law(motherlode::normal_distribution<>(1, 2), std::normal_distribution<>(1, 2));
  check_law(motherlode::lognormal_distribution<>(0.5, 0.7), std::lognormal_distribution<>(0.5, 0.7));
  check_law(motherlode::chi_squared_distribution<>(3), std::chi_squared_distribution<>(3));
  check_law(motherlode::cauchy_distribution<>(1, 2), std::cauchy_distribution<>(1, 2));
  check_law(motherlode::fisher_f_distribution<>(3, 5), std::fisher_f_distribution<>(3, 5));
  check_law(motherlode::student_t_distribution<>(3), std::student_t_distribution<>(3));
  check_law(motherlode::discrete_distribution<>{1, 0, 2}, std::discrete_distribution<>{1, 0, 2});
  check_law(motherlode::discrete_distribution<>(4, 0.0, 4.0, [](double x) { return x; }),
            std::discrete_distribution<>(4, 0.0, 4.0, [](double x) { return x; }));
  const std::vector<double> bounds{0, 1, 3, 4};
  const std::vector<double> weights{2, 1, 4, 0.5};
  check_law(motherlode::piecewise_constant_distribution<>(bounds.begin(), bounds.end(), weights.begin()),
            std::piecewise_constant_distribution<>(bounds.begin(), bounds.end(), weights.begin()));
  check_law(motherlode::piecewise_linear_distribution<>(bounds.begin(), bounds.end(), weights.begin()),
            std::piecewise_linear_distribution<>(bounds.begin(), bounds.end(), weights.begin()));
  const auto square = [](double x) { return x * x; };
  check_law(motherlode::piecewise_constant_distribution<>({0.0, 1.0, 3.0}, square),
            std::piecewise_constant_distribution<>({0.0, 1.0, 3.0}, square));
  check_law(motherlode::piecewise_linear_distribution<>(3, 0.0, 2.0, square),
            std::piecewise_linear_distribution<>(3, 0.0, 2.0, square));
}

TEST("standard: accessors give the parameters, densities and probabilities of <random>") {
  CHECK(motherlode::normal_distribution<>(1, 2).stddev() == 2 && motherlode::weibull_distribution<>(2, 5).b() == 5);
  CHECK(motherlode::gamma_distribution<float>(2, 3).beta() == 3 && motherlode::lognormal_distribution<>(1, 2).s() == 2);
  CHECK(motherlode::binomial_distribution<>(9, 0.3).t() == 9 && motherlode::poisson_distribution<>(4).mean() == 4);
  CHECK(motherlode::uniform_int_distribution<>(2, 5).b() == 5 && motherlode::uniform_real_distribution<>(2, 5).a() == 2);
  CHECK_NEAR(motherlode::discrete_distribution<>({1, 3}).probabilities()[1], 0.75, 1e-15);
  const std::vector<double> bounds{0, 1, 3};
  const std::vector<double> weights{2, 1, 4};
  const motherlode::piecewise_constant_distribution<> flat(bounds.begin(), bounds.end(), weights.begin());
  const std::piecewise_constant_distribution<> standard_flat(bounds.begin(), bounds.end(), weights.begin());
  const motherlode::piecewise_linear_distribution<> sloped(bounds.begin(), bounds.end(), weights.begin());
  const std::piecewise_linear_distribution<> standard_sloped(bounds.begin(), bounds.end(), weights.begin());
  CHECK(flat.intervals() == standard_flat.intervals() && sloped.intervals() == standard_sloped.intervals());
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK_NEAR(flat.densities()[i], standard_flat.densities()[i], 1e-15);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK_NEAR(sloped.densities()[i], standard_sloped.densities()[i], 1e-15);
  }
  std::stringstream text;
  text << motherlode::normal_distribution<>(1, 2);
  motherlode::normal_distribution<> read;
  text >> read;
  CHECK(read == motherlode::normal_distribution<>(1, 2));
}

TEST("standard: distributions made of several draws weigh right") {
  check_weights([](const Theta& t, Draws&) { return motherlode::cauchy_distribution<>(t[0], 1)(bits); }, 0.3);
  check_weights([](const Theta& t, Draws&) { return motherlode::student_t_distribution<>(4 * t[0])(bits); }, -1);
  check_weights([](const Theta& t, Draws&) { return motherlode::fisher_f_distribution<>(4 * t[0], 5)(bits); }, 0.5);
  check_weights([](const Theta& t, Draws&) { return motherlode::negative_binomial_distribution<>(3, t[0])(bits); }, 2);
  check_weights([](const Theta& t, Draws&) {
    const std::vector<double> bounds{0, 1, 3};
    const std::vector<double> weights{t[0], 1, 1 - t[0]};
    return motherlode::piecewise_linear_distribution<>(bounds.begin(), bounds.end(), weights.begin())(bits);
  }, 1);
}

TEST("standard: an extreme value has the ratio and the score of its density") {
  const auto model = one_parameter(
      [](const Theta& theta, Draws&) { return motherlode::extreme_value_distribution<>(theta[0], 1 + theta[0])(bits); });
  const auto log_density = [](double x, double t) {
    const double z = (x - t) / (1 + t);
    return -z - std::exp(-z) - std::log(1 + t);
  };
  const GoldBlock block = gold(model, request(200, 0.5, {0.7}));
  for (std::size_t row = 0; row < 200; ++row) {
    const double x = block.x[row];
    const double slope = (log_density(x, 0.5 + 1e-5) - log_density(x, 0.5 - 1e-5)) / 2e-5;
    CHECK_NEAR(block.joint_log_ratio[row], log_density(x, 0.5) - log_density(x, 0.7), 1e-11);
    CHECK_NEAR(block.joint_score[row], slope, 1e-6 * (1 + std::abs(slope)));
  }
}

TEST("standard: min, max and clamp of a uniform stay lazy") {
  const auto model =
      one_parameter([](const Theta& theta, Draws&) { return std::min(1.0, u01(bits)) < theta[0] ? 1 : 0; }, 0.1, 0.9);
  const GoldBlock block = gold(model, request(500, 0.5, {0.6}));
  CHECK(block.failures.empty() && gold(model, probing(500, 0.5)).probed == 500);
  for (std::size_t row = 0; row < 500; ++row) {
    CHECK_NEAR(block.joint_log_ratio[row], std::log(block.x[row] == 1 ? 0.5 / 0.6 : 0.5 / 0.4), 1e-12);
  }
  check_weights([](const Theta& t, Draws&) { return std::max(u01(bits), 0.05) < t[0] ? 1 : 0; }, 1);
  check_weights([](const Theta& t, Draws&) { return std::clamp(u01(bits), 0.05, 0.95) < t[0] ? 1 : 0; }, 1);
}

TEST("standard: a uniform in a double that is compared with theta leaks, and the line and the cure are named") {
  const auto settled = one_parameter([](const Theta& theta, Draws&) {
    const double u = u01(bits);
    return u < theta[0] ? 1 : 0;
  });
  const LeakError error = leak_of(settled, probing(100, 0.5));
  CHECK(error.finding().numbers.size() == 1 && says(error, "test_standard.cpp:operator():"));
  CHECK(says(error, "write `auto u` instead of `double u`"));
  const auto loop = one_parameter([](const Theta& theta, Draws&) {
    int count = 0;
    for (double u = u01(bits); u < theta[0]; u = u01(bits)) {
      ++count;
    }
    return count;
  });
  CHECK(says(leak_of(loop, probing(100, 0.5)), "write `auto u` instead of `double u`"));
  const auto raw = one_parameter([](const Theta& theta, Draws&) {
    const motherlode::engine32 narrow;
    return narrow() / 4294967296.0 < theta[0] ? 1 : 0;
  });
  CHECK(says(leak_of(raw, probing(100, 0.5)), "Uniforms or raw bits were used as numbers at test_standard.cpp:"));
}

TEST("standard: whatever a model throws is a failure of its event") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    const double z = draws.sample(Normal{theta[0], 1.0}, "z");
    if (z > 1) {
      throw 42;
    }
    if (z < -1) {
      throw std::string("too low");
    }
    return z;
  });
  const GoldBlock block = gold(model, request(100, 0.5, {0.4}));
  CHECK(!block.failures.empty() && block.x.size() + block.failures.size() == 100);
  CHECK(block.failures[0].text == "The model threw int, which is no std::exception and says no more.");
  const auto beyond = one_parameter([](const Theta& theta, Draws& draws) {
    if (theta[0] > 0.8) {
      throw 42;
    }
    return draws.sample(Normal{theta[0], 1.0}, "z");
  });
  CHECK(gold(beyond, request(3, 0.5, {0.9})).failures.size() == 3);
  CHECK(gold(beyond, probing(100, 0.5)).failures.empty());
}

TEST("standard: a draw in another thread is refused by line, from `draws` too") {
  const auto model = one_parameter([](const Theta&, Draws& draws) {
    std::string first;
    std::string second;
    std::thread other([&] {
      try {
        u01(bits);
      } catch (const Error& error) {
        first = error.what();
      }
      try {
        draws.sample(Normal{0.0, 1.0});
      } catch (const Error& error) {
        second = error.what();
      }
    });
    other.join();
    const std::string start = "The draw at test_standard.cpp:operator():";
    return (first.rfind(start, 0) == 0 ? 1 : 0) + (second.rfind(start, 0) == 0 ? 2 : 0);
  });
  CHECK(gold(model, request(1, 0.5, {})).x[0] == 3);
}
