#pragma once

/// Every random number of a model in tracked numbers: drawn, weighed at all parameters at once, and forgotten.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <thread>

#include "motherlode/families.hpp"
#include "motherlode/location.hpp"
#include "motherlode/own.hpp"
#include "motherlode/product.hpp"
#include "motherlode/refusal.hpp"
#include "motherlode/source.hpp"
#include "motherlode/tracked_math.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// The interface of Draws; memory does not grow with the number of draws.
template <std::size_t D, std::size_t K>
class TrackedDraws {
 public:
  using Real = Tracked<D, K>;

  explicit TrackedDraws(const Philox& stream) : source_(stream) {}

  template <class F>
  double sample(const F& family, std::string_view name = {}, Location where = Location::current()) {
    check(family, name, where);
    return taken(family, family.sample(source_));
  }

  /// As in Draws.
  template <class Law, class Sampler, class LogDensity, class = IsOwn<Law, Sampler, LogDensity>>
  double sample(const Law& law, const Sampler& sampler, const LogDensity& log_density, std::string_view name = {},
                Location where = Location::current()) {
    return sample(Own{law, sampler, log_density}, name, where);
  }

  bool branch(const Real& probability, std::string_view name = {}, Location where = Location::current()) {
    return sample(Bernoulli<Real>{probability}, name, where) != 0;
  }

  template <class F>
  double observe(const F& family, std::string_view name = {}, Location where = Location::current()) {
    return sample(family, name, where);
  }

  template <class F>
  void observe(const F&, double, std::string_view name = {}, Location where = Location::current()) {
    refuse_data(name, where);
  }

  void tag(double, std::string_view = {}, Location = Location::current()) {}

  /// As in Draws.
  double hidden_uniform() { return source_.uniform(); }
  std::uint64_t hidden_bits() { return source_.engine(); }
  void discard(unsigned long long count) { source_.engine.discard(count); }

  template <class F>
  double settle(const F& family, double value, const Location& where) {
    check(family, {}, where);
    return taken(family, value);
  }

  /// log p(z|theta) - log p(z|alternative k); +inf if z is impossible there.
  double log_ratio(std::size_t k) const {
    const Product& weight = weights_[k + 1];
    return weight.is_zero() ? detail::infinity : Product::log_ratio(weights_[0], weight) - excess_[k];
  }

  /// The derivative of log p(z|theta), NaN where a support moves.
  double score(std::size_t d) const { return moved_[d] ? std::numeric_limits<double>::quiet_NaN() : score_[d]; }

  std::size_t count() const { return count_; }

 private:
  template <class F>
  void check(const F& family, std::string_view name, const Location& where) const {
    if (std::this_thread::get_id() != thread_) {
      refuse_thread(address_of(name, where));
    }
    if (!family.valid()) {
      refuse(family, name, where);
    }
  }

  template <class F>
  double taken(const F& family, double value) {
    ++count_;
    if constexpr (!has_plain_parameters<F>) {
      weigh(family, value);
    }
    return value;
  }

  template <class F>
  void weigh(const F& family, double value) {
    if constexpr (has_prob<F>) {
      multiply(family.prob(value));
    } else {
      const Real log_prob = family.log_prob(value);
      check_density(log_prob.value(), std::isfinite(log_prob.value()), value, F::id.name);
      add(log_prob);
    }
    if constexpr (has_support<F>) {
      for (const Real bound : family.support()) {
        for (std::size_t d = 0; d < D; ++d) {
          moved_[d] = moved_[d] || bound.tangent(d) != 0;
        }
      }
    }
  }

  void multiply(const Real& prob) {
    for (std::size_t k = 0; k <= K; ++k) {
      weights_[k].multiply(prob.value(k));
    }
    const double inverse = 1 / prob.value();
    for (std::size_t d = 0; d < D; ++d) {
      score_[d] += prob.tangent(d) * inverse;
    }
  }

  void add(const Real& log_prob) {
    for (std::size_t k = 0; k < K; ++k) {
      excess_[k] += log_prob.value(k + 1) - log_prob.value();
    }
    for (std::size_t d = 0; d < D; ++d) {
      score_[d] += log_prob.tangent(d);
    }
  }

  Source source_;
  std::array<Product, 1 + K> weights_{};
  std::array<double, K> excess_{};
  std::array<double, D> score_{};
  std::array<bool, D> moved_{};
  std::size_t count_ = 0;
  const std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace motherlode
