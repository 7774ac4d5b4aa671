/// Eigen with tracked numbers: products, solutions and Cholesky factors carry values and slopes.

#include <cmath>

#include <Eigen/Dense>

#include "check.hpp"
#include "models.hpp"
#include "motherlode/eigen.hpp"

namespace {

using Number = Tracked<1, 1>;
template <class Real>
using Matrix = Eigen::Matrix<Real, 2, 2>;
template <class Real>
using Vector = Eigen::Matrix<Real, 2, 1>;

/// log-density, up to a constant, of a bivariate normal with covariance [[1, r], [r, 2]] at (1, 3).
template <class Real>
Real log_density(const Real& r) {
  using std::log;
  Matrix<Real> covariance;
  covariance << Real(1.0), r, r, Real(2.0);
  const Vector<double> x(1.0, 3.0);
  const Matrix<Real> lower = covariance.llt().matrixL();
  const Vector<Real> z = lower.template triangularView<Eigen::Lower>().solve(x.template cast<Real>());
  return -0.5 * z.dot(z) - log(lower(0, 0) * lower(1, 1));
}

}  // namespace

TEST("eigen: a Cholesky factor and a solution carry the slope") {
  const Number tracked = log_density(Number({0.3, 0.5}, {1.0}));
  const double h = 1e-5;
  CHECK_NEAR(tracked.value(0), log_density(0.3), 1e-15);
  CHECK_NEAR(tracked.value(1), log_density(0.5), 1e-15);
  CHECK_NEAR(tracked.tangent(0), (log_density(0.3 + h) - log_density(0.3 - h)) / (2 * h), 1e-9);
}

TEST("eigen: matrices of double and of tracked numbers mix") {
  const Matrix<double> plain = Matrix<double>::Identity() * 2;
  const Vector<Number> tracked(Number({1.0, 2.0}, {1.0}), Number(3.0));
  const Vector<Number> product = plain * tracked;
  CHECK(product(0).value() == 2 && product(0).value(1) == 4 && product(0).tangent(0) == 2 && product(1).value() == 6);
}
