#pragma once

/// The families whose values are real numbers.

#include <array>
#include <cmath>
#include <random>

#include "motherlode/family.hpp"
#include "motherlode/source.hpp"

namespace [[gnu::visibility("default")]] motherlode {

template <class Real>
struct Normal {
  static constexpr FamilyId id{1, "Normal"};
  static constexpr const char* domain = "a finite mean, stddev > 0";
  Real mean, stddev;

  bool valid() const { return detail::is_finite(mean) && detail::is_positive(stddev); }
  std::array<Real, 2> parameters() const { return {mean, stddev}; }
  double sample(Source& source) const { return primal(mean) + primal(stddev) * source.standard_normal(); }

  Real log_prob(double value) const {
    using std::log;
    constexpr double half_log_two_pi = 0.918938533204672741780;
    const Real z = (value - mean) / stddev;
    return -0.5 * z * z - log(stddev) - half_log_two_pi;
  }
};

template <class A, class B>
Normal(A, B) -> Normal<RealOf<A, B>>;

template <class Real>
struct LogNormal {
  static constexpr FamilyId id{9, "LogNormal"};
  static constexpr const char* domain = "a finite loc, scale > 0";
  Real loc, scale;

  bool valid() const { return detail::is_finite(loc) && detail::is_positive(scale); }
  std::array<Real, 2> parameters() const { return {loc, scale}; }
  double sample(Source& source) const { return std::exp(primal(loc) + primal(scale) * source.standard_normal()); }

  Real log_prob(double value) const {
    if (!(value > 0)) {
      return Real(-detail::infinity);
    }
    const double log_value = std::log(value);
    return Normal<Real>{loc, scale}.log_prob(log_value) - log_value;
  }
};

template <class A, class B>
LogNormal(A, B) -> LogNormal<RealOf<A, B>>;

template <class Real>
struct Uniform {
  static constexpr FamilyId id{2, "Uniform"};
  static constexpr const char* domain = "finite low < high";
  Real low, high;

  bool valid() const { return detail::is_finite(low) && detail::is_finite(high) && low < high; }
  std::array<Real, 2> parameters() const { return {low, high}; }
  std::array<Real, 2> support() const { return {low, high}; }
  double sample(Source& source) const { return primal(low) + (primal(high) - primal(low)) * source.uniform(); }

  Real log_prob(double value) const {
    using std::log;
    return value >= low && value <= high ? Real(-log(high - low)) : Real(-detail::infinity);
  }
};

template <class A, class B>
Uniform(A, B) -> Uniform<RealOf<A, B>>;

template <class Real>
struct Exponential {
  static constexpr FamilyId id{7, "Exponential"};
  static constexpr const char* domain = "a finite rate > 0";
  Real rate;

  bool valid() const { return detail::is_positive(rate); }
  std::array<Real, 1> parameters() const { return {rate}; }
  double sample(Source& source) const { return std::exponential_distribution<double>(primal(rate))(source.engine); }

  Real log_prob(double value) const {
    using std::log;
    return value >= 0 ? Real(log(rate) - rate * value) : Real(-detail::infinity);
  }
};

template <class A>
Exponential(A) -> Exponential<RealOf<A>>;

template <class Real>
struct Gamma {
  static constexpr FamilyId id{8, "Gamma"};
  static constexpr const char* domain = "concentration > 0, rate > 0";
  Real concentration, rate;

  bool valid() const { return detail::is_positive(concentration) && detail::is_positive(rate); }
  std::array<Real, 2> parameters() const { return {concentration, rate}; }
  double sample(Source& source) const {
    return std::gamma_distribution<double>(primal(concentration), 1.0 / primal(rate))(source.engine);
  }

  Real log_prob(double value) const {
    using std::lgamma;
    using std::log;
    if (!(value >= 0)) {
      return Real(-detail::infinity);
    }
    return concentration * log(rate) + detail::log_power(value, concentration - 1.0, std::log(value)) - rate * value -
           lgamma(concentration);
  }
};

template <class A, class B>
Gamma(A, B) -> Gamma<RealOf<A, B>>;

template <class Real>
struct Beta {
  static constexpr FamilyId id{6, "Beta"};
  static constexpr const char* domain = "concentration1 > 0, concentration0 > 0";
  Real concentration1, concentration0;

  bool valid() const { return detail::is_positive(concentration1) && detail::is_positive(concentration0); }
  std::array<Real, 2> parameters() const { return {concentration1, concentration0}; }
  double sample(Source& source) const {
    const double a = std::gamma_distribution<double>(primal(concentration1))(source.engine);
    const double b = std::gamma_distribution<double>(primal(concentration0))(source.engine);
    return a / (a + b);
  }

  Real log_prob(double value) const {
    using std::lgamma;
    if (!(value >= 0 && value <= 1)) {
      return Real(-detail::infinity);
    }
    const Real log_norm = lgamma(concentration1) + lgamma(concentration0) - lgamma(concentration1 + concentration0);
    return detail::log_power(value, concentration1 - 1.0, std::log(value)) +
           detail::log_power(1 - value, concentration0 - 1.0, std::log1p(-value)) - log_norm;
  }
};

template <class A, class B>
Beta(A, B) -> Beta<RealOf<A, B>>;

template <class Real>
struct Weibull {
  static constexpr FamilyId id{11, "Weibull"};
  static constexpr const char* domain = "scale > 0, concentration > 0";
  Real scale, concentration;

  bool valid() const { return detail::is_positive(scale) && detail::is_positive(concentration); }
  std::array<Real, 2> parameters() const { return {scale, concentration}; }
  double sample(Source& source) const {
    return std::weibull_distribution<double>(primal(concentration), primal(scale))(source.engine);
  }

  Real log_prob(double value) const {
    using std::log;
    using std::pow;
    if (!(value >= 0)) {
      return Real(-detail::infinity);
    }
    const Real ratio = value / scale;
    return log(concentration / scale) + detail::log_power(value, concentration - 1.0, log(ratio)) -
           pow(ratio, concentration);
  }
};

template <class A, class B>
Weibull(A, B) -> Weibull<RealOf<A, B>>;

}  // namespace motherlode
