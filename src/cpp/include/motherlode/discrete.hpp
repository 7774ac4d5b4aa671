#pragma once

/// The families whose values are counts.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "motherlode/family.hpp"
#include "motherlode/source.hpp"

namespace [[gnu::visibility("default")]] motherlode {

template <class Real>
struct Bernoulli {
  static constexpr FamilyId id{5, "Bernoulli"};
  static constexpr const char* domain = "probs in [0, 1]";
  Real probs;

  bool valid() const { return detail::is_probability(probs); }
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

template <class A>
Bernoulli(A) -> Bernoulli<RealOf<A>>;

/// Values 0 .. n-1 with probabilities proportional to `probs`.
template <class Real>
struct Categorical {
  static constexpr FamilyId id{3, "Categorical"};
  static constexpr const char* domain = "probs >= 0 with a finite sum > 0";
  std::vector<Real> probs;

  bool valid() const {
    bool all_rates = true;
    for (const Real& prob : probs) {
      all_rates = all_rates && detail::is_rate(prob);
    }
    return all_rates && detail::is_positive(total());
  }
  const std::vector<Real>& parameters() const { return probs; }
  std::array<double, 1> support() const { return {static_cast<double>(probs.size())}; }

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

template <class A>
Categorical(std::vector<A>) -> Categorical<A>;

/// Successes in `total_count` trials; the count is no function of a tracked number's tangent.
template <class Real>
struct Binomial {
  static constexpr FamilyId id{10, "Binomial"};
  static constexpr const char* domain = "a count total_count, probs in [0, 1]";
  Real total_count, probs;

  bool valid() const { return detail::is_count(total_count) && detail::is_probability(probs); }
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
    return total_count == value ? Real(0.0) : Real((total_count - value) * log1p(-probs));
  }
};

template <class A, class B>
Binomial(A, B) -> Binomial<RealOf<A, B>>;

template <class Real>
struct Poisson {
  static constexpr FamilyId id{4, "Poisson"};
  static constexpr const char* domain = "a finite rate >= 0";
  Real rate;

  bool valid() const { return detail::is_rate(rate); }
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

template <class A>
Poisson(A) -> Poisson<RealOf<A>>;

/// Trials up to the first success, 1, 2, ...; std::geometric_distribution counts the failures before it.
template <class Real>
struct Geometric {
  static constexpr FamilyId id{12, "Geometric"};
  static constexpr const char* domain = "probs in (0, 1]";
  Real probs;

  bool valid() const { return detail::is_probability(probs) && detail::is_positive(probs); }
  std::array<Real, 1> parameters() const { return {probs}; }
  double sample(Source& source) const {
    const double success = primal(probs);
    return success == 1 ? 1.0
                        : 1.0 + static_cast<double>(std::geometric_distribution<std::int64_t>(success)(source.engine));
  }

  Real log_prob(double value) const {
    using std::log;
    using std::log1p;
    if (!detail::is_count(value) || value < 1) {
      return Real(-detail::infinity);
    }
    return value == 1 ? Real(log(probs)) : Real(log(probs) + (value - 1) * log1p(-probs));
  }
};

template <class A>
Geometric(A) -> Geometric<RealOf<A>>;

}  // namespace motherlode
