#pragma once

/// A law of the user's own: how to draw from it, and its log-density.

#include <array>
#include <type_traits>

#include "motherlode/family.hpp"
#include "motherlode/source.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// The number 0 is no family of the wire.
inline constexpr FamilyId own_law{0, "Own"};

namespace detail {

/// function(law, argument), or function(argument) where it holds all it needs.
template <class Function, class Law, class Argument>
decltype(auto) call(const Function& function, const Law& law, Argument& argument) {
  if constexpr (std::is_invocable_v<const Function&, const Law&, Argument&>) {
    return function(law, argument);
  } else {
    return function(argument);
  }
}

template <class Function, class Law, class Argument>
inline constexpr bool takes = std::is_invocable_v<const Function&, const Law&, Argument&> ||
                              std::is_invocable_v<const Function&, Argument&>;

}  // namespace detail

/// A draw from a law that is no family of the wire. The sampler is given a generator of raw bits, a uniform random bit
/// generator for <random>; the log-density is normalized, and a number or a tracked number.
template <class Law, class Sampler, class LogDensity>
struct Own {
  static constexpr FamilyId id = own_law;
  static constexpr const char* domain = "a density";
  const Law& law;
  const Sampler& sampler;
  const LogDensity& log_density;

  bool valid() const { return true; }
  std::array<double, 0> parameters() const { return {}; }
  double sample(Source& source) const { return static_cast<double>(detail::call(sampler, law, source.engine)); }
  auto log_prob(const double value) const { return detail::call(log_density, law, value); }
};

template <class Law, class Sampler, class LogDensity>
Own(const Law&, const Sampler&, const LogDensity&) -> Own<Law, Sampler, LogDensity>;

/// Whether these can be the three parts of a law of the model's own.
template <class Law, class Sampler, class LogDensity>
using IsOwn = std::enable_if_t<detail::takes<Sampler, Law, Philox> && detail::takes<LogDensity, Law, const double>>;

}  // namespace motherlode
