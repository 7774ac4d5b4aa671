#pragma once

/// The generalized Galton board of Brehmer, Louppe, Pavez, Cranmer (1805.12244): a ball falls through twenty
/// rows of nails; those in the middle rows mind theta. x is the nail it ends at.

#include <array>
#include <cmath>
#include <cstddef>

namespace galton {

constexpr int rows = 20;
constexpr int nails = 31;
constexpr int start = nails / 2;

template <class Real>
inline Real sigmoid(const Real& a) {
  using std::exp;
  return 1 / (1 + exp(-a));
}

/// How much the nails of each row mind theta: not at all at the top and at the bottom.
inline std::array<double, rows> sensitivities() {
  constexpr double pi = 3.14159265358979323846;
  std::array<double, rows> by_row{};
  for (int row = 0; row < rows; ++row) {
    by_row[static_cast<std::size_t>(row)] = std::sin(pi * row / (rows - 1));
  }
  return by_row;
}

inline const std::array<double, rows> sensitivity = sensitivities();

template <class Real>
inline Real probability_left(const Real& theta, int row, int nail) {
  if (row % 2 == 1 && nail == 0) {
    return 0;
  }
  if (row % 2 == 1 && nail == nails) {
    return 1;
  }
  const double s = sensitivity[static_cast<std::size_t>(row)];
  return 0.5 * (1 - s) + s * sigmoid(10 * theta * (2.0 * nail / (nails - 1) - 1));
}

template <class Theta, class Draws>
inline double fall(const Theta& theta, Draws& draws) {
  int nail = start;
  for (int row = 0; row < rows; ++row) {
    const bool left = draws.branch(probability_left(theta[0], row, nail));
    const bool is_even = row % 2 == 0;
    nail += is_even ? (left ? 0 : 1) : (left ? -1 : 0);
  }
  return nail;
}

}  // namespace galton
