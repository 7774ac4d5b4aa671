#pragma once

/// Models and requests that the tests of gold share.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../../simulators/galton/board.hpp"
#include "check.hpp"
#include "motherlode/motherlode.hpp"

using namespace motherlode;

inline constexpr double inf = std::numeric_limits<double>::infinity();

template <class Function>
Model one_parameter(Function function, double low = -inf, double high = inf) {
  return Model("test", "1", function).parameter("theta", low, high);
}

inline GoldRequest request(std::uint32_t count, double theta, std::vector<double> alternatives,
                           Keep keep = Keep::gold) {
  GoldRequest request;
  request.keep = keep;
  request.seed = 42;
  request.count = count;
  request.theta.assign(count, theta);
  for (std::uint32_t row = 0; row < count; ++row) {
    request.alternatives.insert(request.alternatives.end(), alternatives.begin(), alternatives.end());
  }
  request.steps.assign(count, 6e-6);
  return request;
}

/// K = 0, probes in [0.1, 0.9].
inline GoldRequest probing(std::uint32_t count, double theta) {
  GoldRequest asked = request(count, theta, {});
  asked.probe_low = {0.1};
  asked.probe_high = {0.9};
  return asked;
}

inline GoldBlock gold(const Model& model, const GoldRequest& asked) {
  check(asked, model, 1'000'000);
  return mine(model, asked);
}

inline LeakError leak_of(const Model& model, const GoldRequest& asked) { return THROWN(LeakError, gold(model, asked)); }

inline bool says(const std::exception& error, const std::string& part) {
  return std::string(error.what()).find(part) != std::string::npos;
}

struct NoiseAndReading {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    const double z = draws.sample(Normal{theta[0], 2.0}, "z");
    return draws.observe(Normal{z, 1.0}, "x");
  }
};

/// All families, the parameters of each moved by theta but no support.
struct Zoo {
  template <class T, class G>
  std::vector<double> operator()(const T& theta, G& draws) const {
    using Real = typename G::Real;
    const Real t = theta[0];
    return {draws.sample(Normal{t, 1 + t}),
            draws.sample(Uniform{0.0, 1.0}),
            draws.sample(Poisson{2 * t}),
            draws.sample(Bernoulli{t}),
            draws.sample(Beta{1 + t, 2.0}),
            draws.sample(Exponential{t}),
            draws.sample(Gamma{2 + t, 1 / t}),
            draws.sample(LogNormal{t, 0.5 + t}),
            draws.sample(Binomial{12.0, t}),
            draws.sample(Weibull{1 + t, 1.5}),
            draws.sample(Categorical<Real>{{t, 1 - t, 0.5}}),
            draws.sample(Geometric{t})};
  }
};

/// log p of the zoo's draws, written out.
inline double zoo_log_prob(const double* v, double t) {
  return Normal{t, 1 + t}.log_prob(v[0]) + Poisson{2 * t}.log_prob(v[2]) + Bernoulli{t}.log_prob(v[3]) +
         Beta{1 + t, 2.0}.log_prob(v[4]) + Exponential{t}.log_prob(v[5]) + Gamma{2 + t, 1 / t}.log_prob(v[6]) +
         LogNormal{t, 0.5 + t}.log_prob(v[7]) + Binomial{12.0, t}.log_prob(v[8]) + Weibull{1 + t, 1.5}.log_prob(v[9]) +
         Categorical<double>{{t, 1 - t, 0.5}}.log_prob(v[10]) + Geometric{t}.log_prob(v[11]);
}

struct Board {
  template <class T, class G>
  double operator()(const T& theta, G& draws) const {
    return galton::fall(theta, draws);
  }
};

inline Model board() { return one_parameter(Board{}, -1, -0.4); }
