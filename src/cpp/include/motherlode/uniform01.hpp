#pragma once

/// A uniform that settles only when it is used, so that `if (rand01() < p)` is the branching Bernoulli(p).
///
/// Compared with a threshold t it branches with probability (t - low) / (high - low) and narrows to the side it
/// took; used as a number it settles as Uniform(low, high). Affine forms (1 - u, 100 * u) stay lazy.

#include <functional>
#include <memory>
#include <type_traits>

#include "motherlode/draws.hpp"
#include "motherlode/engine.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"
#include "motherlode/run_scope.hpp"

namespace [[gnu::visibility("default")]] motherlode {

/// A handle on offset + scale·u. Copies share u; a handle belongs to one thread and must not outlive its run.
template <class Draws>
class LazyUniform {
 public:
  using Real = typename Draws::Real;

  /// A uniform on [0, 1) of the run that this thread is in, or of the engine's.
  LazyUniform(Location where = Location::current()) : LazyUniform(RunScope<Draws>::current(where), where) {}
  explicit LazyUniform(Draws& draws, Location where = Location::current())
      : state_(std::make_shared<State>(draws, where)) {}
  template <class Word>
  explicit LazyUniform(const BasicEngine<Draws, Word>& generator, Location where = Location::current())
      : LazyUniform(generator.draws(where), where) {}

  /// Use it as a number: it settles.
  MOTHERLODE_HINT(
      "the uniform settles as a number here; if it is compared with a function of theta later, keep it as `auto u`")
  operator double() const { return number(); }
  double number() const { return is_number() ? static_cast<double>(known()) : settle(); }

  template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
  operator Integer() const {
    static_assert(detail::never<Integer>,
                  "a uniform of motherlode is no integer or bool: write static_cast<int>(double(u)), or draw it from "
                  "motherlode::uniform_int_distribution; for raw bits call the engine");
    return Integer();
  }

  template <class T>
  friend bool operator<(const LazyUniform& u, const T& threshold) {
    return u.is_below(Real(as_number(threshold)), std::less<>());
  }
  template <class T>
  friend bool operator<=(const LazyUniform& u, const T& threshold) {
    return u.is_below(Real(as_number(threshold)), std::less_equal<>());
  }
  template <class T>
  friend bool operator>(const LazyUniform& u, const T& threshold) {
    return !(u <= threshold);
  }
  template <class T>
  friend bool operator>=(const LazyUniform& u, const T& threshold) {
    return !(u < threshold);
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator<(const T& threshold, const LazyUniform& u) {
    return u > threshold;
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator<=(const T& threshold, const LazyUniform& u) {
    return u >= threshold;
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator>(const T& threshold, const LazyUniform& u) {
    return u < threshold;
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator>=(const T& threshold, const LazyUniform& u) {
    return u <= threshold;
  }

  /// Equality with a number has probability 0: it needs the number.
  template <class T>
  friend bool operator==(const LazyUniform& u, const T& other) {
    return u.number() == as_number(other);
  }
  template <class T>
  friend bool operator!=(const LazyUniform& u, const T& other) {
    return !(u == other);
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator==(const T& other, const LazyUniform& u) {
    return u == other;
  }
  template <class T, class = std::enable_if_t<!std::is_same_v<T, LazyUniform>>>
  friend bool operator!=(const T& other, const LazyUniform& u) {
    return !(u == other);
  }

  LazyUniform operator-() const { return {*this, -offset_, -scale_}; }
  LazyUniform operator+() const { return *this; }

  template <class T>
  static constexpr bool is_coefficient = std::is_arithmetic_v<T> || std::is_same_v<T, Real>;

  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator+(const LazyUniform& u, const T& a) {
    return {u, u.offset_ + Real(a), u.scale_};
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator-(const LazyUniform& u, const T& a) {
    return {u, u.offset_ - Real(a), u.scale_};
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator*(const LazyUniform& u, const T& a) {
    return {u, u.offset_ * Real(a), u.scale_ * Real(a)};
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator/(const LazyUniform& u, const T& a) {
    return {u, u.offset_ / Real(a), u.scale_ / Real(a)};
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator+(const T& a, const LazyUniform& u) {
    return u + a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator-(const T& a, const LazyUniform& u) {
    return -u + a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend LazyUniform operator*(const T& a, const LazyUniform& u) {
    return u * a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  friend Real operator/(const T& a, const LazyUniform& u) {
    return Real(a) / u.number();
  }

  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  LazyUniform& operator+=(const T& a) {
    return *this = *this + a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  LazyUniform& operator-=(const T& a) {
    return *this = *this - a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  LazyUniform& operator*=(const T& a) {
    return *this = *this * a;
  }
  template <class T, class = std::enable_if_t<is_coefficient<T>>>
  LazyUniform& operator/=(const T& a) {
    return *this = *this / a;
  }

  template <class T>
  friend int operator%(const LazyUniform&, const T&) {
    static_assert(detail::never<T>,
                  "a uniform of motherlode is no integer: draw it from motherlode::uniform_int_distribution; for raw "
                  "bits call the engine");
    return 0;
  }

  /// What two uniforms make is a number.
  friend double operator+(const LazyUniform& u, const LazyUniform& v) { return u.number() + v.number(); }
  friend double operator-(const LazyUniform& u, const LazyUniform& v) { return u.number() - v.number(); }
  friend double operator*(const LazyUniform& u, const LazyUniform& v) { return u.number() * v.number(); }
  friend double operator/(const LazyUniform& u, const LazyUniform& v) { return u.number() / v.number(); }

  template <class Stream>
  friend Stream& operator<<(Stream& stream, const LazyUniform& u) {
    stream << u.number();
    return stream;
  }

  /// A handle that is this number and nothing else.
  LazyUniform constant(const Real& value) const { return {*this, value, Real(0.0)}; }

 private:
  /// What all handles on one uniform share: the interval it lies in, then the number it became.
  struct State {
    State(Draws& from, const Location& place) : draws(from), where(place), hidden(from.hidden_uniform()) {}

    Draws& draws;
    Location where;
    double hidden;
    Real low = 0.0;
    Real high = 1.0;
    bool is_settled = false;
    double value = 0;  ///< offset + scale·u, of the handle that settled
    Real offset = 0.0;
    Real scale = 1.0;
  };

  LazyUniform(const LazyUniform& other, const Real& offset, const Real& scale)
      : state_(other.state_), offset_(offset), scale_(scale) {}

  static double as_number(const LazyUniform& u) { return u.number(); }
  template <class T>
  static Real as_number(const T& number) {
    return Real(number);
  }

  /// Whether nothing is left to draw.
  bool is_number() const { return state_->is_settled || scale_ == 0.0 || !(state_->low < state_->high); }

  /// offset + scale·u, where that is a number.
  Real known() const {
    if (!state_->is_settled) {
      return offset_ + scale_ * state_->low;
    }
    const bool is_mine = primal(offset_) == primal(state_->offset) && primal(scale_) == primal(state_->scale);
    return is_mine ? Real(state_->value) : Real(offset_ + scale_ * ((state_->value - state_->offset) / state_->scale));
  }

  double settle() const {
    State& state = *state_;
    const bool rises = scale_ > 0.0;
    const Real low = offset_ + scale_ * (rises ? state.low : state.high);
    const Real high = offset_ + scale_ * (rises ? state.high : state.low);
    const double hidden = primal(offset_) + primal(scale_) * state.hidden;
    state.value = state.draws.settle(Uniform<Real>{low, high}, hidden, state.where);
    state.offset = offset_;
    state.scale = scale_;
    state.is_settled = true;
    return state.value;
  }

  template <class Compare>
  bool is_below(const Real& threshold, Compare compare) const {
    return is_number() ? compare(known(), threshold) : branch(threshold, compare);
  }

  /// Take one side of the threshold, and narrow to it.
  template <class Compare>
  bool branch(const Real& threshold, Compare compare) const {
    State& state = *state_;
    const bool rises = scale_ > 0.0;
    const Real cut = clamped((threshold - offset_) / scale_);
    const Real width = state.high - state.low;
    const Real below = (rises ? cut - state.low : state.high - cut) / width;
    const bool hidden = compare(primal(offset_) + primal(scale_) * state.hidden, primal(threshold));
    const bool outcome = state.draws.settle(Bernoulli<Real>{below}, hidden ? 1.0 : 0.0, state.where) != 0;
    (outcome == rises ? state.high : state.low) = cut;
    return outcome;
  }

  Real clamped(const Real& cut) const {
    if (cut < state_->low) {
      return state_->low;
    }
    return cut > state_->high ? state_->high : cut;
  }

  std::shared_ptr<State> state_;
  Real offset_ = 0.0;
  Real scale_ = 1.0;
};

using uniform01 = LazyUniform<Draws>;

}  // namespace motherlode
