#pragma once

/// What all families share: how the wire knows them, and the checks and powers that their densities are made of.

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace [[gnu::visibility("default")]] motherlode {

/// A family as the wire knows it: its number in the union `Distribution` of ppx.fbs, and its name there.
struct FamilyId {
  std::uint8_t number = 0;
  const char* name = "";
};

constexpr bool operator==(FamilyId a, FamilyId b) { return a.number == b.number; }
constexpr bool operator!=(FamilyId a, FamilyId b) { return !(a == b); }

/// The number a draw is made with; tracked numbers overload it.
constexpr double primal(double value) { return value; }

/// What literal parameters become: Normal{0, sigma} has the type of sigma, Normal{0, 1} is in double.
template <class... Numbers>
using RealOf = std::common_type_t<std::conditional_t<std::is_arithmetic_v<Numbers>, double, Numbers>...>;

namespace detail {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What a predicate on doubles says of a number, double or tracked.
template <class Real, class Predicate>
inline bool holds(const Real& value, Predicate predicate) {
  if constexpr (std::is_arithmetic_v<Real>) {
    return predicate(value);
  } else {
    return value.decide(predicate);
  }
}

template <class Real>
inline bool is_finite(const Real& value) {
  return holds(value, [](double v) { return v > -infinity && v < infinity; });
}
template <class Real>
inline bool is_positive(const Real& value) {
  return holds(value, [](double v) { return v > 0 && v < infinity; });
}
template <class Real>
inline bool is_rate(const Real& value) {
  return holds(value, [](double v) { return v >= 0 && v < infinity; });
}
template <class Real>
inline bool is_probability(const Real& value) {
  return holds(value, [](double v) { return v >= 0 && v <= 1; });
}
template <class Real>
inline bool is_count(const Real& value) {
  return holds(value, [](double v) { return v >= 0 && v == std::floor(v) && v < infinity; });
}

/// x·log(y), 0 where x is 0.
template <class Y>
Y xlogy(double x, const Y& y) {
  using std::log;
  return x == 0 ? Y(0.0) : Y(x * log(y));
}

/// exponent·log_base: at the edge of a support, where the base is 0, it is 0 for an exponent of 0.
template <class Real, class Log>
Real log_power(double base, const Real& exponent, const Log& log_base) {
  return base == 0 && exponent == 0.0 ? Real(0.0) : Real(exponent * log_base);
}

}  // namespace detail

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

/// Whether a family's parameters are plain: then its density is the same at all theta, and cancels.
template <class F>
inline constexpr bool has_plain_parameters = false;
template <template <class> class F>
inline constexpr bool has_plain_parameters<F<double>> = true;

}  // namespace motherlode
