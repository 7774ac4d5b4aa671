#pragma once

/// The probability families: one struct each, with its parameters, log-density and sampler.
///
/// Names, parameters and order are those of `Distribution` in ppx.fbs. `Real` is double, or a tracked number.
/// A family that states `prob` is accumulated as a product (Product), the others as a sum of `log_prob`.
/// A family with `support` has a support that its parameters move.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "motherlode/source.hpp"

namespace motherlode {

/// The families, numbered as the union `Distribution`.
enum class FamilyId : std::uint8_t {
  normal = 1,
  uniform,
  categorical,
  poisson,
  bernoulli,
  beta,
  exponential,
  gamma,
  lognormal,
  binomial,
  weibull
};

inline const char* name_of(FamilyId family) {
  constexpr std::array<const char*, 12> names{"",     "Normal",      "Uniform", "Categorical", "Poisson",  "Bernoulli",
                                              "Beta", "Exponential", "Gamma",   "LogNormal",   "Binomial", "Weibull"};
  return names[static_cast<std::size_t>(family)];
}

/// The number a draw is made with; tracked numbers overload it.
constexpr double primal(double value) { return value; }

/// What literal parameters become: Normal{0, sigma} has the type of sigma, Normal{0, 1} is in double.
template <class... Numbers>
using RealOf = std::common_type_t<std::conditional_t<std::is_arithmetic_v<Numbers>, double, Numbers>...>;

namespace detail {

constexpr double infinity = std::numeric_limits<double>::infinity();

inline bool is_count(double value) { return value >= 0 && value == std::floor(value) && value < infinity; }
inline bool is_positive(double value) { return value > 0 && value < infinity; }
inline bool is_rate(double value) { return value >= 0 && value < infinity; }
inline bool is_probability(double value) { return value >= 0 && value <= 1; }

/// x·log(y), 0 where x is 0.
template <class Y>
Y xlogy(double x, const Y& y) {
  using std::log;
  return x == 0 ? Y(0.0) : Y(x * log(y));
}

/// x·log(1+y), 0 where x is 0.
template <class Y>
Y xlog1py(double x, const Y& y) {
  using std::log1p;
  return x == 0 ? Y(0.0) : Y(x * log1p(y));
}

}  // namespace detail

template <class Real>
struct Normal {
  static constexpr FamilyId id = FamilyId::normal;
  static constexpr const char* domain = "a finite mean, stddev > 0";
  Real mean, stddev;

  bool valid() const { return std::isfinite(primal(mean)) && detail::is_positive(primal(stddev)); }
  std::array<Real, 2> parameters() const { return {mean, stddev}; }
  double sample(Source& source) const { return primal(mean) + primal(stddev) * source.standard_normal(); }

  Real log_prob(double value) const {
    using std::log;
    constexpr double half_log_two_pi = 0.918938533204672741780;
    const Real z = (value - mean) / stddev;
    return -0.5 * z * z - log(stddev) - half_log_two_pi;
  }
};

template <class Real>
struct Uniform {
  static constexpr FamilyId id = FamilyId::uniform;
  static constexpr const char* domain = "finite low < high";
  Real low, high;

  bool valid() const {
    return std::isfinite(primal(low)) && std::isfinite(primal(high)) && primal(low) < primal(high);
  }
  std::array<Real, 2> parameters() const { return {low, high}; }
  std::array<Real, 2> support() const { return {low, high}; }
  double sample(Source& source) const { return primal(low) + (primal(high) - primal(low)) * source.uniform(); }

  Real log_prob(double value) const {
    using std::log;
    return value >= low && value <= high ? Real(-log(high - low)) : Real(-detail::infinity);
  }
};

/// Values 0 .. n-1 with probabilities proportional to `probs`.
template <class Real>
struct Categorical {
  static constexpr FamilyId id = FamilyId::categorical;
  static constexpr const char* domain = "probs >= 0 with a finite sum > 0";
  std::vector<Real> probs;

  bool valid() const {
    bool all_rates = true;
    for (const Real& prob : probs) {
      all_rates = all_rates && detail::is_rate(primal(prob));
    }
    return all_rates && detail::is_positive(primal(total()));
  }
  const std::vector<Real>& parameters() const { return probs; }

  /// The first index whose cumulative sum exceeds u·total.
  double sample(Source& source) const {
    const double threshold = source.uniform() * primal(total());
    double sum = 0;
    std::size_t last_possible = 0;
    for (std::size_t i = 0; i < probs.size(); ++i) {
      sum += primal(probs[i]);
      if (sum > threshold) {
        return static_cast<double>(i);
      }
      last_possible = primal(probs[i]) > 0 ? i : last_possible;
    }
    return static_cast<double>(last_possible);
  }

  Real prob(double value) const {
    const bool inside = detail::is_count(value) && value < static_cast<double>(probs.size());
    return inside ? Real(probs[static_cast<std::size_t>(value)] / total()) : Real(0.0);
  }
  Real log_prob(double value) const {
    using std::log;
    return log(prob(value));
  }

 private:
  Real total() const {
    Real sum(0.0);
    for (const Real& prob : probs) {
      sum += prob;
    }
    return sum;
  }
};

template <class Real>
struct Poisson {
  static constexpr FamilyId id = FamilyId::poisson;
  static constexpr const char* domain = "a finite rate >= 0";
  Real rate;

  bool valid() const { return detail::is_rate(primal(rate)); }
  std::array<Real, 1> parameters() const { return {rate}; }
  double sample(Source& source) const {
    const double mean = primal(rate);
    return mean == 0 ? 0.0 : static_cast<double>(std::poisson_distribution<std::int64_t>(mean)(source.engine));
  }

  Real log_prob(double value) const {
    if (!detail::is_count(value)) {
      return Real(-detail::infinity);
    }
    return detail::xlogy(value, rate) - rate - std::lgamma(value + 1);
  }
};

template <class Real>
struct Bernoulli {
  static constexpr FamilyId id = FamilyId::bernoulli;
  static constexpr const char* domain = "probs in [0, 1]";
  Real probs;

  bool valid() const { return detail::is_probability(primal(probs)); }
  std::array<Real, 1> parameters() const { return {probs}; }
  double sample(Source& source) const { return source.uniform() < primal(probs) ? 1.0 : 0.0; }

  Real prob(double value) const {
    if (value == 1) {
      return probs;
    }
    return value == 0 ? Real(1.0 - probs) : Real(0.0);
  }
  Real log_prob(double value) const {
    using std::log;
    using std::log1p;
    if (value == 1) {
      return log(probs);
    }
    return value == 0 ? Real(log1p(-probs)) : Real(-detail::infinity);
  }
};

template <class Real>
struct Beta {
  static constexpr FamilyId id = FamilyId::beta;
  static constexpr const char* domain = "concentration1 > 0, concentration0 > 0";
  Real concentration1, concentration0;

  bool valid() const {
    return detail::is_positive(primal(concentration1)) && detail::is_positive(primal(concentration0));
  }
  std::array<Real, 2> parameters() const { return {concentration1, concentration0}; }
  double sample(Source& source) const {
    const double a = std::gamma_distribution<double>(primal(concentration1))(source.engine);
    const double b = std::gamma_distribution<double>(primal(concentration0))(source.engine);
    return a / (a + b);
  }

  Real log_prob(double value) const {
    using std::lgamma;
    using std::log;
    using std::log1p;
    if (!(value >= 0 && value <= 1)) {
      return Real(-detail::infinity);
    }
    const Real log_norm = lgamma(concentration1) + lgamma(concentration0) - lgamma(concentration1 + concentration0);
    return power(concentration1, log(value)) + power(concentration0, log1p(-value)) - log_norm;
  }

 private:
  /// log of v^(a-1), which is 1 at the edge of the support where a = 1.
  static Real power(const Real& a, double log_v) { return primal(a) == 1 ? Real(0.0) : Real((a - 1.0) * log_v); }
};

template <class Real>
struct Exponential {
  static constexpr FamilyId id = FamilyId::exponential;
  static constexpr const char* domain = "a finite rate > 0";
  Real rate;

  bool valid() const { return detail::is_positive(primal(rate)); }
  std::array<Real, 1> parameters() const { return {rate}; }
  double sample(Source& source) const { return std::exponential_distribution<double>(primal(rate))(source.engine); }

  Real log_prob(double value) const {
    using std::log;
    return value >= 0 ? Real(log(rate) - rate * value) : Real(-detail::infinity);
  }
};

template <class Real>
struct Gamma {
  static constexpr FamilyId id = FamilyId::gamma;
  static constexpr const char* domain = "concentration > 0, rate > 0";
  Real concentration, rate;

  bool valid() const { return detail::is_positive(primal(concentration)) && detail::is_positive(primal(rate)); }
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
    const bool flat = primal(concentration) == 1;
    const Real power = flat ? Real(0.0) : Real((concentration - 1.0) * std::log(value));
    return concentration * log(rate) + power - rate * value - lgamma(concentration);
  }
};

template <class Real>
struct LogNormal {
  static constexpr FamilyId id = FamilyId::lognormal;
  static constexpr const char* domain = "a finite loc, scale > 0";
  Real loc, scale;

  bool valid() const { return std::isfinite(primal(loc)) && detail::is_positive(primal(scale)); }
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

/// Successes in `total_count` trials; the count is no function of a tracked number's tangent.
template <class Real>
struct Binomial {
  static constexpr FamilyId id = FamilyId::binomial;
  static constexpr const char* domain = "a count total_count, probs in [0, 1]";
  Real total_count, probs;

  bool valid() const { return detail::is_count(primal(total_count)) && detail::is_probability(primal(probs)); }
  std::array<Real, 2> parameters() const { return {total_count, probs}; }
  std::array<Real, 1> support() const { return {total_count}; }
  double sample(Source& source) const {
    const auto trials = static_cast<std::int64_t>(primal(total_count));
    return static_cast<double>(std::binomial_distribution<std::int64_t>(trials, primal(probs))(source.engine));
  }

  Real log_prob(double value) const {
    using std::lgamma;
    if (!detail::is_count(value) || value > total_count) {
      return Real(-detail::infinity);
    }
    const Real choose = lgamma(total_count + 1.0) - std::lgamma(value + 1) - lgamma(total_count - value + 1.0);
    return choose + detail::xlogy(value, probs) + failures(value);
  }

 private:
  Real failures(double value) const {
    using std::log1p;
    return primal(total_count) == value ? Real(0.0) : Real((total_count - value) * log1p(-probs));
  }
};

template <class Real>
struct Weibull {
  static constexpr FamilyId id = FamilyId::weibull;
  static constexpr const char* domain = "scale > 0, concentration > 0";
  Real scale, concentration;

  bool valid() const { return detail::is_positive(primal(scale)) && detail::is_positive(primal(concentration)); }
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
    const bool flat = primal(concentration) == 1;
    const Real power = flat ? Real(0.0) : Real((concentration - 1.0) * log(ratio));
    return log(concentration / scale) + power - pow(ratio, concentration);
  }
};

template <class A, class B>
Normal(A, B) -> Normal<RealOf<A, B>>;
template <class A, class B>
Uniform(A, B) -> Uniform<RealOf<A, B>>;
template <class A>
Categorical(std::vector<A>) -> Categorical<A>;
template <class A>
Poisson(A) -> Poisson<RealOf<A>>;
template <class A>
Bernoulli(A) -> Bernoulli<RealOf<A>>;
template <class A, class B>
Beta(A, B) -> Beta<RealOf<A, B>>;
template <class A>
Exponential(A) -> Exponential<RealOf<A>>;
template <class A, class B>
Gamma(A, B) -> Gamma<RealOf<A, B>>;
template <class A, class B>
LogNormal(A, B) -> LogNormal<RealOf<A, B>>;
template <class A, class B>
Binomial(A, B) -> Binomial<RealOf<A, B>>;
template <class A, class B>
Weibull(A, B) -> Weibull<RealOf<A, B>>;

/// Whether a family's density is a probability to be multiplied.
template <class F, class = void>
inline constexpr bool has_prob = false;
template <class F>
inline constexpr bool has_prob<F, std::void_t<decltype(&F::prob)>> = true;

/// Whether a family's support moves with its parameters.
template <class F, class = void>
inline constexpr bool has_support = false;
template <class F>
inline constexpr bool has_support<F, std::void_t<decltype(&F::support)>> = true;

}  // namespace motherlode
