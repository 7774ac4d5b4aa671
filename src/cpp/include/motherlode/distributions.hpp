#pragma once

/// Distributions with the interface of <random> that draw through motherlode: all of <random>'s, and two more.

#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "motherlode/count_distributions.hpp"
#include "motherlode/derived_distributions.hpp"
#include "motherlode/distribution.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"
#include "motherlode/real_distributions.hpp"
#include "motherlode/table_distributions.hpp"
#include "motherlode/uniform01.hpp"
#include "motherlode/uniform_functions.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

template <class Number>
struct UniformRealParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<UniformRealParameters>;

  explicit UniformRealParameters(Real a = 0.0, Real b = 1.0) : a_(a), b_(b) {}
  Real a() const { return a_; }
  Real b() const { return b_; }
  Real min() const { return a_; }
  Real max() const { return b_; }

  template <class Draws>
  LazyUniform<Draws> draw(Draws& draws, const Location& where) const {
    return a_ + (b_ - a_) * LazyUniform<Draws>(draws, where);
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Real a_;
  Real b_;
};

}  // namespace detail

/// A lazy uniform in [a, b): compared, it branches; used as a number, it settles.
template <class Number = double>
class uniform_real_distribution : public Distribution<detail::UniformRealParameters<Number>> {
  using Distribution<detail::UniformRealParameters<Number>>::Distribution;
};
template <class A, class B>
uniform_real_distribution(A, B) -> uniform_real_distribution<RealOf<A, B>>;

/// A normal within [low, high], by rejection: each try is a draw. Bounds that depend on theta are a leak.
template <class Number = double>
class truncated_normal_distribution {
 public:
  using Real = detail::ParameterOf<Number>;

  using result_type = double;

  truncated_normal_distribution(Real mean, Real stddev, double low, double high)
      : normal_(mean, stddev), low_(low), high_(high) {}

  template <class Engine>
  double operator()(Engine& generator, Location where = Location::current()) const {
    constexpr int most_tries = 1'000'000;
    for (int i = 0; i < most_tries; ++i) {
      const double value = normal_(generator, where);
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
  std::vector<double> operator()(Engine& generator, Location where = Location::current()) const {
    std::vector<double> values;
    std::vector<Real> z;
    for (std::size_t i = 0; i < mean_.size(); ++i) {
      Real center = mean_[i];
      for (std::size_t j = 0; j < i; ++j) {
        center += cholesky_[i][j] * z[j];
      }
      const double value = generator.draws().sample(Normal<Real>{center, cholesky_[i][i]}, {}, where);
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
