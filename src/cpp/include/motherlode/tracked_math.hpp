#pragma once

/// The functions of <cmath> for tracked numbers; found by argument-dependent lookup, so `using std::exp;` first.

#include <cmath>
#include <cstddef>
#include <limits>

#include "motherlode/tracked.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

/// The derivative of log Γ: recurrence up to 10, then the asymptotic series (Bernardo, AS 103, 1976).
inline double digamma(double x) {
  constexpr double pi = 3.14159265358979323846;
  if (x <= 0) {
    return x == std::floor(x) ? std::numeric_limits<double>::quiet_NaN() : digamma(1 - x) - pi / std::tan(pi * x);
  }
  double sum = 0;
  for (; x < 10; ++x) {
    sum -= 1 / x;
  }
  const double y = 1 / (x * x);
  const double series =
      y * (1. / 12 - y * (1. / 120 - y * (1. / 252 - y * (1. / 240 - y * (1. / 132 - y * (691. / 32760 - y / 12))))));
  return sum + std::log(x) - 0.5 / x - series;
}

constexpr double two_over_sqrt_pi = 1.12837916709551257390;
constexpr double log_of_2 = 0.693147180559945309417;
constexpr double log_of_10 = 2.30258509299404568402;

}  // namespace detail

/// Define `name` with the derivative `slope`, an expression in the argument x and the result y.
#define MOTHERLODE_FUNCTION(name, slope)                                                                \
  template <std::size_t D, std::size_t K>                                                               \
  Tracked<D, K> name(const Tracked<D, K>& a) {                                                          \
    return a.map([](double x) { return std::name(x); },                                                 \
                 []([[maybe_unused]] double x, [[maybe_unused]] double y) -> double { return slope; }); \
  }

MOTHERLODE_FUNCTION(exp, y)
MOTHERLODE_FUNCTION(exp2, y* detail::log_of_2)
MOTHERLODE_FUNCTION(expm1, y + 1)
MOTHERLODE_FUNCTION(log, 1 / x)
MOTHERLODE_FUNCTION(log2, 1 / (x * detail::log_of_2))
MOTHERLODE_FUNCTION(log10, 1 / (x * detail::log_of_10))
MOTHERLODE_FUNCTION(log1p, 1 / (1 + x))
MOTHERLODE_FUNCTION(sqrt, 0.5 / y)
MOTHERLODE_FUNCTION(cbrt, y / (3 * x))
MOTHERLODE_FUNCTION(sin, std::cos(x))
MOTHERLODE_FUNCTION(cos, -std::sin(x))
MOTHERLODE_FUNCTION(tan, 1 + y * y)
MOTHERLODE_FUNCTION(asin, 1 / std::sqrt(1 - x * x))
MOTHERLODE_FUNCTION(acos, -1 / std::sqrt(1 - x * x))
MOTHERLODE_FUNCTION(atan, 1 / (1 + x * x))
MOTHERLODE_FUNCTION(sinh, std::cosh(x))
MOTHERLODE_FUNCTION(cosh, std::sinh(x))
MOTHERLODE_FUNCTION(tanh, 1 - y * y)
MOTHERLODE_FUNCTION(asinh, 1 / std::sqrt(x * x + 1))
MOTHERLODE_FUNCTION(acosh, 1 / std::sqrt(x * x - 1))
MOTHERLODE_FUNCTION(atanh, 1 / (1 - x * x))
MOTHERLODE_FUNCTION(erf, detail::two_over_sqrt_pi* std::exp(-x* x))
MOTHERLODE_FUNCTION(erfc, -detail::two_over_sqrt_pi* std::exp(-x* x))
MOTHERLODE_FUNCTION(lgamma, detail::digamma(x))
MOTHERLODE_FUNCTION(tgamma, y* detail::digamma(x))
MOTHERLODE_FUNCTION(fabs, x < 0 ? -1.0 : 1.0)
MOTHERLODE_FUNCTION(abs, x < 0 ? -1.0 : 1.0)
MOTHERLODE_FUNCTION(floor, 0.0)
MOTHERLODE_FUNCTION(ceil, 0.0)
MOTHERLODE_FUNCTION(trunc, 0.0)
MOTHERLODE_FUNCTION(round, 0.0)
MOTHERLODE_FUNCTION(nearbyint, 0.0)
MOTHERLODE_FUNCTION(rint, 0.0)

#undef MOTHERLODE_FUNCTION

/// Define a predicate; alternatives that answer otherwise are diverted.
#define MOTHERLODE_PREDICATE(name)                          \
  template <std::size_t D, std::size_t K>                   \
  bool name(const Tracked<D, K>& a) {                       \
    return a.decide([](double x) { return std::name(x); }); \
  }

MOTHERLODE_PREDICATE(isfinite)
MOTHERLODE_PREDICATE(isinf)
MOTHERLODE_PREDICATE(isnan)
MOTHERLODE_PREDICATE(signbit)

#undef MOTHERLODE_PREDICATE

namespace detail {

inline double slope_of_exponent(double x, double y) { return x == 0 && y > 0 ? 0.0 : std::pow(x, y) * std::log(x); }
inline double slope_of_base(double x, double y) { return y == 0 ? 0.0 : y * std::pow(x, y - 1); }
inline double square_sum(double x, double y) { return x * x + y * y; }

}  // namespace detail

/// Define a function of two numbers, either of which may be a double, with the partial slopes `by_x` and `by_y`,
/// expressions in the arguments x and y.
#define MOTHERLODE_FUNCTION_OF_TWO(name, by_x, by_y)                                                     \
  template <std::size_t D, std::size_t K>                                                                \
  Tracked<D, K> name(const Tracked<D, K>& a, const Tracked<D, K>& b) {                                   \
    [[maybe_unused]] const double x = a.value();                                                         \
    [[maybe_unused]] const double y = b.value();                                                         \
    return Tracked<D, K>::combine(a, b, [](double u, double v) { return std::name(u, v); }, by_x, by_y); \
  }                                                                                                      \
  template <std::size_t D, std::size_t K>                                                                \
  Tracked<D, K> name(const Tracked<D, K>& a, double y) {                                                 \
    return a.map([=](double x) { return std::name(x, y); },                                              \
                 [=]([[maybe_unused]] double x, double) -> double { return by_x; });                     \
  }                                                                                                      \
  template <std::size_t D, std::size_t K>                                                                \
  Tracked<D, K> name(double x, const Tracked<D, K>& b) {                                                 \
    return b.map([=](double y) { return std::name(x, y); },                                              \
                 [=]([[maybe_unused]] double y, double) -> double { return by_y; });                     \
  }

MOTHERLODE_FUNCTION_OF_TWO(pow, detail::slope_of_base(x, y), detail::slope_of_exponent(x, y))
MOTHERLODE_FUNCTION_OF_TWO(atan2, y / detail::square_sum(x, y), -x / detail::square_sum(x, y))
MOTHERLODE_FUNCTION_OF_TWO(hypot, x / std::hypot(x, y), y / std::hypot(x, y))
MOTHERLODE_FUNCTION_OF_TWO(fmin, x <= y ? 1.0 : 0.0, x <= y ? 0.0 : 1.0)
MOTHERLODE_FUNCTION_OF_TWO(fmax, x >= y ? 1.0 : 0.0, x >= y ? 0.0 : 1.0)
MOTHERLODE_FUNCTION_OF_TWO(fmod, 1.0, -std::trunc(x / y))
MOTHERLODE_FUNCTION_OF_TWO(copysign, std::signbit(x) == std::signbit(y) ? 1.0 : -1.0, 0.0)

#undef MOTHERLODE_FUNCTION_OF_TWO

template <std::size_t D, std::size_t K>
Tracked<D, K> fma(const Tracked<D, K>& a, const Tracked<D, K>& b, const Tracked<D, K>& c) {
  return a * b + c;
}

}  // namespace motherlode
