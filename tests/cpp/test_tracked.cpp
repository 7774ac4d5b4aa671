/// Tracked numbers against <cmath>, and gold by tangents against gold by replay.

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "check.hpp"
#include "models.hpp"

namespace {

using Number = Tracked<2, 3>;

/// A number with other values at its alternatives, near, and slopes 1 and -2.
Number at(double value) { return Number({value, value + 0.01, value - 0.01, value}, {1.0, -2.0}); }

/// The derivative by differences of fourth order.
double slope(const std::function<double(double)>& f, double x) {
  const double h = 1e-3 * std::max(0.1, std::abs(x));
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

template <class F>
void check_function(const char* name, F f, const std::vector<double>& points) {
  for (const double x : points) {
    const Number result = f(at(x));
    const double wanted = slope([&](double v) { return f(v); }, x);
    const double tolerance = 1e-8 * (1 + std::abs(wanted));
    try {
      CHECK(result.value() == f(x) && result.value(1) == f(x + 0.01) && result.value(2) == f(x - 0.01));
      CHECK_NEAR(result.tangent(0), wanted, tolerance);
      CHECK_NEAR(result.tangent(1), -2 * wanted, 2 * tolerance);
    } catch (const checks::Failed& error) {
      throw checks::Failed(std::string(name) + " at " + std::to_string(x) + ": " + error.what());
    }
  }
}

#define CHECK_FUNCTION(name, ...) \
  check_function(                 \
      #name,                      \
      [](const auto& x) {         \
        using std::name;          \
        return name(x);           \
      },                          \
      std::vector<double>{__VA_ARGS__})

#define CHECK_EXPRESSION(expression, ...) \
  check_function(#expression, [](const auto& x) { return expression; }, std::vector<double>{__VA_ARGS__})

/// The same columns, to rounding.
void check_agreement(const GoldBlock& tangents, const GoldBlock& replay) {
  CHECK(tangents.x == replay.x && tangents.draws == replay.draws && tangents.failures.size() == replay.failures.size());
  for (std::size_t i = 0; i < replay.joint_log_ratio.size(); ++i) {
    CHECK_NEAR(tangents.joint_log_ratio[i], replay.joint_log_ratio[i],
               1e-12 * (100 + std::abs(replay.joint_log_ratio[i])));
  }
  for (std::size_t i = 0; i < replay.joint_score.size(); ++i) {
    CHECK_NEAR(tangents.joint_score[i], replay.joint_score[i], 1e-7 * (1 + std::abs(replay.joint_score[i])));
  }
}

template <class F>
Model tracking(F function, double low = -inf, double high = inf) {
  return one_parameter(tracked<1, 2>(function), low, high);
}

}  // namespace

TEST("tracked: functions have the values and slopes of <cmath>") {
  CHECK_FUNCTION(exp, -1.5, 2.0);
  CHECK_FUNCTION(exp2, -1.5, 2.0);
  CHECK_FUNCTION(expm1, -1.5, 1e-3);
  CHECK_FUNCTION(log, 0.3, 7.0);
  CHECK_FUNCTION(log2, 0.3, 7.0);
  CHECK_FUNCTION(log10, 0.3, 7.0);
  CHECK_FUNCTION(log1p, -0.5, 7.0);
  CHECK_FUNCTION(sqrt, 0.3, 7.0);
  CHECK_FUNCTION(cbrt, -0.3, 7.0);
  CHECK_FUNCTION(sin, -0.3, 7.0);
  CHECK_FUNCTION(cos, -0.3, 7.0);
  CHECK_FUNCTION(tan, -0.3, 1.0);
  CHECK_FUNCTION(asin, -0.3, 0.7);
  CHECK_FUNCTION(acos, -0.3, 0.7);
  CHECK_FUNCTION(atan, -0.3, 7.0);
  CHECK_FUNCTION(sinh, -0.3, 2.0);
  CHECK_FUNCTION(cosh, -0.3, 2.0);
  CHECK_FUNCTION(tanh, -0.3, 2.0);
  CHECK_FUNCTION(asinh, -0.3, 2.0);
  CHECK_FUNCTION(acosh, 1.3, 7.0);
  CHECK_FUNCTION(atanh, -0.3, 0.7);
  CHECK_FUNCTION(erf, -0.3, 2.0);
  CHECK_FUNCTION(erfc, -0.3, 2.0);
  CHECK_FUNCTION(lgamma, 0.3, 2.5, 40.0, -1.4);
  CHECK_FUNCTION(tgamma, 0.3, 2.5);
  CHECK_FUNCTION(fabs, -0.3, 7.0);
  CHECK_FUNCTION(abs, -0.3, 7.0);
  CHECK_FUNCTION(floor, -0.3, 7.5);
  CHECK_FUNCTION(round, -0.3, 7.2);
}

TEST("tracked: arithmetic and functions of two, mixed with double") {
  using std::atan2, std::copysign, std::fmax, std::fmin, std::fmod, std::hypot, std::pow;
  CHECK_EXPRESSION(2 * x + 3 - x / 4, -0.3, 7.0);
  CHECK_EXPRESSION(1 / (1 + x * x) - (-x), -0.3, 7.0);
  CHECK_EXPRESSION((x - 3) * (2 - x) / (x + 10), -0.3, 7.0);
  CHECK_EXPRESSION(pow(x, 2.5) + pow(2.5, x) + pow(x, x), 0.3, 3.0);
  CHECK_EXPRESSION(atan2(x, 2.0) + atan2(2.0, x) + atan2(x, x * x), 0.3, 3.0);
  CHECK_EXPRESSION(hypot(x, 2.0) + hypot(2.0, x), 0.3, 3.0);
  CHECK_EXPRESSION(fmin(x, 2.0) + fmax(x * x, 2.0) * fmax(0.0, x), 0.3, 3.0);
  CHECK_EXPRESSION(fmod(x, 2.0) + copysign(x, -1.0), 0.3, 3.1);
  Number sum = at(1.0);
  sum += 2;
  sum *= at(2.0);
  sum -= at(1.0);
  sum /= 5;
  CHECK(sum.value() == 1.0 && sum.tangent(0) == (2 + 3 - 1) / 5.0);
}

TEST("tracked: a comparison that an alternative would decide otherwise diverts it") {
  diverted = 0;
  CHECK(at(1.0) < 2.0 && !(at(1.0) >= 1.5) && diverted == 0);
  CHECK(at(1.0) < 1.005 && diverted == 1);
  CHECK(at(1.0) > 0.995 && diverted == 3);
  diverted = 0;
  CHECK(static_cast<int>(at(1.995)) == 1 && diverted == 1);
  diverted = 0;
  CHECK(static_cast<double>(at(0.5)) == 0.5 && diverted == 3);
  diverted = 0;
  CHECK(std::numeric_limits<Number>::max() == std::numeric_limits<double>::max());
  std::ostringstream text;
  text << at(2.5);
  CHECK(text.str() == "2.5");
}

TEST("tracked: gold agrees with replay, all families") {
  for (const Model& model :
       {tracking(Zoo{}, 0, 1).output({12}), one_parameter(tracked<3, 1>(Zoo{}), 0, 1).output({12})}) {
    check_agreement(gold(model, request(200, 0.4, {0.7, 0.2, 0.41})),
                    gold(one_parameter(Zoo{}, 0, 1).output({12}), request(200, 0.4, {0.7, 0.2, 0.41})));
  }
}

TEST("tracked: gold agrees with replay on the board, whose probes compare the scores") {
  GoldRequest asked = request(2000, -0.8, {-0.6, -0.41, -0.95});
  asked.probe_low = {-1};
  asked.probe_high = {-0.4};
  const GoldBlock tangents = gold(tracking(Board{}, -1, -0.4), asked);
  check_agreement(tangents, gold(board(), asked));
  CHECK(tangents.probed == 1010 && tangents.diverted == 0 && tangents.score_discrepancy > 0);
  CHECK(tangents.score_discrepancy < 1e-7);
}

TEST("tracked: more parameters than compiled take several passes") {
  const auto function = [](const auto& theta, auto& draws) {
    return draws.sample(Normal{theta[0] + theta[1] * theta[2], 1.0}) + draws.sample(Exponential{theta[2] * theta[1]});
  };
  const auto declare = [](Model model) { return model.parameter("a").parameter("b").parameter("c"); };
  GoldRequest asked;
  asked.count = 2;
  asked.theta = {1, 2, 3, 0.5, 0.25, 2};
  asked.alternatives = {1, 2, 3.5, 0, 2, 3, 1, 1, 1, 0.5, 0.5, 2, 1, 2, 3, 4, 5, 6};
  asked.steps.assign(6, 6e-6);
  check_agreement(gold(declare(Model("m", "1", tracked<2, 2>(function))), asked),
                  gold(declare(Model("m", "1", function)), asked));
}

TEST("tracked: control flow by theta goes to replay, which says impossible, leak, or a number") {
  const auto impossible = [](const auto& theta, auto& draws) {
    using Real = typename std::decay_t<decltype(draws)>::Real;
    return draws.branch(theta[0] > 0.5 ? Real(0.0) : Real(0.5)) ? 1.0 : 0.0;
  };
  const GoldBlock block = gold(tracking(impossible), request(100, 0.4, {0.8}));
  CHECK(block.diverted == 100);
  for (std::size_t row = 0; row < 100; ++row) {
    CHECK_NEAR(block.joint_log_ratio[row], block.x[row] == 1 ? inf : std::log(0.5), 1e-15);
  }
  const auto harmless = [](const auto& theta, auto& draws) {
    return theta[0] > 0.5 ? draws.sample(Normal{0.0, 1.0}, "z") : draws.sample(Normal{1.0, 1.0}, "z");
  };
  check_agreement(gold(tracking(harmless), request(50, 0.4, {0.8, 0.3})),
                  gold(one_parameter(harmless), request(50, 0.4, {0.8, 0.3})));
  const auto leaky = [](const auto& theta, auto& draws) {
    return draws.sample(Uniform{0.0, 1.0}, "z") > theta[0] ? 1.0 : 0.0;
  };
  CHECK(leak_of(tracking(leaky), request(200, 0.5, {0.9})).code() == ErrorCode::leak);
  CHECK(leak_of(tracking(leaky), probing(200, 0.5)).code() == ErrorCode::leak);
  const auto steered = [](const auto& theta, auto& draws) {
    return theta[0] > 0.6 ? draws.sample(Normal{0.0, 1.0}, "high") : draws.sample(Normal{0.0, 1.0}, "low");
  };
  CHECK(leak_of(tracking(steered), request(1, 0.5, {0.9})).code() == ErrorCode::replay_diverged);
}

TEST("tracked: an x that still depends on theta is a live tangent, with the last draw") {
  const auto model = [](const auto& theta, auto& draws) { return theta[0] + draws.sample(Normal{0.0, 1.0}, "z"); };
  const LeakError error = leak_of(tracking(model), request(5, 0.5, {}));
  CHECK(error.code() == ErrorCode::live_tangent && error.finding().address == "z" && error.finding().event == 0);
  CHECK(says(error, "draw x from Normal{theta, 1}"));
  const auto among = [](const auto& theta, auto& draws) {
    using Real = typename std::decay_t<decltype(draws)>::Real;
    return std::vector<Real>{draws.sample(Normal{0.0, 1.0}), theta[0]};
  };
  CHECK(leak_of(tracking(among).output({2}), request(1, 0.5, {})).code() == ErrorCode::live_tangent);
}

TEST("tracked: hidden randomness is found by probes") {
  int calls = 0;
  const auto model = [&calls](const auto& theta, auto& draws) { return draws.sample(Normal{theta[0], 1.0}) + ++calls; };
  CHECK(leak_of(tracking(model), probing(5, 0.5)).code() == ErrorCode::hidden_randomness);
}

TEST("tracked: supports that move have a ratio and no score") {
  const auto model = [](const auto& theta, auto& draws) { return draws.sample(Uniform{0.0, theta[0]}); };
  const GoldBlock block = gold(tracking(model), request(200, 0.5, {0.25, 1.0}));
  for (std::size_t row = 0; row < 200; ++row) {
    CHECK(std::isnan(block.joint_score[row]));
    CHECK_NEAR(block.joint_log_ratio[2 * row], block.x[row] > 0.25 ? inf : std::log(0.5), 1e-12);
    CHECK_NEAR(block.joint_log_ratio[2 * row + 1], std::log(2.0), 1e-12);
  }
}

TEST("tracked: an alternative at which a family does not exist fails the event, as in replay") {
  const auto model = [](const auto& theta, auto& draws) { return draws.sample(Normal{0.0, theta[0]}, "width"); };
  const GoldBlock block = gold(tracking(model), request(3, 0.5, {-0.5}));
  CHECK(block.failures.size() == 3 && block.failures[0].text.find("The draw at width") == 0);
}

TEST("tracked: memory does not grow with the number of draws") {
  const auto model = [](const auto& theta, auto& draws) {
    int ups = 0;
    for (int i = 0; i < 3'000'000; ++i) {
      ups += draws.branch(theta[0]) ? 1 : 0;
    }
    return ups;
  };
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto before = peak();
  const GoldBlock block = gold(tracking(model), request(1, 0.5, {0.4}));
  CHECK(block.draws == 3'000'000 && peak() - before < 1024);
}
