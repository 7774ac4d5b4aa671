#pragma once

/// Let Eigen compute with tracked numbers. Optional; include it where <Eigen/Dense> is used.

#include <Eigen/Core>

#include "motherlode/tracked.hpp"
#include "motherlode/tracked_math.hpp"

template <std::size_t D, std::size_t K>
struct Eigen::NumTraits<motherlode::Tracked<D, K>> : Eigen::NumTraits<double> {
  using Real = motherlode::Tracked<D, K>;
  using NonInteger = Real;
  using Nested = Real;
  using Literal = double;
  enum { RequireInitialization = 1, ReadCost = 1 + D + K, AddCost = 1 + D + K, MulCost = 2 * (1 + D + K) };
};

/// Matrices of double and of tracked numbers mix.
template <std::size_t D, std::size_t K, class Operation>
struct Eigen::ScalarBinaryOpTraits<motherlode::Tracked<D, K>, double, Operation> {
  using ReturnType = motherlode::Tracked<D, K>;
};
template <std::size_t D, std::size_t K, class Operation>
struct Eigen::ScalarBinaryOpTraits<double, motherlode::Tracked<D, K>, Operation> {
  using ReturnType = motherlode::Tracked<D, K>;
};
