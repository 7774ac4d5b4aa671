/// Laws of the model's own, and the three conversions of docs/densities.md against their densities.

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "check.hpp"
#include "models.hpp"

namespace {

/// The density (1 + a) x^a on [0, 1].
struct Power {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    using Real = typename G::Real;
    return draws.sample(
        theta[0],
        [](const Real& a, auto& generator) {
          return std::pow(std::generate_canonical<double, 53>(generator), 1 / (1 + primal(a)));
        },
        [](const Real& a, double x) -> Real {
          using std::log1p;
          return log1p(a) + a * std::log(x);
        },
        "x");
  }
};

/// The first emission of rate 2 theta t, by the veto algorithm with the rate's bound at theta = 0.9, t = 2.
struct Veto {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    constexpr double bound = 2 * 0.9 * 2;
    double t = 0;
    for (;;) {
      t += draws.sample(Exponential{bound}, "step");
      if (t >= 2) {
        return 2;
      }
      if (draws.branch(2 * theta[0] * t / bound, "accept")) {
        return t;
      }
    }
  }
};

/// Events of density 1 + theta (2 x - 1), unweighted by their largest weight at theta = 0.9.
struct Unweighted {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    constexpr double largest = 1.9;
    for (;;) {
      const double x = draws.sample(Uniform{0.0, 1.0}, "x");
      if (draws.branch((1 + theta[0] * (2 * x - 1)) / largest, "accept")) {
        return x;
      }
    }
  }
};

/// P(x < cut) at the alternative, by weights, against the exact number.
void check_share(const Model& model, double cut, double exact) {
  constexpr std::uint32_t count = 20000;
  const GoldBlock block = gold(model, request(count, 0.5, {0.7}));
  CHECK(block.failures.empty() && gold(model, probing(500, 0.5)).probed == 500);
  double sum = 0;
  double squares = 0;
  for (std::size_t row = 0; row < count; ++row) {
    const double weighed = block.x[row] < cut ? std::exp(-block.joint_log_ratio[row]) : 0;
    sum += weighed / count;
    squares += weighed * weighed / count;
  }
  CHECK_NEAR(sum, exact, 4.5 * std::sqrt((squares - sum * sum) / count));
}

}  // namespace

TEST("own: a law of the model's own has the ratio and the score of its density, both ways") {
  for (const Model& model : {one_parameter(Power{}, 0.1, 0.9), one_parameter(tracked<1, 1>(Power{}), 0.1, 0.9)}) {
    const GoldBlock block = gold(model, request(500, 0.5, {0.7}));
    CHECK(block.failures.empty() && gold(model, probing(500, 0.5)).probed == 500);
    for (std::size_t row = 0; row < 500; ++row) {
      const double x = block.x[row];
      CHECK_NEAR(block.joint_log_ratio[row], std::log(1.5 / 1.7) - 0.2 * std::log(x), 1e-12 * (1 - std::log(x)));
      CHECK_NEAR(block.joint_score[row], 1 / 1.5 + std::log(x), 1e-7 * (1 - std::log(x)));
    }
  }
  check_share(one_parameter(Power{}, 0.1, 0.9), 0.5, std::pow(0.5, 1.7));
}

TEST("own: the functions may hold what they need, and traces have the draw") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    const double a = theta[0];
    return draws.sample(
        "Cauchy", [a](auto& generator) { return std::cauchy_distribution<>(a, 1)(generator); },
        [a](double x) { return -std::log(3.14159265358979323846 * (1 + (x - a) * (x - a))); }, "x");
  });
  const GoldBlock block = gold(model, request(50, 0.5, {0.7}, Keep::traces));
  CHECK(block.traces.sites.size() == 1 && block.traces.sites[0].address == "x");
  for (std::size_t row = 0; row < 50; ++row) {
    const double x = block.x[row];
    CHECK(x == block.traces.value[row]);
    CHECK_NEAR(block.joint_log_ratio[row], std::log((1 + (x - 0.7) * (x - 0.7)) / (1 + (x - 0.5) * (x - 0.5))), 1e-12);
  }
}

TEST("own: a value without a density is a failure of its event") {
  const auto model = one_parameter([](const Theta& theta, Draws& draws) {
    return draws.sample(theta[0], [](double, auto&) { return 0.0; }, [](double a, double x) { return a * std::log(x); });
  });
  CHECK(gold(model, request(3, 0.5, {})).failures.size() == 3);
}

TEST("own: the veto algorithm with a frozen overestimate has the gold of its no-emission probability") {
  const auto emitted_before = [](double t) { return 1 - std::exp(-0.7 * t * t); };
  for (const Model& model : {one_parameter(Veto{}, 0.1, 0.9), one_parameter(tracked<1, 1>(Veto{}), 0.1, 0.9)}) {
    check_share(model, 1, emitted_before(1));
  }
}

TEST("own: events unweighted by a frozen largest weight have the gold of their density") {
  check_share(one_parameter(Unweighted{}, 0.1, 0.9), 0.5, 0.5 - 0.7 * 0.25);
}
