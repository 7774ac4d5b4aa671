#pragma once

/// The distributions of <random> whose values are whole numbers.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <tuple>

#include "motherlode/distribution.hpp"
#include "motherlode/families.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

struct BernoulliParameters {
  using result_type = bool;
  using distribution_type = Distribution<BernoulliParameters>;

  explicit BernoulliParameters(double p = 0.5) : p_(p) {}
  double p() const { return p_; }
  bool min() const { return false; }
  bool max() const { return true; }

  template <class Draws>
  bool draw(Draws& draws, const Location& where) const {
    return draws.sample(Bernoulli<double>{p_}, {}, where) != 0;
  }
  auto fields() const { return std::tie(p_); }
  auto fields() { return std::tie(p_); }

 private:
  double p_;
};

}  // namespace detail

using bernoulli_distribution = Distribution<detail::BernoulliParameters>;

namespace detail {

template <class Int, class Real>
struct PoissonParameters : CountParameters<Int, Real> {
  using distribution_type = Distribution<PoissonParameters>;

  explicit PoissonParameters(Real mean = 1.0) : mean_(mean) {}
  Real mean() const { return mean_; }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    return static_cast<Int>(draws.sample(Poisson<Real>{mean_}, {}, where));
  }
  auto fields() const { return std::tie(mean_); }
  auto fields() { return std::tie(mean_); }

 private:
  Real mean_;
};

}  // namespace detail

template <class Int = int, class Real = double>
class poisson_distribution : public Distribution<detail::PoissonParameters<Int, Real>> {
  using Distribution<detail::PoissonParameters<Int, Real>>::Distribution;
};

namespace detail {

template <class Int, class Real>
struct GeometricParameters : CountParameters<Int, Real> {
  using distribution_type = Distribution<GeometricParameters>;

  explicit GeometricParameters(Real p = 0.5) : p_(p) {}
  Real p() const { return p_; }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    return static_cast<Int>(draws.sample(Geometric<Real>{p_}, {}, where) - 1);
  }
  auto fields() const { return std::tie(p_); }
  auto fields() { return std::tie(p_); }

 private:
  Real p_;
};

}  // namespace detail

/// Failures before the first success, as in <random>: one trial less than the family counts.
template <class Int = int, class Real = double>
class geometric_distribution : public Distribution<detail::GeometricParameters<Int, Real>> {
  using Distribution<detail::GeometricParameters<Int, Real>>::Distribution;
};

namespace detail {

template <class Int, class Real>
struct BinomialParameters : CountParameters<Int, Real> {
  using distribution_type = Distribution<BinomialParameters>;

  explicit BinomialParameters(Int t = 1, Real p = 0.5) : t_(t), p_(p) {}
  Int t() const { return t_; }
  Real p() const { return p_; }
  Int max() const { return t_; }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    return static_cast<Int>(draws.sample(Binomial<Real>{Real(static_cast<double>(t_)), p_}, {}, where));
  }
  auto fields() const { return std::tie(t_, p_); }
  auto fields() { return std::tie(t_, p_); }

 private:
  Int t_;
  Real p_;
};

}  // namespace detail

template <class Int = int, class Real = double>
class binomial_distribution : public Distribution<detail::BinomialParameters<Int, Real>> {
  using Distribution<detail::BinomialParameters<Int, Real>>::Distribution;
};

namespace detail {

template <class Int, class Real>
struct NegativeBinomialParameters : CountParameters<Int, Real> {
  using distribution_type = Distribution<NegativeBinomialParameters>;

  explicit NegativeBinomialParameters(Int k = 1, Real p = 0.5) : k_(k), p_(p) {}
  Int k() const { return k_; }
  Real p() const { return p_; }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    const double rate = draws.sample(Gamma<Real>{Real(static_cast<double>(k_)), p_ / (1.0 - p_)}, {}, where);
    return static_cast<Int>(draws.sample(Poisson<double>{rate}, {}, where));
  }
  auto fields() const { return std::tie(k_, p_); }
  auto fields() { return std::tie(k_, p_); }

 private:
  Int k_;
  Real p_;
};

}  // namespace detail

/// Failures before success k. Two draws: a gamma rate, and the Poisson number that has it.
template <class Int = int, class Real = double>
class negative_binomial_distribution : public Distribution<detail::NegativeBinomialParameters<Int, Real>> {
  using Distribution<detail::NegativeBinomialParameters<Int, Real>>::Distribution;
};

namespace detail {

template <class Int>
struct UniformIntParameters {
  static_assert(std::is_integral_v<Int>,
                "uniform_int_distribution draws whole numbers: for real ones there is uniform_real_distribution");
  using result_type = Int;
  using distribution_type = Distribution<UniformIntParameters>;

  explicit UniformIntParameters(Int a = 0, Int b = std::numeric_limits<Int>::max()) : a_(a), b_(b) {}
  Int a() const { return a_; }
  Int b() const { return b_; }
  Int min() const { return a_; }
  Int max() const { return b_; }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    const double low = static_cast<double>(a_);
    const double high = static_cast<double>(b_);
    if constexpr (sizeof(Int) == sizeof(std::uint64_t)) {
      constexpr double exact = 0x1p53;
      if (low < -exact || high >= exact) {
        const BasicEngine<Draws> generator(draws);
        return std::uniform_int_distribution<Int>(a_, b_)(generator);
      }
    }
    return static_cast<Int>(std::min(std::floor(draws.sample(Uniform<double>{low, high + 1}, {}, where)), high));
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Int a_, b_;
};

}  // namespace detail

/// A whole number in [a, b], all equally probable: the floor of a uniform; beyond 2^53, made of raw bits.
template <class Int = int>
class uniform_int_distribution : public Distribution<detail::UniformIntParameters<Int>> {
  using Distribution<detail::UniformIntParameters<Int>>::Distribution;
};
template <class Int>
uniform_int_distribution(Int, Int) -> uniform_int_distribution<Int>;

}  // namespace motherlode
