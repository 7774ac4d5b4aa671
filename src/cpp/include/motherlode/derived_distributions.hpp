#pragma once

/// The distributions of <random> that are no family of their own: draws from families, one after the other, whose joint
/// likelihood is exact.

#include <cmath>
#include <tuple>

#include "motherlode/distribution.hpp"
#include "motherlode/families.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

template <class Number>
struct ChiSquaredParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<ChiSquaredParameters>;

  explicit ChiSquaredParameters(Real n = 1.0) : n_(n) {}
  Real n() const { return n_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Gamma<Real>{0.5 * n_, Real(0.5)}, {}, where));
  }
  auto fields() const { return std::tie(n_); }
  auto fields() { return std::tie(n_); }

 private:
  Real n_;
};

}  // namespace detail

/// A gamma distribution of shape n / 2.
template <class Number = double>
class chi_squared_distribution : public Distribution<detail::ChiSquaredParameters<Number>> {
  using Distribution<detail::ChiSquaredParameters<Number>>::Distribution;
};
template <class A>
chi_squared_distribution(A) -> chi_squared_distribution<RealOf<A>>;

namespace detail {

template <class Number>
struct ExtremeValueParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<ExtremeValueParameters>;

  explicit ExtremeValueParameters(Real a = 0.0, Real b = 1.0) : a_(a), b_(b) {}
  Real a() const { return a_; }
  Real b() const { return b_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    using std::exp;
    return static_cast<DrawOf<Number>>(-std::log(draws.sample(Weibull<Real>{exp(-a_), 1.0 / b_}, {}, where)));
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Real a_;
  Real b_;
};

}  // namespace detail

/// Minus the logarithm of a Weibull number: location a, scale b.
template <class Number = double>
class extreme_value_distribution : public Distribution<detail::ExtremeValueParameters<Number>> {
  using Distribution<detail::ExtremeValueParameters<Number>>::Distribution;
};
template <class A, class B>
extreme_value_distribution(A, B) -> extreme_value_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct StudentTParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<StudentTParameters>;

  explicit StudentTParameters(Real n = 1.0) : n_(n) {}
  Real n() const { return n_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    const double precision = draws.sample(Gamma<Real>{0.5 * n_, 0.5 * n_}, {}, where);
    return static_cast<DrawOf<Number>>(draws.sample(Normal<double>{0.0, 1 / std::sqrt(precision)}, {}, where));
  }
  auto fields() const { return std::tie(n_); }
  auto fields() { return std::tie(n_); }

 private:
  Real n_;
};

}  // namespace detail

/// Two draws: a precision, and the normal number that has it.
template <class Number = double>
class student_t_distribution : public Distribution<detail::StudentTParameters<Number>> {
  using Distribution<detail::StudentTParameters<Number>>::Distribution;
};
template <class A>
student_t_distribution(A) -> student_t_distribution<RealOf<A>>;

namespace detail {

template <class Number>
struct CauchyParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<CauchyParameters>;

  explicit CauchyParameters(Real a = 0.0, Real b = 1.0) : a_(a), b_(b) {}
  Real a() const { return a_; }
  Real b() const { return b_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    const double precision = draws.sample(Gamma<double>{0.5, 0.5}, {}, where);
    return static_cast<DrawOf<Number>>(draws.sample(Normal<Real>{a_, b_ / std::sqrt(precision)}, {}, where));
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Real a_;
  Real b_;
};

}  // namespace detail

/// Two draws, as student_t_distribution of one degree of freedom.
template <class Number = double>
class cauchy_distribution : public Distribution<detail::CauchyParameters<Number>> {
  using Distribution<detail::CauchyParameters<Number>>::Distribution;
};
template <class A, class B>
cauchy_distribution(A, B) -> cauchy_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct FisherFParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<FisherFParameters>;

  explicit FisherFParameters(Real m = 1.0, Real n = 1.0) : m_(m), n_(n) {}
  Real m() const { return m_; }
  Real n() const { return n_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    const double precision = draws.sample(Gamma<Real>{0.5 * n_, 0.5 * n_}, {}, where);
    return static_cast<DrawOf<Number>>(draws.sample(Gamma<Real>{0.5 * m_, 0.5 * m_ * precision}, {}, where));
  }
  auto fields() const { return std::tie(m_, n_); }
  auto fields() { return std::tie(m_, n_); }

 private:
  Real m_;
  Real n_;
};

}  // namespace detail

/// Two draws: the denominator, and the ratio given it.
template <class Number = double>
class fisher_f_distribution : public Distribution<detail::FisherFParameters<Number>> {
  using Distribution<detail::FisherFParameters<Number>>::Distribution;
};
template <class A, class B>
fisher_f_distribution(A, B) -> fisher_f_distribution<RealOf<A, B>>;

}  // namespace motherlode
