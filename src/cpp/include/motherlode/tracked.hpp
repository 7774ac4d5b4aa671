#pragma once

/// A number that knows what it would be at K alternative parameters, and its derivatives in D directions.
///
/// Arithmetic on it is arithmetic on 1 + K values and D tangents at once. A comparison is decided by the value at
/// theta; where it would come out differently at an alternative, that alternative is marked as diverted, and its
/// log-ratio must be found by replay.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <limits>
#include <ostream>
#include <type_traits>

namespace [[gnu::visibility("default")]] motherlode {

/// Alternatives (bit k for alternative k) that would have gone another way since this was last cleared.
inline thread_local std::uint64_t diverted = 0;

template <std::size_t D, std::size_t K>
class Tracked {
  static_assert(K <= 64, "Tracked marks alternatives in 64 bits; take more passes for more alternatives.");

 public:
  Tracked() : Tracked(0.0) {}

  /// A constant: the same everywhere.
  Tracked(double value) : tangents_{} { values_.fill(value); }

  Tracked(const std::array<double, 1 + K>& values, const std::array<double, D>& tangents)
      : values_(values), tangents_(tangents) {}

  /// The value at theta.
  double value() const { return values_[0]; }
  /// The value at theta (0), or at alternative k - 1.
  double value(std::size_t column) const { return values_[column]; }
  double tangent(std::size_t direction) const { return tangents_[direction]; }

  /// Whether it is the same at all alternatives and has no slope.
  bool is_constant() const {
    bool constant = true;
    for (const double value : values_) {
      constant = constant && (value == values_[0] || (value != value && values_[0] != values_[0]));
    }
    for (const double tangent : tangents_) {
      constant = constant && tangent == 0;
    }
    return constant;
  }

  /// Drop the tangent. An alternative that would give another number is diverted.
  template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
  explicit operator Number() const {
    return decide([](double value) { return static_cast<Number>(value); });
  }

  /// Apply f to the values; the slope at theta, where f is `result`, is slope(value, result).
  template <class F, class Slope>
  Tracked map(F f, Slope slope) const {
    Tracked result(uninitialized{});
    for (std::size_t k = 0; k <= K; ++k) {
      result.values_[k] = f(values_[k]);
    }
    const double factor = slope(values_[0], result.values_[0]);
    for (std::size_t d = 0; d < D; ++d) {
      result.tangents_[d] = factor * tangents_[d];
    }
    return result;
  }

  /// Apply f to both values; its partial slopes at theta are (by_a, by_b).
  template <class F>
  static Tracked combine(const Tracked& a, const Tracked& b, F f, double by_a, double by_b) {
    Tracked result(uninitialized{});
    for (std::size_t k = 0; k <= K; ++k) {
      result.values_[k] = f(a.values_[k], b.values_[k]);
    }
    for (std::size_t d = 0; d < D; ++d) {
      result.tangents_[d] = by_a * a.tangents_[d] + by_b * b.tangents_[d];
    }
    return result;
  }

  /// Return what f says at theta; alternatives where it says otherwise are diverted.
  template <class F>
  auto decide(F f) const {
    const auto outcome = f(values_[0]);
    std::uint64_t others = 0;
    for (std::size_t k = 0; k < K; ++k) {
      others |= static_cast<std::uint64_t>(f(values_[k + 1]) != outcome) << k;
    }
    if (others != 0) {
      diverted |= others;
    }
    return outcome;
  }

  Tracked operator-() const {
    return map([](double v) { return -v; }, [](double, double) { return -1.0; });
  }
  Tracked operator+() const { return *this; }

  friend Tracked operator+(const Tracked& a, const Tracked& b) { return combine(a, b, std::plus<>(), 1.0, 1.0); }
  friend Tracked operator-(const Tracked& a, const Tracked& b) { return combine(a, b, std::minus<>(), 1.0, -1.0); }
  friend Tracked operator*(const Tracked& a, const Tracked& b) {
    return combine(a, b, std::multiplies<>(), b.value(), a.value());
  }
  friend Tracked operator/(const Tracked& a, const Tracked& b) {
    const double inverse = 1.0 / b.value();
    return combine(a, b, std::divides<>(), inverse, -(a.value() / b.value()) * inverse);
  }

  friend Tracked operator+(const Tracked& a, double b) {
    return a.map([b](double v) { return v + b; }, [](double, double) { return 1.0; });
  }
  friend Tracked operator-(const Tracked& a, double b) {
    return a.map([b](double v) { return v - b; }, [](double, double) { return 1.0; });
  }
  friend Tracked operator*(const Tracked& a, double b) {
    return a.map([b](double v) { return v * b; }, [b](double, double) { return b; });
  }
  friend Tracked operator/(const Tracked& a, double b) {
    return a.map([b](double v) { return v / b; }, [b](double, double) { return 1.0 / b; });
  }

  friend Tracked operator+(double a, const Tracked& b) {
    return b.map([a](double v) { return a + v; }, [](double, double) { return 1.0; });
  }
  friend Tracked operator-(double a, const Tracked& b) {
    return b.map([a](double v) { return a - v; }, [](double, double) { return -1.0; });
  }
  friend Tracked operator*(double a, const Tracked& b) {
    return b.map([a](double v) { return a * v; }, [a](double, double) { return a; });
  }
  friend Tracked operator/(double a, const Tracked& b) {
    return b.map([a](double v) { return a / v; }, [](double v, double result) { return -result / v; });
  }

  Tracked& operator+=(const Tracked& b) { return *this = *this + b; }
  Tracked& operator-=(const Tracked& b) { return *this = *this - b; }
  Tracked& operator*=(const Tracked& b) { return *this = *this * b; }
  Tracked& operator/=(const Tracked& b) { return *this = *this / b; }
  Tracked& operator+=(double b) { return *this = *this + b; }
  Tracked& operator-=(double b) { return *this = *this - b; }
  Tracked& operator*=(double b) { return *this = *this * b; }
  Tracked& operator/=(double b) { return *this = *this / b; }

  friend bool operator<(const Tracked& a, const Tracked& b) { return compare(a, b, std::less<>()); }
  friend bool operator>(const Tracked& a, const Tracked& b) { return compare(a, b, std::greater<>()); }
  friend bool operator<=(const Tracked& a, const Tracked& b) { return compare(a, b, std::less_equal<>()); }
  friend bool operator>=(const Tracked& a, const Tracked& b) { return compare(a, b, std::greater_equal<>()); }
  friend bool operator==(const Tracked& a, const Tracked& b) { return compare(a, b, std::equal_to<>()); }
  friend bool operator!=(const Tracked& a, const Tracked& b) { return compare(a, b, std::not_equal_to<>()); }

  friend std::ostream& operator<<(std::ostream& out, const Tracked& a) { return out << a.value(); }
  friend std::istream& operator>>(std::istream& in, Tracked& a) {
    double value = 0;
    in >> value;
    a = Tracked(value);
    return in;
  }

 private:
  struct uninitialized {};
  explicit Tracked(uninitialized) {}

  template <class Compare>
  static bool compare(const Tracked& a, const Tracked& b, Compare outcome_of) {
    const bool outcome = outcome_of(a.values_[0], b.values_[0]);
    std::uint64_t others = 0;
    for (std::size_t k = 0; k < K; ++k) {
      others |= static_cast<std::uint64_t>(outcome_of(a.values_[k + 1], b.values_[k + 1]) != outcome) << k;
    }
    if (others != 0) {
      diverted |= others;
    }
    return outcome;
  }

  std::array<double, 1 + K> values_;
  std::array<double, D> tangents_;
};

/// The number a draw is made with.
template <std::size_t D, std::size_t K>
double primal(const Tracked<D, K>& a) {
  return a.value();
}

}  // namespace motherlode

template <std::size_t D, std::size_t K>
class std::numeric_limits<motherlode::Tracked<D, K>> : public std::numeric_limits<double> {};
