#pragma once

/// The distributions of <random> that are given by a table: of weights, or of weights over intervals.

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "motherlode/distribution.hpp"
#include "motherlode/errors.hpp"
#include "motherlode/families.hpp"

namespace [[gnu::visibility("default")]] motherlode {

namespace detail {

/// The centres of `count` equal intervals of [low, high], or their ends.
inline std::vector<double> centres(std::size_t count, double low, double high) {
  std::vector<double> x(count > 0 ? count : 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = low + (high - low) * (static_cast<double>(i) + 0.5) / static_cast<double>(x.size());
  }
  return x;
}
inline std::vector<double> ends(std::size_t count, double low, double high) {
  std::vector<double> x((count > 0 ? count : 1) + 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = low + (high - low) * static_cast<double>(i) / static_cast<double>(x.size() - 1);
  }
  return x;
}

/// `function` of each.
template <class Real, class Function>
std::vector<Real> each(const std::vector<double>& x, Function function) {
  std::vector<Real> values;
  for (const double at : x) {
    values.push_back(Real(function(at)));
  }
  return values;
}

template <class Real>
std::vector<Real> shares(std::vector<Real> weights) {
  Real total(0.0);
  for (const Real& weight : weights) {
    total += weight;
  }
  for (Real& weight : weights) {
    weight /= total;
  }
  return weights;
}

template <class Int, class Number>
struct DiscreteParameters : CountParameters<Int, Number> {
  using distribution_type = Distribution<DiscreteParameters>;

  DiscreteParameters() : weights_{Number(1.0)} {}
  DiscreteParameters(std::initializer_list<Number> weights) : weights_(weights) {}
  template <class Iterator, class = typename std::iterator_traits<Iterator>::iterator_category>
  DiscreteParameters(Iterator first, Iterator last) : weights_(first, last) {}
  template <class Function>
  DiscreteParameters(std::size_t count, double low, double high, Function weight)
      : weights_(each<Number>(centres(count, low, high), weight)) {}

  std::vector<Number> probabilities() const { return shares(weights_); }
  Int max() const { return static_cast<Int>(weights_.size() - 1); }

  template <class Draws>
  Int draw(Draws& draws, const Location& where) const {
    return static_cast<Int>(draws.sample(Categorical<Number>{weights_}, {}, where));
  }
  auto fields() const { return std::tie(weights_); }

 private:
  std::vector<Number> weights_;
};

/// Bounds in ascending order, and the weights that belong to `excess` fewer of them. Bounds do not depend on theta.
template <class Number>
struct TableParameters : RealParameters<Number> {
  using Real = ParameterOf<Number>;

  TableParameters(std::vector<double> bounds, std::vector<Real> weights, std::size_t excess)
      : bounds_(std::move(bounds)), weights_(std::move(weights)) {
    if (bounds_.size() < 2 || weights_.size() + excess < bounds_.size()) {
      throw Error(ErrorCode::bad_request, "A piecewise distribution has " + std::to_string(bounds_.size()) +
                                              " bounds and " + std::to_string(weights_.size()) +
                                              " weights. Its density is undefined. Give at least two bounds, and the "
                                              "weights that <random> asks for.");
    }
    weights_.resize(bounds_.size() - excess);
  }

  const std::vector<double>& intervals() const { return bounds_; }
  DrawOf<Number> min() const { return static_cast<DrawOf<Number>>(bounds_.front()); }
  DrawOf<Number> max() const { return static_cast<DrawOf<Number>>(bounds_.back()); }
  auto fields() const { return std::tie(bounds_, weights_); }

 protected:
  double width(std::size_t i) const { return bounds_[i + 1] - bounds_[i]; }

  std::vector<double> bounds_;
  std::vector<Real> weights_;
};

template <class Number>
struct PiecewiseConstantParameters : TableParameters<Number> {
  using Table = TableParameters<Number>;
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<PiecewiseConstantParameters>;

  PiecewiseConstantParameters() : Table({0.0, 1.0}, {Real(1.0)}, 1) {}
  template <class Bounds, class Weights>
  PiecewiseConstantParameters(Bounds first, Bounds last, Weights weights)
      : Table({first, last}, {weights, std::next(weights, std::distance(first, last) - 1)}, 1) {}
  template <class Function>
  PiecewiseConstantParameters(std::initializer_list<double> bounds, Function weight)
      : Table(bounds, each<Real>(middles(bounds), weight), 1) {}
  template <class Function>
  PiecewiseConstantParameters(std::size_t count, double low, double high, Function weight)
      : Table(ends(count, low, high), each<Real>(centres(count, low, high), weight), 1) {}

  std::vector<Real> densities() const {
    std::vector<Real> found = shares(this->weights_);
    for (std::size_t i = 0; i < found.size(); ++i) {
      found[i] /= this->width(i);
    }
    return found;
  }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    const auto i = static_cast<std::size_t>(draws.sample(Categorical<Real>{this->weights_}, {}, where));
    const Uniform<double> within{this->bounds_[i], this->bounds_[i + 1]};
    return static_cast<DrawOf<Number>>(draws.sample(within, {}, where));
  }

 private:
  static std::vector<double> middles(const std::vector<double>& bounds) {
    std::vector<double> x;
    for (std::size_t i = 0; i + 1 < bounds.size(); ++i) {
      x.push_back(0.5 * (bounds[i] + bounds[i + 1]));
    }
    return x;
  }
};

/// In each interval the density is a mixture of a falling and a rising triangle: which one is a draw.
template <class Number>
struct PiecewiseLinearParameters : TableParameters<Number> {
  using Table = TableParameters<Number>;
  using Real = ParameterOf<Number>;
  using distribution_type = Distribution<PiecewiseLinearParameters>;

  PiecewiseLinearParameters() : Table({0.0, 1.0}, {Real(1.0), Real(1.0)}, 0) {}
  template <class Bounds, class Weights>
  PiecewiseLinearParameters(Bounds first, Bounds last, Weights weights)
      : Table({first, last}, {weights, std::next(weights, std::distance(first, last))}, 0) {}
  template <class Function>
  PiecewiseLinearParameters(std::initializer_list<double> bounds, Function weight)
      : Table(bounds, each<Real>(bounds, weight), 0) {}
  /// The table is the standard library's own: libstdc++ takes the weights one interval too high.
  template <class Function>
  PiecewiseLinearParameters(std::size_t count, double low, double high, Function weight)
      : PiecewiseLinearParameters(std::piecewise_linear_distribution<double>(count, low, high, weight)) {}

  /// The density at each bound.
  std::vector<Real> densities() const {
    Real total(0.0);
    for (const Real& area : triangles()) {
      total += 0.5 * area;
    }
    std::vector<Real> found = this->weights_;
    for (Real& weight : found) {
      weight /= total;
    }
    return found;
  }

  template <class Draws>
  DrawOf<Number> draw(Draws& draws, const Location& where) const {
    const auto triangle = static_cast<std::size_t>(draws.sample(Categorical<Real>{triangles()}, {}, where));
    const std::size_t i = triangle / 2;
    const bool rises = triangle % 2 == 1;
    const double share = draws.sample(Beta<double>{rises ? 2.0 : 1.0, rises ? 1.0 : 2.0}, {}, where);
    return static_cast<DrawOf<Number>>(this->bounds_[i] + this->width(i) * share);
  }

 private:
  explicit PiecewiseLinearParameters(const std::piecewise_linear_distribution<double>& standard)
      : Table(standard.intervals(), each<Real>(standard.densities(), [](double density) { return density; }), 0) {}

  /// Twice the areas: of each interval the falling triangle, then the rising one.
  std::vector<Real> triangles() const {
    std::vector<Real> areas;
    for (std::size_t i = 0; i + 1 < this->bounds_.size(); ++i) {
      areas.push_back(this->weights_[i] * this->width(i));
      areas.push_back(this->weights_[i + 1] * this->width(i));
    }
    return areas;
  }
};

}  // namespace detail

/// An index, with probabilities proportional to the weights.
template <class Int = int, class Real = double>
class discrete_distribution : public Distribution<detail::DiscreteParameters<Int, Real>> {
  using Distribution<detail::DiscreteParameters<Int, Real>>::Distribution;
};

template <class Int = int, class Real = double>
using categorical_distribution = discrete_distribution<Int, Real>;

template <class Number = double>
class piecewise_constant_distribution : public Distribution<detail::PiecewiseConstantParameters<Number>> {
  using Distribution<detail::PiecewiseConstantParameters<Number>>::Distribution;
};

template <class Number = double>
class piecewise_linear_distribution : public Distribution<detail::PiecewiseLinearParameters<Number>> {
  using Distribution<detail::PiecewiseLinearParameters<Number>>::Distribution;
};

}  // namespace motherlode
