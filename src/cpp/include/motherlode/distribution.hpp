#pragma once

/// What all distributions with the interface of <random> share: `Parameters` say how to draw, `Distribution` adds the
/// calls. Where std::X d(a, b) stood, and d(generator), motherlode::X d(a, b) stands, with a motherlode::engine.

#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "motherlode/engine.hpp"
#include "motherlode/location.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

/// A distribution over `Number` has parameters in double and draws that number; over a tracked number it has tracked
/// parameters and draws double.
template <class Number>
using ParameterOf = std::conditional_t<std::is_arithmetic_v<Number>, double, Number>;
template <class Number>
using DrawOf = std::conditional_t<std::is_arithmetic_v<Number>, Number, double>;

/// Whether something draws through motherlode.
template <class Engine, class = void>
inline constexpr bool is_engine = false;
template <class Engine>
inline constexpr bool is_engine<Engine, std::void_t<decltype(std::declval<Engine&>().draws())>> = true;

/// Parameters are equal where their fields are.
template <class Parameters>
auto operator==(const Parameters& a, const Parameters& b) -> decltype(a.fields() == b.fields()) {
  return a.fields() == b.fields();
}
template <class Parameters>
auto operator!=(const Parameters& a, const Parameters& b) -> decltype(a.fields() != b.fields()) {
  return a.fields() != b.fields();
}

/// The parameters of a distribution of real numbers from `low()` on.
template <class Number>
struct RealParameters {
  static_assert(!std::is_integral_v<Number>,
                "this distribution draws real numbers: give it a floating-point type, and round what it draws");
  using Real = ParameterOf<Number>;
  using result_type = DrawOf<Number>;
  result_type min() const { return std::numeric_limits<result_type>::lowest(); }
  result_type max() const { return std::numeric_limits<result_type>::max(); }
};
template <class Number>
struct PositiveParameters : RealParameters<Number> {
  using typename RealParameters<Number>::result_type;
  result_type min() const { return 0; }
};

/// The parameters of a distribution of whole numbers, from 0 on.
template <class Int, class Number>
struct CountParameters {
  static_assert(std::is_integral_v<Int>, "this distribution draws whole numbers: give it an integer type");
  using Real = Number;
  using result_type = Int;
  result_type min() const { return 0; }
  result_type max() const { return std::numeric_limits<Int>::max(); }
};

}  // namespace detail

/// A distribution: its parameters, with their accessors, and calls that draw. Nothing is kept between draws.
template <class Parameters>
class Distribution : public Parameters {
 public:
  using param_type = Parameters;
  using Parameters::Parameters;
  Distribution() = default;
  explicit Distribution(const param_type& parameters) : Parameters(parameters) {}

  template <class Engine>
  auto operator()(Engine& generator, Location where = Location::current()) const {
    return (*this)(generator, param(), where);
  }
  template <class Engine>
  auto operator()(Engine& generator, const param_type& parameters, Location where = Location::current()) const {
    if constexpr (detail::is_engine<Engine>) {
      return parameters.draw(generator.draws(where), where);
    } else {
      static_assert(detail::never<Engine>,
                    "a distribution of motherlode draws from a motherlode::engine: declare it where std::mt19937 stood");
      return parameters.min();
    }
  }

  const param_type& param() const { return *this; }
  void param(const param_type& parameters) { static_cast<param_type&>(*this) = parameters; }
  void reset() const {}

  template <class Stream>
  friend Stream& operator<<(Stream& stream, const Distribution& distribution) {
    std::apply([&stream](const auto&... fields) { ((stream << fields << ' '), ...); }, distribution.fields());
    return stream;
  }
  template <class Stream>
  friend Stream& operator>>(Stream& stream, Distribution& distribution) {
    std::apply([&stream](auto&... fields) { ((stream >> fields), ...); }, distribution.fields());
    return stream;
  }
};

}  // namespace motherlode
