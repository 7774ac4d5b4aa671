#pragma once

/// The distributions of <random> whose values are real numbers, where each is a family.

#include <tuple>

#include "motherlode/distribution.hpp"
#include "motherlode/families.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

template <class Number>
struct NormalParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<NormalParameters>;

  explicit NormalParameters(Real mean = 0.0, Real stddev = 1.0) : mean_(mean), stddev_(stddev) {}
  Real mean() const { return mean_; }
  Real stddev() const { return stddev_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Normal<Real>{mean_, stddev_}, {}, where));
  }
  auto fields() const { return std::tie(mean_, stddev_); }
  auto fields() { return std::tie(mean_, stddev_); }

 private:
  Real mean_;
  Real stddev_;
};

}  // namespace detail

template <class Number = double>
class normal_distribution : public Distribution<detail::NormalParameters<Number>> {
  using Distribution<detail::NormalParameters<Number>>::Distribution;
};
template <class A, class B>
normal_distribution(A, B) -> normal_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct LognormalParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<LognormalParameters>;

  explicit LognormalParameters(Real m = 0.0, Real s = 1.0) : m_(m), s_(s) {}
  Real m() const { return m_; }
  Real s() const { return s_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(LogNormal<Real>{m_, s_}, {}, where));
  }
  auto fields() const { return std::tie(m_, s_); }
  auto fields() { return std::tie(m_, s_); }

 private:
  Real m_;
  Real s_;
};

}  // namespace detail

template <class Number = double>
class lognormal_distribution : public Distribution<detail::LognormalParameters<Number>> {
  using Distribution<detail::LognormalParameters<Number>>::Distribution;
};
template <class A, class B>
lognormal_distribution(A, B) -> lognormal_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct ExponentialParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<ExponentialParameters>;

  explicit ExponentialParameters(Real lambda = 1.0) : lambda_(lambda) {}
  Real lambda() const { return lambda_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Exponential<Real>{lambda_}, {}, where));
  }
  auto fields() const { return std::tie(lambda_); }
  auto fields() { return std::tie(lambda_); }

 private:
  Real lambda_;
};

}  // namespace detail

template <class Number = double>
class exponential_distribution : public Distribution<detail::ExponentialParameters<Number>> {
  using Distribution<detail::ExponentialParameters<Number>>::Distribution;
};
template <class A>
exponential_distribution(A) -> exponential_distribution<RealOf<A>>;

namespace detail {

template <class Number>
struct GammaParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<GammaParameters>;

  explicit GammaParameters(Real alpha = 1.0, Real beta = 1.0) : alpha_(alpha), beta_(beta) {}
  Real alpha() const { return alpha_; }
  Real beta() const { return beta_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Gamma<Real>{alpha_, 1.0 / beta_}, {}, where));
  }
  auto fields() const { return std::tie(alpha_, beta_); }
  auto fields() { return std::tie(alpha_, beta_); }

 private:
  Real alpha_;
  Real beta_;
};

}  // namespace detail

/// Shape alpha and scale beta.
template <class Number = double>
class gamma_distribution : public Distribution<detail::GammaParameters<Number>> {
  using Distribution<detail::GammaParameters<Number>>::Distribution;
};
template <class A, class B>
gamma_distribution(A, B) -> gamma_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct WeibullParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<WeibullParameters>;

  explicit WeibullParameters(Real a = 1.0, Real b = 1.0) : a_(a), b_(b) {}
  Real a() const { return a_; }
  Real b() const { return b_; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Weibull<Real>{b_, a_}, {}, where));
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Real a_;
  Real b_;
};

}  // namespace detail

/// Shape a and scale b.
template <class Number = double>
class weibull_distribution : public Distribution<detail::WeibullParameters<Number>> {
  using Distribution<detail::WeibullParameters<Number>>::Distribution;
};
template <class A, class B>
weibull_distribution(A, B) -> weibull_distribution<RealOf<A, B>>;

namespace detail {

template <class Number>
struct BetaParameters : PositiveParameters<Number> {
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<BetaParameters>;

  explicit BetaParameters(Real a = 1.0, Real b = 1.0) : a_(a), b_(b) {}
  Real a() const { return a_; }
  Real b() const { return b_; }
  DrawOf<Number> max() const { return 1; }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    return static_cast<DrawOf<Number>>(draws.sample(Beta<Real>{a_, b_}, {}, where));
  }
  auto fields() const { return std::tie(a_, b_); }
  auto fields() { return std::tie(a_, b_); }

 private:
  Real a_;
  Real b_;
};

}  // namespace detail

/// Not in <random>.
template <class Number = double>
class beta_distribution : public Distribution<detail::BetaParameters<Number>> {
  using Distribution<detail::BetaParameters<Number>>::Distribution;
};
template <class A, class B>
beta_distribution(A, B) -> beta_distribution<RealOf<A, B>>;

}  // namespace motherlode
