#pragma once

/// The functions of std that a uniform is given to and no number.

#include <cmath>
#include <string>
#include <type_traits>

#include "motherlode/uniform01.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

template <class T>
inline constexpr bool is_uniform = false;
template <class Draws>
inline constexpr bool is_uniform<LazyUniform<Draws>> = true;

template <class T>
using NoUniform = std::enable_if_t<!is_uniform<T>>;

}  // namespace detail

}  // namespace motherlode

/// The functions of std that a uniform is given to and no number; the comparisons of <algorithm> are branchings.
namespace std {

template <class Draws>
double abs(const motherlode::LazyUniform<Draws>& u) {
  return abs(u.number());
}
template <class Draws>
string to_string(const motherlode::LazyUniform<Draws>& u) {
  return to_string(u.number());
}

template <class T, class Draws, class = motherlode::detail::NoUniform<T>>
motherlode::LazyUniform<Draws> min(const motherlode::LazyUniform<Draws>& u, const T& bound) {
  return bound < u ? u.constant(bound) : u;
}
template <class T, class Draws, class = motherlode::detail::NoUniform<T>>
motherlode::LazyUniform<Draws> min(const T& bound, const motherlode::LazyUniform<Draws>& u) {
  return u < bound ? u : u.constant(bound);
}
template <class T, class Draws, class = motherlode::detail::NoUniform<T>>
motherlode::LazyUniform<Draws> max(const motherlode::LazyUniform<Draws>& u, const T& bound) {
  return u < bound ? u.constant(bound) : u;
}
template <class T, class Draws, class = motherlode::detail::NoUniform<T>>
motherlode::LazyUniform<Draws> max(const T& bound, const motherlode::LazyUniform<Draws>& u) {
  return bound < u ? u : u.constant(bound);
}
template <class T, class Draws, class = motherlode::detail::NoUniform<T>>
motherlode::LazyUniform<Draws> clamp(const motherlode::LazyUniform<Draws>& u, const T& low, const T& high) {
  return u < low ? u.constant(low) : high < u ? u.constant(high) : u;
}

}  // namespace std
