#pragma once

/// Distributions with the interface of <random> that draw through motherlode: where std::X d(a, b) stood, and
/// d(generator), motherlode::X d(a, b) stands, with a motherlode::engine for the generator.

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "motherlode/engine.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"

namespace motherlode {

/// One draw from a family. The parameters are the family's own, so `param_type` is the family.
template <class Family, class Result>
class Distribution {
 public:
  using result_type = Result;
  using param_type = Family;

  explicit Distribution(Family family) : family_(std::move(family)) {}

  template <class Engine>
  Result operator()(Engine& engine, Location where = Location::current()) const {
    return static_cast<Result>(engine.draws().sample(family_, {}, where));
  }
  template <class Engine>
  Result operator()(Engine& engine, const Family& family, Location where = Location::current()) const {
    return static_cast<Result>(engine.draws().sample(family, {}, where));
  }

  const Family& param() const { return family_; }
  void param(const Family& family) { family_ = family; }
  /// Nothing is kept between draws.
  void reset() const {}

 private:
  Family family_;
};

namespace detail {

/// A distribution over `Number` has parameters in double and draws that number; over a tracked number it has tracked
/// parameters and draws double.
template <class Number>
using ParameterOf = std::conditional_t<std::is_arithmetic_v<Number>, double, Number>;
template <class Number>
using DrawOf = std::conditional_t<std::is_arithmetic_v<Number>, Number, double>;

template <template <class> class Family, class Number>
using RealDistribution = Distribution<Family<ParameterOf<Number>>, DrawOf<Number>>;

}  // namespace detail

template <class Number = double>
class normal_distribution : public detail::RealDistribution<Normal, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit normal_distribution(Real mean = 0.0, Real stddev = 1.0)
      : detail::RealDistribution<Normal, Number>({mean, stddev}) {}
};

template <class Number = double>
class lognormal_distribution : public detail::RealDistribution<LogNormal, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit lognormal_distribution(Real m = 0.0, Real s = 1.0) : detail::RealDistribution<LogNormal, Number>({m, s}) {}
};

template <class Number = double>
class exponential_distribution : public detail::RealDistribution<Exponential, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit exponential_distribution(Real lambda = 1.0) : detail::RealDistribution<Exponential, Number>({lambda}) {}
};

/// Shape alpha and scale beta.
template <class Number = double>
class gamma_distribution : public detail::RealDistribution<Gamma, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit gamma_distribution(Real alpha = 1.0, Real beta = 1.0)
      : detail::RealDistribution<Gamma, Number>({alpha, 1.0 / beta}) {}
};

/// Shape a and scale b.
template <class Number = double>
class weibull_distribution : public detail::RealDistribution<Weibull, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit weibull_distribution(Real a = 1.0, Real b = 1.0) : detail::RealDistribution<Weibull, Number>({b, a}) {}
};

/// Not in <random>.
template <class Number = double>
class beta_distribution : public detail::RealDistribution<Beta, Number> {
 public:
  using Real = detail::ParameterOf<Number>;
  explicit beta_distribution(Real a = 1.0, Real b = 1.0) : detail::RealDistribution<Beta, Number>({a, b}) {}
};

class bernoulli_distribution : public Distribution<Bernoulli<double>, bool> {
 public:
  explicit bernoulli_distribution(double p = 0.5) : Distribution({p}) {}
};

template <class Int = int, class Real = double>
class poisson_distribution : public Distribution<Poisson<Real>, Int> {
 public:
  explicit poisson_distribution(Real mean = 1.0) : Distribution<Poisson<Real>, Int>({mean}) {}
};

/// Failures before the first success, as in <random>: one trial less than the family counts.
template <class Int = int, class Real = double>
class geometric_distribution : public Distribution<Geometric<Real>, Int> {
 public:
  explicit geometric_distribution(Real p = 0.5) : Distribution<Geometric<Real>, Int>({p}) {}

  template <class Engine>
  Int operator()(Engine& engine, Location where = Location::current()) const {
    return Distribution<Geometric<Real>, Int>::operator()(engine, where) - 1;
  }
  template <class Engine>
  Int operator()(Engine& engine, const Geometric<Real>& family, Location where = Location::current()) const {
    return Distribution<Geometric<Real>, Int>::operator()(engine, family, where) - 1;
  }
};

template <class Int = int, class Real = double>
class binomial_distribution : public Distribution<Binomial<Real>, Int> {
 public:
  explicit binomial_distribution(Int t = 1, Real p = 0.5)
      : Distribution<Binomial<Real>, Int>({Real(static_cast<double>(t)), p}) {}
};

/// An index, with probabilities proportional to the weights.
template <class Int = int, class Real = double>
class discrete_distribution : public Distribution<Categorical<Real>, Int> {
 public:
  discrete_distribution(std::initializer_list<Real> weights) : discrete_distribution(weights.begin(), weights.end()) {}
  template <class Iterator>
  discrete_distribution(Iterator first, Iterator last)
      : Distribution<Categorical<Real>, Int>({std::vector<Real>(first, last)}) {}
};

template <class Int = int, class Real = double>
using categorical_distribution = discrete_distribution<Int, Real>;

/// A lazy uniform in [a, b): compared, it branches; used as a number, it settles.
template <class Number = double>
class uniform_real_distribution {
 public:
  using Real = detail::ParameterOf<Number>;

  explicit uniform_real_distribution(Real a = 0.0, Real b = 1.0) : a_(a), b_(b) {}

  template <class Engine>
  auto operator()(Engine& engine, Location where = Location::current()) const {
    return a_ + (b_ - a_) * engine(where);
  }
  void reset() const {}

 private:
  Real a_, b_;
};

/// A whole number in [a, b], all equally probable: the floor of a uniform, whatever the number of values.
template <class Int = int>
class uniform_int_distribution {
 public:
  using result_type = Int;

  explicit uniform_int_distribution(Int a = 0, Int b = std::numeric_limits<Int>::max()) : a_(a), b_(b) {}

  template <class Engine>
  Int operator()(Engine& engine, Location where = Location::current()) const {
    const Uniform<double> family{static_cast<double>(a_), static_cast<double>(b_) + 1.0};
    return static_cast<Int>(std::floor(engine.draws().sample(family, {}, where)));
  }
  void reset() const {}

 private:
  Int a_, b_;
};

/// A normal within [low, high], by rejection: each try is a draw. Bounds that depend on theta are a leak.
template <class Number = double>
class truncated_normal_distribution {
 public:
  using Real = detail::ParameterOf<Number>;

  truncated_normal_distribution(Real mean, Real stddev, double low, double high)
      : normal_(mean, stddev), low_(low), high_(high) {}

  template <class Engine>
  double operator()(Engine& engine, Location where = Location::current()) const {
    constexpr int most_tries = 1'000'000;
    for (int i = 0; i < most_tries; ++i) {
      const double value = normal_(engine, where);
      if (value >= low_ && value <= high_) {
        return value;
      }
    }
    throw Error(ErrorCode::simulator_failed,
                "A truncated normal found nothing in " + show({low_, high_}) +
                    " in a million tries. Its mean is too "
                    "far away for rejection. Move the bounds, or draw from a family that fits the tail.");
  }

 private:
  normal_distribution<Real> normal_;
  double low_, high_;
};

/// mean + L·z with the lower triangle L given by rows: one conditional normal after the other.
template <class Number = double>
class multivariate_normal_distribution {
 public:
  using Real = detail::ParameterOf<Number>;

  multivariate_normal_distribution(std::vector<Real> mean, std::vector<std::vector<Real>> cholesky)
      : mean_(std::move(mean)), cholesky_(std::move(cholesky)) {
    if (cholesky_.size() != mean_.size()) {
      throw Error(ErrorCode::bad_request, "A multivariate normal has " + std::to_string(mean_.size()) +
                                              " means and a Cholesky factor of " + std::to_string(cholesky_.size()) +
                                              " rows. Its density is undefined. Give one row for each mean.");
    }
  }

  template <class Engine>
  std::vector<double> operator()(Engine& engine, Location where = Location::current()) const {
    std::vector<double> values;
    std::vector<Real> z;
    for (std::size_t i = 0; i < mean_.size(); ++i) {
      Real center = mean_[i];
      for (std::size_t j = 0; j < i; ++j) {
        center += cholesky_[i][j] * z[j];
      }
      const double value = engine.draws().sample(Normal<Real>{center, cholesky_[i][i]}, {}, where);
      values.push_back(value);
      z.push_back((value - center) / cholesky_[i][i]);
    }
    return values;
  }

 private:
  std::vector<Real> mean_;
  std::vector<std::vector<Real>> cholesky_;
};

}  // namespace motherlode
